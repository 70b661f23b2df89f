"""Annotations: libraries evaluate texts in them as code, so an annotation must name types that can be seen to be types.

`a: "list[Order]"` is read like `a: list[Order]`. A name must be a class, something imported from a library, or an alias
whose own value is such an annotation: a text that is computed could say anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from flowlattice.language.admission._files import File
from flowlattice.language.admission._meaning import modules, origins
from flowlattice.language.admission._problem import Problem
from flowlattice.language.admission._scopes import Assigned, Binding, Imported, Other, Scope

_HELP = "name a class, or an alias of types such as `Names = list[str]`"
TYPE_MAKERS = frozenset(
    {"typing.NewType", "typing.ParamSpec", "typing.TypeVar", "typing.TypeVarTuple", "collections.namedtuple"}
)


class Annotations:
    """Checks annotations of one file. `texts` are the expressions that were found written as text, with their text."""

    def __init__(self, file: File, siblings: Mapping[str, File], seen: set[tuple[str, str, int]] | None = None) -> None:
        self.texts: list[tuple[ast.Constant, ast.expr]] = []
        self._outermost: ast.Constant | None = None
        self._file = file
        self._siblings = siblings
        self._seen = set() if seen is None else seen

    def check(self, annotation: ast.expr) -> Iterator[Problem]:
        """What in an annotation may be no type."""
        match annotation:
            case ast.Constant(str(text)):
                yield from self._text(annotation, text)
            case ast.Constant():
                pass
            case ast.Name(name):
                yield from self._name(annotation, name)
            case ast.Attribute(value, name):
                yield from self._attribute(annotation, value, name)
            case ast.Subscript(value, index):
                yield from self.check(value)
                yield from self._index(value, index)
            case ast.BinOp(left, ast.BitOr(), right):
                yield from self._all([left, right])
            case ast.Tuple(elements) | ast.List(elements):
                yield from self._all(elements)
            case ast.Starred(value):
                yield from self.check(value)
            case ast.Call(function) if self._makes_types(function):
                pass  # `_rules` checks what it is given
            case _:
                yield Problem(annotation, "this annotation is computed", _HELP)

    def _all(self, annotations: Sequence[ast.expr]) -> Iterator[Problem]:
        for annotation in annotations:
            yield from self.check(annotation)

    def _text(self, constant: ast.Constant, text: str) -> Iterator[Problem]:
        try:
            expression = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield Problem(constant, "this annotation is no type", _HELP)
            return
        self._file.scopes.add(expression, constant)
        # A text inside a text has no place of its own.
        outer, self._outermost = self._outermost, self._outermost or constant
        self.texts.append((self._outermost, expression))
        problems = [Problem(self._outermost, problem.message, problem.help) for problem in self.check(expression)]
        self._outermost = outer
        yield from problems

    def _index(self, value: ast.expr, index: ast.expr) -> Iterator[Problem]:
        named = origins(value, self._file)
        if named == {"typing.Literal"}:
            return
        if named == {"typing.Annotated"} and isinstance(index, ast.Tuple):
            yield from self.check(index.elts[0])
            return
        yield from self.check(index)

    def _attribute(self, node: ast.Attribute, value: ast.expr, name: str) -> Iterator[Problem]:
        found = modules(value, self._file)
        if not found:
            yield Problem(node, "this annotation is computed", _HELP)
        for module in found:
            if module.sibling and not self._is_type_of(module.name, name):
                yield Problem(node, f"{module.name}.{name} is not seen to be a type", _HELP)

    def _name(self, node: ast.Name, name: str) -> Iterator[Problem]:
        if not self.are_types(name, self._file.scopes.scope(node)):
            yield Problem(node, f"{name} is not seen to be a type", _HELP)

    def are_types(self, name: str, scope: Scope) -> bool:
        """Whether everything that a name may mean in a scope is seen to be a type."""
        key = (self._file.name, name, id(scope))
        if key in self._seen:
            return True  # an alias that contains itself, or one that was found to be a type
        self._seen.add(key)
        found = all(self._is_type(binding) for _, binding in self._file.scopes.meanings(name, scope))
        if not found:
            self._seen.discard(key)
        return found

    def _is_type(self, binding: Binding) -> bool:
        match binding:
            case Imported(module, str(name), 1) if module:
                return self._is_type_of(module, name)
            case Assigned(value):
                return not any(self.check(value))
            case Other():
                return False
        return True

    def _is_type_of(self, module: str, name: str) -> bool:
        file = self._siblings.get(module)
        if file is None:
            return False
        return Annotations(file, self._siblings, self._seen).are_types(name, file.scopes.module)

    def _makes_types(self, function: ast.expr) -> bool:
        named = origins(function, self._file)
        return bool(named) and all(name in TYPE_MAKERS or name.startswith("flowlattice.") for name in named)
