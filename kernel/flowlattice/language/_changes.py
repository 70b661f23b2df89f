"""Changes in place: of what lives outside a function, and of its input. Both make runs depend on each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from types import ModuleType
from typing import Final

from flowlattice.language import purity
from flowlattice.language._classes import is_shared
from flowlattice.language._outside import kept_parameters, lives_outside
from flowlattice.language._scope import Scope
from flowlattice.language.purity import Known, outside_change
from flowlattice.language.sources import FunctionSyntax
from flowlattice.lattice import Determinism, Effects

# The effect stays in the process, but what the neighbours of a node see then depends on who ran first.
_INPUT: Final = Known(
    Effects.PURE, Determinism.NONDETERMINISTIC, "changes its input, which other nodes may share; work on a copy"
)


class Changes:
    """Judges changes inside one function.

    Args:
        scope: The function's names.
        of_input: Whether the function's first parameter is a node's input.
    """

    def __init__(self, scope: Scope, *, of_input: bool) -> None:
        self._scope = scope
        self._inputs = set(self._names_of_input()) if of_input else set()
        self._kept = set(kept_parameters(scope))

    def judge(self, changed: ast.expr, method: str | None) -> Known | None:
        """What changing an object does: by a method or function of that name, or by assigning a part of it."""
        if method is not None and method not in purity.MUTATORS | purity.MUTATING_FUNCTIONS:
            return None
        root = self._scope.root(changed)
        if root is not None and not self._scope.is_local(root):
            is_namespace = isinstance(self._scope.resolve(changed), ModuleType | type)
            return None if method is not None and is_namespace else outside_change(ast.unparse(changed))
        if root is not None and root.id in self._inputs:
            return _INPUT
        if root is not None and root.id in self._kept:
            return outside_change(f"the default of {root.id}")
        is_outside = lives_outside(_whole(changed), self._scope) or self._is_shared(changed)
        return outside_change(ast.unparse(changed)) if is_outside else None

    def grows(self, changed: ast.expr) -> Known | None:
        """What reading an item of an object does: a table that makes what it has not keeps it."""
        value = self._scope.resolve(changed)
        is_growing = isinstance(value, defaultdict) and value.default_factory is not None
        return outside_change(f"{ast.unparse(changed)}, which keeps what it is asked for,") if is_growing else None

    def extends(self, name: ast.Name, added: ast.expr) -> Known | None:
        """What `name += ...` does: lists and the like are changed in place."""
        if isinstance(added, ast.List | ast.ListComp) and lives_outside(name, self._scope):
            return outside_change(name.id)
        values = self._scope.assigned.get(name.id, ()) if self._scope.is_local(name) else ()
        objects = [self._scope.resolve(value) for value in values if value is not None]
        is_outside = any(isinstance(each, MutableSequence | MutableSet | MutableMapping) for each in objects)
        return outside_change(name.id) if is_outside else None

    def _is_shared(self, changed: ast.expr) -> bool:
        """Whether what changes is an attribute of a class, by way of an object of it."""
        while isinstance(changed, ast.Subscript | ast.Attribute):
            inner = changed.value
            is_read = isinstance(changed, ast.Attribute) and isinstance(changed.ctx, ast.Load)
            if isinstance(changed, ast.Attribute) and is_read and is_shared(self._scope.type_of(inner), changed.attr):
                return True
            changed = inner
        return False

    def _names_of_input(self) -> Iterator[str]:
        """The input, and names that only ever stand for it or parts of it."""
        if not self._scope.parameters:
            return
        given = self._scope.parameters[0]
        yield given
        for name, values in self._scope.assigned.items():
            roots = [None if value is None else self._scope.root(value) for value in values]
            if roots and all(root is not None and root.id == given for root in roots):
                yield name


def _whole(changed: ast.expr) -> ast.expr:
    """What changes when a part of it is assigned."""
    is_part = isinstance(changed, ast.Subscript | ast.Attribute) and not isinstance(changed.ctx, ast.Load)
    return changed.value if isinstance(changed, ast.Subscript | ast.Attribute) and is_part else changed


def changes_first_parameter(syntax: FunctionSyntax | None) -> bool:
    """Whether a method changes the object that it belongs to."""
    if syntax is None or not syntax.args.args:
        return False
    receiver = syntax.args.args[0].arg
    return any(_changes_below(part, receiver) for part in ast.walk(syntax))


def _changes_below(part: ast.AST, name: str) -> bool:
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in purity.MUTATORS:
        part = part.func.value
    elif not (isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load)):
        return False
    while isinstance(part, ast.Subscript | ast.Attribute):
        part = part.value
    return isinstance(part, ast.Name) and part.id == name
