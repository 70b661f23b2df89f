"""Numbers: arithmetic and rounding."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from flowlattice.operators.base import NoValueError, example, operator

N = TypeVar("N", int, float)


@operator("rounded to decimals", examples=(example(2.675, 2, gives=2.68), example(-2.5, 0, gives=-3.0)))
def round_half_up(value: float, places: int) -> float:
    """The number rounded to so many decimals, a half away from zero."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(400)))


@operator("rounded to a whole number", examples=(example(2.5, gives=3), example(-2.5, gives=-3)))
def round_to_integer(value: float) -> int:
    """The nearest whole number, a half away from zero."""
    return int(Decimal(repr(value)).to_integral_value(ROUND_HALF_UP))


@operator("rounded up", examples=(example(2.1, gives=3), example(-2.1, gives=-2)))
def ceil(value: float) -> int:
    """The smallest whole number that is not below it."""
    return math.ceil(value)


@operator("rounded down", examples=(example(2.9, gives=2), example(-2.1, gives=-3)))
def floor(value: float) -> int:
    """The largest whole number that is not above it."""
    return math.floor(value)


@operator("larger", examples=(example(1, 2, gives=2), example(-2.5, -10, gives=-2.5)))
def larger(one: N, other: N) -> N:
    """The larger of two numbers."""
    return max(one, other)


@operator("smaller", examples=(example(1, 2, gives=1), example(-2.5, -10, gives=-10)))
def smaller(one: N, other: N) -> N:
    """The smaller of two numbers."""
    return min(one, other)


@operator("divided by", examples=(example(7, 2, gives=3.5), example(-1, 4, gives=-0.25)))
def divide(value: float, divisor: float) -> float:
    """The quotient; there is none for a divisor of 0."""
    if not divisor:
        raise NoValueError("a division by zero")
    return value / divisor


@operator("divided without remainder", examples=(example(7, 2, gives=3), example(-7, 2, gives=-4)))
def floor_divide(value: N, divisor: N) -> N:
    """The quotient rounded down to a whole number."""
    if not divisor:
        raise NoValueError("a division by zero")
    return value // divisor


@operator("remainder", examples=(example(7, 2, gives=1), example(-7, 2, gives=1)))
def modulo(value: N, divisor: N) -> N:
    """The remainder of the division rounded down."""
    if not divisor:
        raise NoValueError("a division by zero")
    return value % divisor


@operator("to the power of", examples=(example(2, 10, gives=1024), example(0.5, 2, gives=0.25)))
def power(base: N, exponent: int) -> N:
    """The base multiplied with itself so many times."""
    if exponent < 0 or exponent > 1000:
        raise NoValueError("the exponent must be 0 to 1000")
    try:
        result: N = base**exponent
    except OverflowError:
        raise NoValueError("the result is beyond the range of numbers") from None
    return result


@operator("as text", examples=(example(2.0, gives="2"), example(-0.5, gives="-0.5")))
def to_text(value: float) -> str:
    """The number in plain decimal digits, without a needless `.0`."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise NoValueError("the result is beyond the range of numbers")
    plain = f"{Decimal(repr(value)):f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
