"""Where dates are made or written in the time zone of the machine, by a format or for want of a zone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from flowlattice.language._scope import Scope

_SECONDS: Final = re.compile(r"%[-_0^#]?s")
"""What C libraries print as seconds, taking the date for one of the machine's zone."""
_WITHOUT: Final = {"astimezone": 0, "fromtimestamp": 1}
"""The position of the zone in the arguments of a method; without one the machine's is meant."""


def asks_zone(call: ast.Call, scope: Scope) -> bool:
    """Whether a call reads or writes a date in the machine's time zone by what it is given."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"strftime", "strptime", "format"}:
        texts = [text for argument in call.args for text in _texts(argument, scope)]
        if name == "strptime":
            return any("%Z" in text for text in texts)
        if name == "format" and isinstance(call.func, ast.Attribute):
            texts = [
                found for text in _texts(call.func.value, scope) for found in re.findall(r"\{[^{}]*:([^{}]*)", text)
            ]
        return any(_SECONDS.search(text) for text in texts)
    return False


def names_zone(call: ast.Call) -> bool:
    """Whether a call of a method that needs a zone is given one."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = [*call.args[_WITHOUT.get(name, 1) :], *(keyword.value for keyword in call.keywords if keyword.arg == "tz")]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def specifies_zone(part: ast.FormattedValue) -> bool:
    """Whether a part of a formatted text is written by a format that asks for the machine's time zone."""
    written = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
    return any(isinstance(each, ast.Constant) and _SECONDS.search(str(each.value)) for each in written)


def _texts(expression: ast.expr, scope: Scope) -> Iterator[str]:
    """The texts that an expression may be."""
    if isinstance(expression, ast.Constant | ast.JoinedStr):
        parts = expression.values if isinstance(expression, ast.JoinedStr) else [expression]
        yield from (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    elif isinstance(expression, ast.Name) and scope.is_local(expression):
        values = scope.assigned.get(expression.id, ())
        yield from (each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str))
    elif isinstance(value := scope.resolve(expression), str):
        yield value
