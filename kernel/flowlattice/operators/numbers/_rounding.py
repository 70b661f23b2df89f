"""Rounding. A float is read as the decimal number it stands for, so 2.675 is half way between 2.67 and 2.68."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Decimal,
)

from flowlattice.operators._decimal import decimal_of, float_of, quantized, wide
from flowlattice.operators.base import NoValueError, example, operator


@operator(
    "rounded to decimal places, rounded to decimals, rounded to digits after the point, rounded to digits, "
    "round to decimals, decimal places, rounded half up, rounded commercially, kaufmännisch rounded, rounded",
    examples=(
        example(2.675, 2, gives=2.68),
        example(-2.5, gives=-3.0),
        example(26.2187, 2, gives=26.22),
        example(1234, -2, gives=1200.0),
    ),
)
def round_half_up(value: float, places: int = 0) -> float:
    """The number rounded to so many decimals; exactly half goes away from zero."""
    return float_of(quantized(decimal_of(value), places))


@operator(
    "rounded half to even, half to even, bankers' rounding, banker's rounding, bankers rounding",
    examples=(example(2.5, gives=2.0), example(0.125, 2, gives=0.12), example(-3.5, gives=-4.0)),
)
def round_half_even(value: float, places: int = 0) -> float:
    """The number rounded to so many decimals; exactly half goes to the even digit."""
    return float_of(quantized(decimal_of(value), places, ROUND_HALF_EVEN))


@operator(
    "rounded to the nearest whole number, rounded to the nearest integer, rounded to a whole number, rounded to an "
    "integer, rounded to the nearest cent, rounded to the cent, rounded to whole cents, nearest whole number, "
    "nearest integer, exactly half goes up, half a cent goes up, rounded",
    examples=(example(2.5, gives=3), example(-2.5, gives=-3), example(112.14, gives=112), example(7, gives=7)),
)
def round_to_integer(value: float) -> int:
    """The nearest whole number; exactly half goes away from zero."""
    return int(decimal_of(value).to_integral_value(ROUND_HALF_UP, wide()))


@operator(
    "rounded up to a whole number, rounded up to the next whole number, rounded up to a full cent, rounded up to "
    "full cents, rounded up to the next cent, rounded up to the next integer, next whole number up, ceiling, "
    "rounded up, round up",
    examples=(example(2.1, gives=3), example(-2.1, gives=-2), example(429.00000000000006, gives=429)),
)
def ceil(value: float) -> int:
    """The smallest whole number that is not below the number."""
    return int(decimal_of(value).to_integral_value(ROUND_CEILING, wide()))


@operator(
    "rounded down to a whole number, rounded down to the next whole number, rounded down to a full cent, "
    "rounded down to full cents, rounded down to an integer, floor, rounded down, round down",
    examples=(example(2.9, gives=2), example(-2.1, gives=-3)),
)
def floor(value: float) -> int:
    """The largest whole number that is not above the number."""
    return int(decimal_of(value).to_integral_value(ROUND_FLOOR, wide()))


@operator(
    "without the decimals, without its decimals, decimals cut off, decimals dropped, truncated to a whole number, "
    "rounded towards zero, rounded toward zero, whole part, integer part",
    examples=(example(2.9, gives=2), example(-2.9, gives=-2)),
)
def truncate(value: float) -> int:
    """The whole part of the number: its decimals are cut off."""
    return int(decimal_of(value).to_integral_value(ROUND_DOWN, wide()))


@operator(
    "rounded up to decimals, rounded up to decimal places, rounded up to digits after the point",
    examples=(example(2.001, 2, gives=2.01), example(-2.009, 2, gives=-2.0)),
)
def round_up(value: float, places: int) -> float:
    """The smallest number with so many decimals that is not below the number."""
    return float_of(quantized(decimal_of(value), places, ROUND_CEILING))


@operator(
    "rounded down to decimals, rounded down to decimal places, rounded down to digits after the point",
    examples=(example(2.009, 2, gives=2.0), example(-2.001, 2, gives=-2.01)),
)
def round_down(value: float, places: int) -> float:
    """The largest number with so many decimals that is not above the number."""
    return float_of(quantized(decimal_of(value), places, ROUND_FLOOR))


@operator(
    "cut to decimals, cut off after decimals, truncated to decimals, truncated to decimal places",
    examples=(example(2.679, 2, gives=2.67), example(-2.679, 2, gives=-2.67)),
)
def truncate_to(value: float, places: int) -> float:
    """The number with the decimals beyond so many cut off."""
    return float_of(quantized(decimal_of(value), places, ROUND_DOWN))


@operator(
    "rounded to the nearest multiple of, rounded to a multiple of, rounded to steps of, nearest multiple of, "
    "rounded to the nearest five, rounded to the nearest ten, rounded to five cents",
    examples=(example(12.5, 5, gives=15.0), example(1.12, 0.05, gives=1.1), example(-7, 5, gives=-5.0)),
)
def round_to_multiple(value: float, step: float) -> float:
    """The nearest multiple of the step; exactly half goes away from zero."""
    return _multiple(value, step, ROUND_HALF_UP)


@operator(
    "rounded up to the next multiple of, rounded up to a multiple of, next multiple of, rounded up to the next ten",
    examples=(example(11, 5, gives=15.0), example(-11, 5, gives=-10.0)),
)
def round_up_to_multiple(value: float, step: float) -> float:
    """The smallest multiple of the step that is not below the number."""
    return _multiple(value, step, ROUND_CEILING)


@operator(
    "rounded down to the next multiple of, rounded down to a multiple of, previous multiple of, rounded down to the "
    "ten",
    examples=(example(14, 5, gives=10.0), example(-11, 5, gives=-15.0)),
)
def round_down_to_multiple(value: float, step: float) -> float:
    """The largest multiple of the step that is not above the number."""
    return _multiple(value, step, ROUND_FLOOR)


@operator(
    "rounded to significant digits, significant digits, significant figures",
    examples=(example(123456, 2, gives=120000.0), example(0.012345, 3, gives=0.0123), example(0, 3, gives=0.0)),
)
def round_significant(value: float, digits: int) -> float:
    """The number rounded to so many significant digits; exactly half goes away from zero."""
    if digits < 1:
        raise NoValueError("a number has at least 1 significant digit")
    exact = decimal_of(value)
    return float_of(quantized(exact, digits - 1 - exact.adjusted())) if exact else 0.0


@operator(
    "in cents, as cents, converted to cents, to cents, amount in cents",
    examples=(example(12.345, gives=1235), example(0.29, gives=29), example(-1, gives=-100)),
)
def to_cents(amount: float) -> int:
    """The amount of money in cents, rounded to the nearest; exactly half goes away from zero."""
    return int(quantized(decimal_of(amount).scaleb(2, wide()), 0))


@operator(
    "from cents, cents to euros, cents to dollars, in euros, in dollars, in whole currency",
    examples=(example(1235, gives=12.35), example(-5, gives=-0.05)),
)
def from_cents(cents: int) -> float:
    """The amount of money in the whole unit of so many cents."""
    return float_of(decimal_of(cents).scaleb(-2, wide()))


def _multiple(value: float, step: float, rounding: str) -> float:
    size = decimal_of(step)
    if size <= 0:
        raise NoValueError("the step must be above 0")
    steps: Decimal = wide().divide(decimal_of(value), size).to_integral_value(rounding, wide())
    return float_of(wide().multiply(steps, size))
