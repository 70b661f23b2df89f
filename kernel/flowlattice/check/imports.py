"""The names of a file as LibCST sees it: what it imports, defines and binds, and importing one more."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from libcst import matchers as m

from flowlattice.check._sequence import NOTHING, inserted


def with_import(module: cst.Module, name: str, alias: str | None = None, *, package: str = "flowlattice") -> cst.Module:
    """Import a name from a package, in its place if the names stand in order, as another one if that is wanted."""
    known = [imported for imported, _ in _imported(module, package)]
    if name in known or ("*" in known and alias in {None, name}):
        return module
    asname = None if alias in {None, name} else cst.AsName(cst.Name(str(alias)))
    new = cst.ImportAlias(cst.Name(name), asname=asname)
    for statement in _imports(module, package):
        if not isinstance(statement.names, cst.ImportStar):
            done = module.deep_replace(statement, _with_alias(statement, new))
            return done if isinstance(done, cst.Module) else module
    written = name if asname is None else f"{name} as {alias}"
    return _with_first_import(module, f"from {package} import {written}")


def _with_alias(statement: cst.ImportFrom, new: cst.ImportAlias) -> cst.ImportFrom:
    aliases = [] if isinstance(statement.names, cst.ImportStar) else list(statement.names)
    ranks = [_rank(str(alias.evaluated_name)) for alias in aliases]
    # Constants, classes, then the rest is isort's order, so a class goes before the first lower-case name.
    rank = _rank(str(new.evaluated_name))
    place = next((number for number, other in enumerate(ranks) if other > rank), len(aliases))
    before = NOTHING if statement.lpar is None else statement.lpar.whitespace_after
    return statement.with_changes(names=inserted(aliases, new, place, before))


def _rank(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _with_first_import(module: cst.Module, line: str) -> cst.Module:
    """Add an import: after the docstring and `__future__`, or one of a file beside it after all others."""
    body = list(module.body)
    place = 0
    for number, statement in enumerate(body):
        is_docstring = number == 0 and m.matches(
            statement, m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | m.ConcatenatedString())])
        )
        is_future = m.matches(
            statement, m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__")), m.ZeroOrMore()])
        )
        is_import = line.startswith("from .") and m.matches(
            statement, m.SimpleStatementLine(body=[m.Import() | m.ImportFrom(), m.ZeroOrMore()])
        )
        if is_docstring or is_future or is_import:
            place = number + 1
    return module.with_changes(body=[*body[:place], cst.parse_statement(line), *body[place:]])


def _imports(module: cst.Module, package: str) -> Iterator[cst.ImportFrom]:
    """The imports from a package, `.parts` for one beside the file, at the top of a file."""
    for statement in module.body:
        for part in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(part, cst.ImportFrom) and _package(module, part) == package:
                yield part


def _package(module: cst.Module, statement: cst.ImportFrom) -> str:
    name = "" if statement.module is None else module.code_for_node(statement.module)
    return "." * len(statement.relative) + name


def from_flowlattice(module: cst.Module) -> Iterator[tuple[str, str]]:
    """Names imported from flowlattice at the top of a file, with what they are called there."""
    yield from _imported(module, "flowlattice")


def _imported(module: cst.Module, package: str) -> Iterator[tuple[str, str]]:
    for statement in _imports(module, package):
        if isinstance(statement.names, cst.ImportStar):
            yield "*", "*"
            continue
        for alias in statement.names:
            yield str(alias.evaluated_name), str(alias.evaluated_alias or alias.evaluated_name)


def prefixes(module: cst.Module) -> Iterator[str]:
    """What the file calls flowlattice as a whole: `fl` after `import flowlattice as fl`."""
    for statement in module.body:
        for part in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            for alias in part.names if isinstance(part, cst.Import) else ():
                if m.matches(alias.name, m.Name("flowlattice")):
                    yield str(alias.evaluated_alias or "flowlattice")


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
    """Names that the file gives a meaning of its own, anywhere in it."""
    targets = m.findall(module, m.AssignTarget(target=m.Name()))
    found = {t.target.value for t in targets if isinstance(t, cst.AssignTarget) and isinstance(t.target, cst.Name)}
    whole = {
        str(alias.evaluated_alias or alias.evaluated_name).partition(".")[0]
        for alias in m.findall(module, m.ImportAlias())
        if isinstance(alias, cst.ImportAlias)
    }
    defined = {
        part.name.value
        for part in m.findall(module, m.FunctionDef() | m.ClassDef() | m.Param())
        if isinstance(part, cst.FunctionDef | cst.ClassDef | cst.Param)
    }
    return found | whole | defined
