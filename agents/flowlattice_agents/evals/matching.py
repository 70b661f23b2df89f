"""What "matches" means in a brief: objects by subset, lists by place, numbers by value, multisets by assignment."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

_TOLERANCE = 1e-6


def matches(want: JsonValue, got: JsonValue) -> bool:
    """Whether a value has what is wanted of it.

    An object must have every wanted key, and may have more; a list must have the same length. A fraction on either
    side is compared to a millionth; a wanted number also matches the text that shows it.
    """
    if isinstance(want, dict):
        return isinstance(got, dict) and all(key in got and matches(part, got[key]) for key, part in want.items())
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return False
        return all(map(matches, want, got))
    if isinstance(want, float) or isinstance(got, float):
        return _near(want, got)
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    return want == got or (isinstance(got, str) and str(want) == got)


def same_bag(want: Sequence[JsonValue], got: Sequence[JsonValue]) -> bool:
    """Whether every wanted value can be given a value of its own that matches it, with none left over.

    An assignment along augmenting paths (Kuhn 1955): which value is taken first makes no difference.
    """
    if len(want) != len(got):
        return False
    taken: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for other, value in enumerate(got):
            if other not in tried and matches(want[index], value):
                tried.add(other)
                if other not in taken or place(taken[other], tried):
                    taken[other] = index
                    return True
        return False

    return all(place(index, set()) for index in range(len(want)))


def _near(want: JsonValue, got: JsonValue) -> bool:
    if not isinstance(want, str | int | float) or not isinstance(got, str | int | float):
        return False
    try:
        return abs(float(want) - float(got)) < _TOLERANCE
    except (ValueError, OverflowError):
        return False
