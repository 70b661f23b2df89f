"""The operators of the catalogue as expressions see them: types instead of annotations, and how a call settles them."""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar, Union, get_args, get_origin

from flowlattice.operators import Operator, catalogue
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions._types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NULL,
    NUMBER,
    STRING,
    FunctionType,
    ListType,
    MapType,
    OptionalType,
    Type,
    VariableType,
    assignable,
    join,
    optional,
)

_PLAIN: Mapping[object, Type] = types.MappingProxyType(
    {str: STRING, int: INTEGER, float: NUMBER, bool: BOOLEAN, date: DATE, None: NULL, types.NoneType: NULL}
)


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name, its type, and whether a call may leave it out."""

    name: str
    type: Type
    has_default: bool


@dataclass(frozen=True)
class Signature:
    """What a call of an operator takes and gives."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Type

    def slots(self, positional: int, keywords: Sequence[str]) -> list[Parameter]:
        """The parameter that each argument fills: first those by position, then those by keyword.

        Raises:
            ExpressionError: An argument too many, an unknown or repeated keyword, or an argument missing.
        """
        if positional > len(self.parameters):
            raise ExpressionError(f"`{self.name}` takes {len(self.parameters)} values, not {positional}")
        filled = list(self.parameters[:positional])
        for keyword in keywords:
            parameter = next((p for p in self.parameters if p.name == keyword), None)
            if parameter is None or parameter in filled:
                raise ExpressionError(f"`{self.name}` takes no further value `{keyword}`")
            filled.append(parameter)
        missing = [p.name for p in self.parameters if p not in filled and not p.has_default]
        if missing:
            raise ExpressionError(f"`{self.name}` also needs {', '.join(f'`{name}`' for name in missing)}")
        return filled


class Solver:
    """Settles the type variables of one call from its arguments."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._bindings: dict[str, Type] = {}

    def accept(self, parameter: Parameter, actual: Type) -> None:
        """Take an argument.

        Raises:
            ExpressionError: The argument's type does not fit.
        """
        if self._unify(parameter.type, actual) and self._choices_hold(parameter.type):
            return
        expected = self.settled(parameter.type, partial=True)
        hint = ""
        if isinstance(actual, OptionalType) and assignable(actual.item, expected):
            hint = ": it may be null, guard it with `is not None`"
        raise ExpressionError(f"`{self._signature.name}` takes {expected} as `{parameter.name}`, not {actual}{hint}")

    def settled(self, pattern: Type, *, partial: bool = False) -> Type:
        """The pattern with its variables settled; `partial` leaves those that nothing has settled."""
        if isinstance(pattern, VariableType):
            if partial and pattern.name not in self._bindings:
                return pattern
            return self._choose(pattern, self._bindings.get(pattern.name, NOTHING), partial)
        if isinstance(pattern, ListType):
            return ListType(self.settled(pattern.item, partial=partial))
        if isinstance(pattern, MapType):
            return MapType(self.settled(pattern.value, partial=partial))
        if isinstance(pattern, OptionalType):
            return optional(self.settled(pattern.item, partial=partial))
        return pattern

    def _choose(self, variable: VariableType, bound: Type, partial: bool) -> Type:
        if not variable.choices:
            return bound
        fitting = (choice for choice in variable.choices if assignable(bound, choice))
        return next(fitting, variable if partial else bound)

    def _choices_hold(self, pattern: Type) -> bool:
        if isinstance(pattern, VariableType):
            bound = self._bindings.get(pattern.name, NOTHING)
            return not pattern.choices or any(assignable(bound, choice) for choice in pattern.choices)
        if isinstance(pattern, ListType | OptionalType):
            return self._choices_hold(pattern.item)
        return not isinstance(pattern, MapType) or self._choices_hold(pattern.value)

    def _unify(self, pattern: Type, actual: Type) -> bool:
        if isinstance(pattern, VariableType):
            joined = join(self._bindings.get(pattern.name, NOTHING), actual)
            if joined is not None:
                self._bindings[pattern.name] = joined
            return joined is not None
        if isinstance(pattern, OptionalType):
            if actual == NULL:
                return True
            return self._unify(pattern.item, actual.item if isinstance(actual, OptionalType) else actual)
        if isinstance(pattern, ListType) and isinstance(actual, ListType):
            return self._unify(pattern.item, actual.item)
        if isinstance(pattern, MapType) and isinstance(actual, MapType):
            return self._unify(pattern.value, actual.value)
        return assignable(actual, pattern)


def operator_named(name: str) -> Operator:
    """The operator of that qualified name.

    Raises:
        ExpressionError: There is none; the message names the nearest.
    """
    operators = catalogue()
    if name in operators:
        return operators[name]
    near = difflib.get_close_matches(name, operators, n=1)
    raise ExpressionError(f"there is no operator `{name}`" + (f", did you mean `{near[0]}`?" if near else ""))


@cache
def families() -> frozenset[str]:
    """The names of the operators' families."""
    return frozenset(operator.family for operator in catalogue().values())


@cache
def signature_named(name: str) -> Signature:
    """The signature of the operator of that qualified name.

    Raises:
        ExpressionError: There is none.
    """
    return signature_of(operator_named(name))


def signature_text(name: str) -> str:
    """An operator's call with its types: `text.pad_left(value: string, width: integer, fill: string?) -> string`."""
    signature = signature_named(name)
    parameters = ", ".join(f"{p.name}: {p.type}{'?' if p.has_default else ''}" for p in signature.parameters)
    return f"{name}({parameters}) -> {signature.returns}"


def signature_of(operator: Operator) -> Signature:
    """An operator's signature, its annotations read as types.

    Raises:
        ExpressionError: An annotation is outside what expressions can hold.
    """
    defaults = inspect.signature(operator.function).parameters
    parameters = tuple(
        Parameter(name, _type_of(annotation), defaults[name].default is not inspect.Parameter.empty)
        for name, annotation in operator.parameters.items()
    )
    return Signature(operator.qualified_name, parameters, _type_of(operator.returns))


def signature_of_function(name: str, function: FunctionType) -> Signature:
    """The signature of a function of the spec."""
    return Signature(name, tuple(Parameter(part, kind, False) for part, kind in function.parameters), function.returns)


def _type_of(annotation: object) -> Type:
    if isinstance(annotation, TypeVar):
        return VariableType(annotation.__name__, tuple(_type_of(choice) for choice in annotation.__constraints__))
    if not isinstance(annotation, typing.Hashable) or annotation not in _PLAIN:
        return _composed_type(annotation)
    return _PLAIN[annotation]


def _composed_type(annotation: object) -> Type:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        plain = [argument for argument in arguments if argument is not types.NoneType]
        if len(plain) == 1:
            return optional(_type_of(plain[0]))
    elif isinstance(origin, type) and issubclass(origin, Mapping) and arguments[0] is str:
        return MapType(_type_of(arguments[1]))
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        return ListType(_type_of(arguments[0]))
    raise ExpressionError(f"the annotation {annotation!r} is no type of expressions")
