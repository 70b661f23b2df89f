"""What is made while a flow is loaded and read by its nodes later: each process loads it anew, so it has to repeat."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Final

from flowlattice.language import purity
from flowlattice.language._body import Body
from flowlattice.language._initial import as_function, kept
from flowlattice.language._meanings import is_function
from flowlattice.language._objects import unwrapped
from flowlattice.language._scope import UNRESOLVED, Scope
from flowlattice.language.purity import in_words

if TYPE_CHECKING:
    from flowlattice.language._reader import Reader

_OWN: Final = ("flowlattice.", "pydantic.")
"""What these make while a flow is loaded is part of the flow, which repeats."""


class Loading:
    """Reads what made the values that names from outside stand for, each once.

    Args:
        reader: A reader that takes what it finds as found while loading.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._sources = reader.sources
        self._seen: set[tuple[object, ...]] = set()

    def of(self, expression: ast.expr, scope: Scope) -> None:
        """Read what made the value of a name or an attribute from outside a function."""
        if isinstance(expression, ast.Attribute):
            base = scope.resolve(expression.value)
            if isinstance(base, ModuleType):
                self._name(vars(base), expression.attr)
            elif isinstance(base, type):
                self.class_(base, expression.attr)
            else:
                self.of(expression.value, scope)
        elif isinstance(expression, ast.Name) and not scope.is_local(expression):
            if expression.id in scope.function.__code__.co_freevars:
                self._closure(scope, expression.id)
            else:
                self._name(scope.function.__globals__, expression.id)

    def class_(self, kind: type, name: str | None = None) -> None:
        """Read what a class of the flow binds in its body: one name, or all that its objects may have."""
        for base in kind.__mro__:
            found = self._sources.class_(base)
            if found is None or (base, name) in self._seen:
                continue
            self._seen.add((base, name))
            module = vars(sys.modules[base.__module__])
            for each, statements in self._sources.initial(found[1]).items():
                if name in (None, each):
                    values = [
                        part for part in statements if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                    ]
                    self._read(module, each, values)

    def _name(self, module: Mapping[str, object], name: str) -> None:
        filename = str(module.get("__file__") or "")
        value = module.get(name, UNRESOLVED)
        if (filename, name) in self._seen or isinstance(value, type | ModuleType) or not self._sources.owns(filename):
            return
        self._seen.add((filename, name))
        initial = self._sources.initial(self._sources.tree(filename))
        statements = initial.get(name, [])
        self._imported(module, name, statements or initial.get("*", []))
        self._read(module, name, statements)

    def _imported(self, module: Mapping[str, object], name: str, statements: list[ast.stmt]) -> None:
        for part in (each for statement in statements for each in ast.walk(statement)):
            if not isinstance(part, ast.ImportFrom):
                continue
            package = str(module.get("__package__") or "").split(".")
            above = package[: len(package) - part.level + 1] if part.level else []
            source = sys.modules.get(".".join([*above, *([part.module] if part.module else [])]))
            for alias in part.names if source is not None else ():
                if (alias.asname or alias.name) in (name, "*"):
                    self._name(vars(source), name if alias.name == "*" else alias.name)
                    self._of_library(source, alias, str(module["__file__"]))

    def _of_library(self, source: ModuleType | None, alias: ast.alias, filename: str) -> None:
        """`from os import environ`: what is no function of a module says by its module what reading it means."""
        value = getattr(source, alias.name, None)
        if source is None or callable(value) or isinstance(value, ModuleType):
            return
        known = purity.SPECIAL_VALUES.get(f"{source.__name__}.{alias.name}", self._reader.knows(source.__name__))
        if known is not None:
            self._reader.add(in_words(known, alias.name), self._sources.place(filename, alias))

    def _closure(self, scope: Scope, name: str) -> None:
        """Read what a function around another one binds a name to that the inner one reads."""
        function = scope.function
        if (function.__code__, name) in self._seen or is_function(scope.outer.get(name)):
            return
        self._seen.add((function.__code__, name))
        for outer in self._sources.around(scope.filename, scope.syntax):
            statements = self._sources.initial(outer).get(name, [])
            self._read(function.__globals__, name, statements)
            if statements:
                return

    def _read(self, module: Mapping[str, object], name: str, statements: list[ast.stmt]) -> None:
        if not statements:
            return
        code = _nothing.__code__.replace(co_filename=str(module["__file__"]))
        function = FunctionType(code, dict(module))
        scope = Scope(function, as_function(name, statements), self._sources)
        Initial(self._reader, scope, is_root=False).read()


class Initial(Body):
    """The walk over what is run while loading. Functions that are only kept are judged where they are called."""

    def __init__(self, reader: Reader, scope: Scope, *, is_root: bool) -> None:
        super().__init__(reader, scope, is_root=is_root)
        self._kept = set(kept(scope.syntax))
        if isinstance(scope.syntax, ast.Lambda):
            self._kept.add(scope.syntax.body)
        self._called = {
            part.id
            for part in ast.walk(scope.syntax)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part not in self._kept
        }

    def visit(self, node: ast.AST) -> None:
        """Pass over functions that are kept, imports, and classes, which are judged where they are used."""
        if isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef):
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in self._called:
            return
        if isinstance(node, ast.expr) and node in self._kept and self._is_function(node):
            return
        super().visit(node)

    def _is_function(self, expression: ast.expr) -> bool:
        if isinstance(expression, ast.Lambda):
            return True
        return isinstance(expression, ast.Name | ast.Attribute) and is_function(
            unwrapped(self._scope.resolve(expression))
        )


def is_ours(module: str) -> bool:
    """Whether a module is one whose functions make parts of a flow."""
    return f"{module}.".startswith(_OWN)


def _nothing() -> None:
    """Lends its code to the statements of a module."""
