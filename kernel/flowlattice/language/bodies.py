"""The digest of what a function computes: its code, that of the flow's own code it uses, and the constants it reads.

Docstrings, comments, layout, annotations of parameters and decorators are left out: they say nothing of the result, or
they are in the IR by themselves. What is defined outside the flow counts by its name.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final
from uuid import UUID

from blake3 import blake3
from pydantic import BaseModel

from flowlattice.language.annotations import outer_names
from flowlattice.language.ports import Element
from flowlattice.language.sources import SourceFiles

_PLAIN: Final = (bool, int, float, complex, str, bytes, Decimal, Fraction, date, time, datetime, timedelta, UUID)
_BESIDE: Final = frozenset({"decorator_list", "returns", "annotation", "name"})
"""Parts of a definition that the IR has by themselves."""
_OF_VERSIONS: Final = frozenset({"type_comment", "type_params", "kind"})
"""Parts of syntax that only some versions of Python have."""


def body_digest(sources: SourceFiles, *parts: object) -> str:
    """The digest of what functions, and values beside them, compute: `blake3:` and 64 hexadecimal digits."""
    body = _Body(sources)
    for part in parts:
        body.add(part)
    return f"blake3:{body.hasher.hexdigest()}"


class _Body:
    """Feeds a hasher with everything that a function is made of, each function and class once."""

    def __init__(self, sources: SourceFiles) -> None:
        self.hasher = blake3()
        self._sources = sources
        self._seen: dict[int, int] = {}

    def add(self, value: object) -> None:
        """Take in a value."""
        match value:
            case None | bool() | int() | float() | complex() | str() | bytes():
                self._say(type(value).__name__, repr(value))
            case FunctionType():
                self._once(value, self._function)
            case type():
                self._once(value, self._class)
            case MethodType():
                self._all("method", value.__func__, value.__self__)
            case partial():
                self._all("partial", value.func, value.args, value.keywords)
            case Enum():
                self._say("enum", type(value).__qualname__, value.name)
            case BaseModel():
                self._all("record", type(value), dict(value))
            case re.Pattern():
                self._all("pattern", value.pattern, value.flags)
            case Element():
                self._all("element", getattr(value, "function", value.name))
            case _:
                self._other(value)

    def _other(self, value: object) -> None:
        match value:
            case tuple() | list():
                self._all(f"{type(value).__name__} {len(value)}", *value)
            case Mapping():
                self._all(f"mapping {len(value)}", *(part for item in value.items() for part in item))
            case set() | frozenset():
                self._all(f"set {len(value)}", *sorted(self._alone(member) for member in value))
            case _:
                self._say(type(value).__qualname__, repr(value) if isinstance(value, _PLAIN) else "")

    def _say(self, *texts: str) -> None:
        for text in texts:
            self.hasher.update(_framed(text))

    def _all(self, kind: str, *values: object) -> None:
        self._say(kind)
        for value in values:
            self.add(value)

    def _alone(self, value: object) -> str:
        alone = _Body(self._sources)
        alone.add(value)
        return alone.hasher.hexdigest()

    def _once(self, value: FunctionType | type, add: Callable[[Any], None]) -> None:
        """Take in a function or a class; the second time only which one it is, so that what calls itself ends."""
        if id(value) in self._seen:
            self._say("again", str(self._seen[id(value)]))
            return
        self._seen[id(value)] = len(self._seen)
        add(value)

    def _function(self, function: FunctionType) -> None:
        syntax = self._sources.function(function)
        if syntax is None:
            self._say("function", self._home(function.__module__), function.__qualname__)
            return
        self._definition(syntax, outer_names(function), frozenset(function.__code__.co_varnames))

    def _class(self, kind: type) -> None:
        self._say("class", self._home(kind.__module__), kind.__qualname__)
        found = self._sources.class_(kind)
        if found is None:
            return
        _, syntax = found
        self._definition(syntax, vars(sys.modules[kind.__module__]), frozenset())

    def _home(self, module: str | None) -> str:
        """A module by what it is: the flow's own by its file, whose folder gives the package its name."""
        file = getattr(sys.modules.get(module or ""), "__file__", None) or ""
        return self._sources.relative(file) if self._sources.owns(file) else module or ""

    def _definition(self, syntax: ast.AST, outer: Mapping[str, object], local: frozenset[str]) -> None:
        """Take in a definition, and what its names stand for outside it."""
        known = self._sources.spelled.get(syntax)
        if known is None:
            known = b"".join(_spelled(syntax)), (*dict.fromkeys(_outer_names(syntax)),)
            self._sources.spelled[syntax] = known
        spelled, names = known
        self.hasher.update(spelled)
        for name, path in names:
            if name in local or name not in outer:
                continue
            value: object = outer[name]
            for attribute in path:
                value = vars(value).get(attribute) if isinstance(value, ModuleType) else value
            self._say("name", name)
            self.add(value)


def _framed(text: str) -> bytes:
    data = text.encode(errors="surrogatepass")
    return len(data).to_bytes(8, "big") + data


def _spelled(node: ast.AST) -> Iterator[bytes]:
    """Syntax as it is hashed, whatever Python version parsed it."""
    yield _framed(type(node).__name__)
    for name, part in _parts(node):
        yield _framed(name)
        if isinstance(part, ast.AST):
            yield from _spelled(part)
        else:
            yield _framed(type(part).__name__) + _framed(repr(part))


def _said(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a definition without its docstring."""
    for number, statement in enumerate(body):
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (number == 0 and is_text):
            yield statement


def _parts(node: ast.AST) -> Iterator[tuple[str, object]]:
    """What syntax consists of, as far as it says what is computed."""
    is_definition = isinstance(node, ast.arg | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    for name, value in ast.iter_fields(node):
        if name in _OF_VERSIONS or (is_definition and name in _BESIDE):
            continue
        body = value if isinstance(value, list) else [value]
        for part in _said(body) if is_definition and name == "body" else body:
            if part is not None:
                yield name, part


def _outer_names(syntax: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that are read, with the attributes that are read of them in case they are modules."""
    path: list[str] = []
    base = syntax
    while isinstance(base, ast.Attribute):
        path.insert(0, base.attr)
        base = base.value
    if isinstance(base, ast.Name) and isinstance(base.ctx, ast.Load):
        yield base.id, tuple(path)
    for _, part in _parts(base):
        if isinstance(part, ast.AST):
            yield from _outer_names(part)
