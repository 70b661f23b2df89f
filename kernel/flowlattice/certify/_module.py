"""The top level of a flow's files by name: which definitions a function reaches, and what cannot be told apart.

It reads syntax only. The files count as one namespace: a name means everything of that name in any of them, so that
what is found is never too little. Whatever could act at a distance (an attribute that is set, `global`) makes the
files ones that cannot be told apart.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = Function | ast.ClassDef

_OF_FLOW = frozenset({"connect", "egress", "max_in_flight", "rate_limit", "respond", "slo", "trigger"})
_OF_HTTP = frozenset({"delete", "get", "invalid", "patch", "post", "put"})
_MAKERS = frozenset({"Filter", "If", "Map", "Merge", "Switch"})
_WAYS = frozenset({"case", "named"})
_PLAIN = frozenset({"Buffer", "Flow", "by", "days", "hours", "minutes", "ms", "seconds", *_MAKERS})
_RESERVED = _PLAIN | {"http", "node", "field", "flow"}
_DECORATORS = frozenset({"node", "property", "staticmethod", "classmethod"})
_REACHING_OUT = frozenset({"setattr", "delattr", "globals", "locals", "vars", "exec", "eval", "__import__"})
_NO_WIRING = (ast.Lambda, ast.NamedExpr, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Await)


class Module:
    """The top level of a flow's files.

    Attributes:
        common: Text of all that counts for every part.
    """

    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self.common: list[str] = []
        self._text = "\n".join(ast.unparse(tree) for tree in trees.values())
        self._definitions: dict[str, list[ast.stmt]] = {}
        self._aliases: dict[str, set[str]] = {}
        self._wired: set[str] = set()
        for name, tree in trees.items():
            for statement in (part for whole in tree.body for part in _split(whole)):
                if isinstance(statement, ast.ImportFrom) and statement.level:
                    self._link(name, statement, trees)
                else:
                    self._take(statement)

    @classmethod
    def read(cls, sources: Mapping[str, str]) -> Module | None:
        """The top level of some files, by path; none where a change in them could have an effect anywhere."""
        try:
            trees = {name: ast.parse(source) for name, source in sorted(sources.items())}
        except (SyntaxError, ValueError, RecursionError):
            return None
        for name, tree in trees.items():
            own = {id(part) for part in tree.body if isinstance(part, ast.ImportFrom) and _is_within(name, part, trees)}
            if not all(id(part) in own or _is_local(part) for part in ast.walk(tree)) or _hides_the_language(tree):
                return None
        return cls(trees)

    def reached(self, functions: set[str], names: set[str]) -> list[str]:
        """The text of every definition that some functions and names reach, and of what may change one of those."""
        if not all(any(isinstance(s, Function) for s in self._definitions.get(name, ())) for name in functions):
            return [self._text]  # a function that is not written at the top: it may be made anywhere
        found: dict[int, ast.stmt] = {}
        waiting, seen = functions | names, set[str]()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            statements = list(self._definitions.get(name, ()))
            if not all(map(_is_constant, statements)) and not self._is_of_the_graph(name):
                statements += self._users(name)
            waiting |= self._aliases.get(name, set()) - seen
            for statement in statements:
                if id(statement) not in found:
                    found[id(statement)] = statement
                    waiting |= _mentioned(statement) - seen
        return sorted(ast.unparse(statement) for statement in found.values())

    def _take(self, statement: ast.stmt) -> None:
        names = list(_defined(statement))
        if self._is_wiring(statement):
            self._wired |= set(names)
        elif _is_text(statement):
            return
        elif not names or _acts(statement):
            self.common.append(ast.unparse(statement))
        for name in names:
            self._definitions.setdefault(name, []).append(statement)

    def _link(self, file: str, statement: ast.ImportFrom, trees: Mapping[str, ast.Module]) -> None:
        """A name that is imported from another of the files; one for a whole file reaches all that it defines."""
        [alias] = statement.names
        if alias.name == "*":
            return  # the files are one namespace
        meant = {alias.name}
        for path in _files(file, statement, alias.name) & trees.keys():
            meant |= {name for whole in trees[path].body for part in _split(whole) for name in _defined(part)}
        self._aliases.setdefault(alias.asname or alias.name, set()).update(meant)

    def _users(self, name: str) -> Iterator[ast.stmt]:
        """What mentions a name whose value can be changed in place, by that name or another."""
        names = {name, *(alias for alias, meant in self._aliases.items() if name in meant)}
        for other, statements in self._definitions.items():
            if other not in self._wired:
                yield from (statement for statement in statements if names & _mentioned(statement))

    def _is_of_the_graph(self, name: str) -> bool:
        """Whether a name means a part of the graph alone; a body that changed one would not be pure, which is doubt."""
        made = self._definitions.get(name, [])
        return name in self._wired and all(isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) for s in made)

    def _is_wiring(self, statement: ast.stmt) -> bool:
        """Whether all that a statement does is in the IR."""
        if isinstance(statement, ast.Assign):
            simple = len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name)
        else:
            simple = isinstance(statement, ast.Expr)
        parts = list(ast.walk(statement))
        calls = [part for part in parts if isinstance(part, ast.Call)]
        if not simple or not calls or any(isinstance(part, _NO_WIRING) for part in parts):
            return False
        return all(self._is_of_the_language(call.func) for call in calls)

    def _is_of_the_language(self, function: ast.expr) -> bool:
        function = function.value if isinstance(function, ast.Subscript) else function
        if isinstance(function, ast.Name):
            return function.id in _PLAIN
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return False
        of = function.value.id
        if function.attr in _WAYS:
            written = self._definitions.get(of, [])
            return of in self._wired or (bool(written) and all(isinstance(part, Function) for part in written))
        return function.attr in {"flow": _OF_FLOW, "http": _OF_HTTP}.get(of, frozenset())


def _split(statement: ast.stmt) -> Iterator[ast.stmt]:
    """An import of several names is one of each."""
    if isinstance(statement, ast.ImportFrom) and statement.module != "__future__":
        for alias in statement.names:
            yield ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
    elif isinstance(statement, ast.Import):
        yield from (ast.Import(names=[alias]) for alias in statement.names)
    else:
        yield statement


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Definition):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if all(isinstance(target, ast.Name) for target in targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _acts(statement: ast.stmt) -> bool:
    """Whether a definition may do more than define, when the file is loaded."""
    if isinstance(statement, Function):
        return not all(map(_is_plain_decorator, statement.decorator_list)) or _calls(statement.args) > set()
    if isinstance(statement, ast.ClassDef):
        return _class_acts(statement)
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return any(alias.name == "*" for alias in statement.names) or getattr(statement, "module", "") == "__future__"
    return any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await) for part in ast.walk(statement))


def _class_acts(statement: ast.ClassDef) -> bool:
    if statement.decorator_list or _calls(*statement.bases, *(word.value for word in statement.keywords)):
        return True
    for part in statement.body:
        if isinstance(part, ast.Assign | ast.AnnAssign):
            if _calls(part) - {"field"}:
                return True
        elif isinstance(part, Function):
            if _acts(part):
                return True
        elif not (isinstance(part, ast.Pass) or _is_text(part)):
            return True
    return False


def _calls(*parts: ast.AST) -> set[str]:
    """What is called in some parts; `?` for what has no plain name."""
    calls = [call for part in parts for call in ast.walk(part) if isinstance(call, ast.Call | ast.NamedExpr)]
    return {c.func.id if isinstance(c, ast.Call) and isinstance(c.func, ast.Name) else "?" for c in calls}


def _is_plain_decorator(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        return (
            isinstance(decorator.func, ast.Name)
            and decorator.func.id == "node"
            and not (_calls(*decorator.args, *(word.value for word in decorator.keywords)) - _PLAIN)
        )
    return isinstance(decorator, ast.Name) and decorator.id in _DECORATORS


def _is_constant(statement: ast.stmt) -> bool:
    """Whether nothing can change what a statement defines: a function, a class or a value without mutable parts."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if isinstance(statement, Function):
        return all(default is None or _is_immutable(default) for default in _defaults(statement))
    if isinstance(statement, ast.ClassDef):
        values = [part.value for part in statement.body if isinstance(part, ast.Assign | ast.AnnAssign)]
        return all(value is None or _is_immutable(value) for value in values) and all(
            _is_constant(part) for part in statement.body if isinstance(part, Function)
        )
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    return value is not None and _is_immutable(value)


def _defaults(function: Function) -> list[ast.expr | None]:
    return [*function.args.defaults, *function.args.kw_defaults]


def _is_immutable(value: ast.expr) -> bool:
    try:
        return isinstance(ast.literal_eval(value), str | int | float | bool | bytes | None)
    except (ValueError, TypeError, SyntaxError):
        return False


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _mentioned(statement: ast.stmt) -> set[str]:
    """Every name in a statement, also in annotations that are written as text."""
    names = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)}
    texts = [part.value for part in ast.walk(statement) if isinstance(part, ast.Constant)]
    return names | {word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)}


def _is_local(part: ast.AST) -> bool:
    """Whether a part of the file can only have an effect where it stands, and reads no other file of the flow."""
    if isinstance(part, ast.ImportFrom):
        return part.level == 0 and _is_foreign(part.module or "")
    if isinstance(part, ast.Import):
        return all(_is_foreign(alias.name) for alias in part.names)
    if isinstance(part, ast.Global | ast.Nonlocal):
        return False
    if isinstance(part, ast.Attribute):
        return isinstance(part.ctx, ast.Load) and part.attr not in {"__dict__", "__class__", "__globals__"}
    return not (isinstance(part, ast.Name) and part.id in _REACHING_OUT)


def _files(file: str, statement: ast.ImportFrom, name: str | None = None) -> set[str]:
    """The paths that a relative import may mean: its module, or with a name the one of that name in it."""
    folder = PurePosixPath(file)
    for _ in range(statement.level):
        folder = folder.parent
    module = folder.joinpath(*(statement.module or "").split("."), *([name] if name else []))
    return {module.with_suffix(".py").as_posix() if module.name else "", (module / "__init__.py").as_posix()}


def _is_within(file: str, statement: ast.ImportFrom, trees: Mapping[str, ast.Module]) -> bool:
    """Whether all that a relative import means is in the files."""
    if not statement.level:
        return False
    known = bool(_files(file, statement) & trees.keys()) and statement.module is not None
    return known or all(_files(file, statement, alias.name) & trees.keys() for alias in statement.names)


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top == "flowlattice" or top in sys.stdlib_module_names


def _hides_the_language(tree: ast.Module) -> bool:
    """Whether a word of the language means something else in the file."""
    for statement in (part for whole in tree.body for part in _split(whole)):
        for name in _defined(statement):
            own = isinstance(statement, ast.ImportFrom) and statement.module == "flowlattice"
            own = own and all(alias.asname in {None, alias.name} for alias in getattr(statement, "names", ()))
            makes_flow = name == "flow" and isinstance(statement, ast.Assign) and _calls(statement.value) == {"Flow"}
            if name in _RESERVED and not own and not makes_flow:
                return True
    return False
