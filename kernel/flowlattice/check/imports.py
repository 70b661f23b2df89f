"""The names of a file as LibCST sees it: what it imports, defines and binds, and importing one more."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from libcst import matchers as m

_SPACE = cst.SimpleWhitespace(" ")


def with_import(module: cst.Module, name: str) -> cst.Module:
    """Import a name from flowlattice, in its place if the names stand in order."""
    known = [imported for imported, _ in from_flowlattice(module)]
    if name in known or "*" in known:
        return module
    for statement in m.findall(module, m.ImportFrom(module=m.Name("flowlattice"))):
        if isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
            done = module.deep_replace(statement, _with_alias(statement, name))
            return done if isinstance(done, cst.Module) else module
    return _with_first_import(module, f"from flowlattice import {name}")


def _with_alias(statement: cst.ImportFrom, name: str) -> cst.ImportFrom:
    aliases = [] if isinstance(statement.names, cst.ImportStar) else list(statement.names)
    texts = [str(alias.evaluated_name) for alias in aliases]
    # Constants, classes, then the rest is isort's order, so a class goes before the first lower-case name.
    place = next((i for i, text in enumerate(texts) if _rank(text) > _rank(name)), len(texts))
    comma = cst.Comma(cst.SimpleWhitespace(""), _SPACE)
    if place < len(aliases):
        pattern = aliases[0].comma if len(aliases) > 1 and isinstance(aliases[0].comma, cst.Comma) else comma
        new = cst.ImportAlias(cst.Name(name), comma=pattern)
        return statement.with_changes(names=[*aliases[:place], new, *aliases[place:]])
    end = aliases[-1].comma
    between = aliases[0].comma if len(aliases) > 1 and isinstance(aliases[0].comma, cst.Comma) else comma
    last = aliases[-1].with_changes(comma=between)
    return statement.with_changes(names=[*aliases[:-1], last, cst.ImportAlias(cst.Name(name), comma=end)])


def _rank(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _with_first_import(module: cst.Module, line: str) -> cst.Module:
    """Add an import after the docstring and what comes from `__future__`."""
    body = list(module.body)
    place = 0
    for number, statement in enumerate(body):
        is_docstring = number == 0 and m.matches(
            statement, m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | m.ConcatenatedString())])
        )
        is_future = m.matches(
            statement, m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__")), m.ZeroOrMore()])
        )
        if is_docstring or is_future:
            place = number + 1
    return module.with_changes(body=[*body[:place], cst.parse_statement(line), *body[place:]])


def from_flowlattice(module: cst.Module) -> Iterator[tuple[str, str]]:
    """Names imported from flowlattice, with what they are called in the file."""
    for statement in m.findall(module, m.ImportFrom(module=m.Name("flowlattice"))):
        if isinstance(statement, cst.ImportFrom):
            if isinstance(statement.names, cst.ImportStar):
                yield "*", "*"
                continue
            for alias in statement.names:
                yield str(alias.evaluated_name), str(alias.evaluated_alias or alias.evaluated_name)


def imported_names(module: cst.Module) -> set[str]:
    """Names that imports bind."""
    found = set()
    for statement in m.findall(module, m.ImportFrom()):
        if isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
            found |= {str(alias.evaluated_alias or alias.evaluated_name) for alias in statement.names}
    return found


def classes(module: cst.Module) -> dict[str, cst.ClassDef]:
    """Classes defined at the top of a file."""
    return {part.name.value: part for part in module.body if isinstance(part, cst.ClassDef)}


def bound_names(module: cst.Module) -> set[str]:
    """Names that the file gives a meaning of its own."""
    targets = m.findall(module, m.AssignTarget(target=m.Name()))
    found = {t.target.value for t in targets if isinstance(t, cst.AssignTarget) and isinstance(t.target, cst.Name)}
    functions = m.findall(module, m.FunctionDef() | m.Param())
    return (
        found
        | imported_names(module)
        | {part.name.value for part in functions if isinstance(part, cst.FunctionDef | cst.Param)}
    )
