"""What functions of the library pass on to functions that they are given: `map(add, lists)`, `partial(add, xs)()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Passed:
    """One argument that a function gets by way of another one.

    Attributes:
        function: What stands for the function.
        parameter: The parameter's position or name; none stands for each of them.
        source: The argument.
        is_element: Whether the function gets its elements, one after the other.
    """

    function: ast.expr
    parameter: int | str | None
    source: ast.expr
    is_element: bool = True


def passed(call: ast.Call, name: str) -> Iterator[Passed]:
    """What a call of the library's function or method of that name passes on."""
    match name, call.args:
        case "partial" | "partialmethod" | "to_thread", [function, *given]:
            yield from (_given(function, number, each) for number, each in enumerate(given))
            yield from (Passed(function, each.arg, each.value, is_element=False) for each in call.keywords)
        case "map", [function, *sources]:
            yield from (Passed(function, number, each) for number, each in enumerate(sources))
        case "filter" | "filterfalse" | "takewhile" | "dropwhile", [function, source]:
            yield Passed(function, 0, source)
        case "starmap", [function, source]:
            yield Passed(function, None, source)
        case "reduce", [function, source, *initial]:
            yield Passed(function, 1, source)
            yield Passed(function, 0, *((initial[0], False) if initial else (source, True)))
        case "accumulate", [source, function]:
            yield from (Passed(function, number, source) for number in (0, 1))
        case "sorted" | "min" | "max" | "groupby" | "sort" | "nlargest" | "nsmallest", sources:
            given = [call.func.value] if name == "sort" and isinstance(call.func, ast.Attribute) else sources
            keys = [each.value for each in call.keywords if each.arg == "key"]
            yield from (Passed(key, 0, each) for key in keys for each in given)


def called_name(call: ast.Call) -> str:
    """The last name in what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def joined(made: ast.Call, call: ast.Call) -> ast.Call:
    """The call of the function of a partial, with what the partial was given and then what it is called with."""
    keywords = [*made.keywords, *call.keywords]
    return ast.copy_location(ast.Call(func=made.args[0], args=[*made.args[1:], *call.args], keywords=keywords), call)


def _given(function: ast.expr, number: int, argument: ast.expr) -> Passed:
    if isinstance(argument, ast.Starred):
        return Passed(function, None, argument.value)
    return Passed(function, number, argument, is_element=False)
