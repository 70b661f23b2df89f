"""What an operator is: a small pure function with a meaning, the phrases that name it, and examples that run.

Operators are what specs, briefs and flows share: a spec cites them as `family.name(...)`, a rendered flow imports
the family (`from flowlattice.operators import text`) and calls the same function. Each is strict and pure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from types import ModuleType
from typing import ParamSpec, TypeVar, get_type_hints

P = ParamSpec("P")
R = TypeVar("R")

_ATTRIBUTE = "__flowlattice_operator__"
OUT_OF_RANGE = "the result is beyond the range of numbers"


class NoValueError(ValueError):
    """An operator has no value for these arguments, such as a division by zero.

    A runtime treats it as invalid input (422): `reason` is for the caller and never repeats what was sent.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, kw_only=True)
class OperatorExample:
    """A call that runs in the tests and in the reference: arguments by position and the value they give."""

    arguments: tuple[object, ...]
    gives: object


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator of the catalogue.

    Attributes:
        family: The module it lives in, such as `text`.
        name: The function's name.
        meaning: One line: what the value is.
        phrases: How people name it in a brief, lower case, most specific first.
        parameters: Parameter names and annotations, in order.
        returns: The annotation of the value.
        examples: Calls that run.
    """

    family: str
    name: str
    meaning: str
    phrases: tuple[str, ...]
    parameters: Mapping[str, object]
    returns: object
    examples: tuple[OperatorExample, ...]
    function: Callable[..., object] = field(compare=False)

    @property
    def qualified_name(self) -> str:
        """How a spec and a flow call it: `text.trim`."""
        return f"{self.family}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class _Declaration:
    phrases: tuple[str, ...]
    examples: tuple[OperatorExample, ...]


def example(*arguments: object, gives: object) -> OperatorExample:
    """An example of an operator: `example("  a ", gives="a")`."""
    return OperatorExample(arguments=arguments, gives=gives)


def operator(*phrases: str, examples: tuple[OperatorExample, ...]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a function as an operator of the family (module) it stands in.

    The operator has no value (`NoValueError`) where the function's arithmetic overflows.

    Args:
        phrases: How people name it in a brief, most specific first; commas part several in one text.
        examples: At least one call with the value it gives.
    """

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def total(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except OverflowError:
                raise NoValueError(OUT_OF_RANGE) from None

        said = tuple(phrase.strip() for group in phrases for phrase in group.split(","))
        setattr(total, _ATTRIBUTE, _Declaration(phrases=said, examples=examples))
        return total

    return declare


def operators_of(module: ModuleType) -> Iterator[Operator]:
    """The operators that a family declares, in the order of their definition; a family is a module or a package."""
    for name, function in vars(module).items():
        declaration = getattr(function, _ATTRIBUTE, None)
        if isinstance(declaration, _Declaration) and f"{function.__module__}.".startswith(f"{module.__name__}."):
            yield _describe(module, name, function, declaration)


def is_operator(function: object) -> bool:
    """Whether a function is a declared operator (pure and strict by certification)."""
    return isinstance(getattr(function, _ATTRIBUTE, None), _Declaration)


def _describe(module: ModuleType, name: str, function: Callable[..., object], declaration: _Declaration) -> Operator:
    hints = get_type_hints(function)
    return Operator(
        family=module.__name__.rpartition(".")[2],
        name=name,
        meaning=(inspect.getdoc(function) or "").partition("\n")[0],
        phrases=declaration.phrases,
        parameters={parameter: hints[parameter] for parameter in inspect.signature(function).parameters},
        returns=hints["return"],
        examples=declaration.examples,
        function=function,
    )
