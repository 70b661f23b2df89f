"""Arithmetic that the signs + - * do not say: division, percentages, bounds, roots and sizes."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypeVar

from flowlattice.operators._decimal import checked, decimal_of, float_of, narrow, wide
from flowlattice.operators.base import OUT_OF_RANGE, NoValueError, example, operator

N = TypeVar("N", int, float)

_ZERO = "a division by zero"
_MAX_EXPONENT = 1_000


@operator(
    "divided by, the quotient of, quotient, ratio of, divide, division",
    examples=(example(7, 2, gives=3.5), example(-1, 4, gives=-0.25)),
)
def divide(value: float, divisor: float) -> float:
    """The number divided by another, which must not be 0."""
    if not divisor:
        raise NoValueError(_ZERO)
    return _finite(value / divisor)


@operator(
    "whole number division, divided without remainder, integer division, how many times it goes into, "
    "how often it fits, how many fit, how many full",
    examples=(example(7, 2, gives=3), example(-7, 2, gives=-4), example(7.5, 2.0, gives=3.0)),
)
def floor_divide(value: N, divisor: N) -> N:
    """The quotient rounded down to a whole number; the divisor must not be 0."""
    if not divisor:
        raise NoValueError(_ZERO)
    return value // divisor


@operator(
    "remainder of the division, remainder, what is left over, what is left, modulo, left over",
    examples=(example(7, 2, gives=1), example(-7, 2, gives=1), example(7.5, 2.0, gives=1.5)),
)
def modulo(value: N, divisor: N) -> N:
    """What is left of the number after division rounded down; the divisor must not be 0."""
    if not divisor:
        raise NoValueError(_ZERO)
    return value % divisor


@operator(
    "to the power of, raised to the power of, raised to, to the power, power of, exponent, exponentiation",
    examples=(example(2, 10, gives=1024), example(0.5, 2, gives=0.25), example(-3, 0, gives=1)),
)
def power(base: N, exponent: int) -> N:
    """The base multiplied with itself so many times; the exponent is 0 to 1000."""
    if not 0 <= exponent <= _MAX_EXPONENT:
        raise NoValueError(f"the exponent must be 0 to {_MAX_EXPONENT}")
    result: N = base**exponent
    if isinstance(result, int):
        checked(result)
    return result


@operator(
    "squared, the square of, multiplied by itself, square", examples=(example(-3, gives=9), example(0.5, gives=0.25))
)
def square(value: N) -> N:
    """The number multiplied by itself."""
    return power(value, 2)


@operator("cubed, the cube of, to the third power, cube", examples=(example(-3, gives=-27), example(0.5, gives=0.125)))
def cube(value: N) -> N:
    """The third power of the number."""
    return power(value, 3)


@operator("square root of, square root, sqrt", examples=(example(9, gives=3.0), example(0.25, gives=0.5)))
def square_root(value: float) -> float:
    """The square root; a negative number has none."""
    if value < 0:
        raise NoValueError("a negative number has no square root")
    return math.sqrt(value)


@operator("cube root of, cube root, third root", examples=(example(27, gives=3.0), example(-0.125, gives=-0.5)))
def cube_root(value: float) -> float:
    """The number whose third power it is."""
    root = _finite(math.copysign(math.pow(abs(value), 1 / 3), value))
    nearest = float(round(root))
    return nearest if nearest**3 == value else root


@operator(
    "hypotenuse, length of the diagonal, diagonal",
    examples=(example(3, 4, gives=5.0), example(0, 0, gives=0.0)),
)
def hypotenuse(one: float, other: float) -> float:
    """The longest side of a right triangle with these two other sides."""
    return square_root(one * one + other * other)


@operator(
    "absolute value of, absolute value, absolute, without its sign, without the sign, magnitude",
    examples=(example(-2.5, gives=2.5), example(3, gives=3), example(0, gives=0)),
)
def absolute(value: N) -> N:
    """The number without its sign."""
    return abs(value)


@operator(
    "absolute difference, difference between, distance between the numbers, how far apart, difference without sign",
    examples=(example(3, 10, gives=7), example(2.5, -1.0, gives=3.5)),
)
def difference(one: N, other: N) -> N:
    """How far two numbers are apart, never negative."""
    return abs(one - other)


@operator(
    "sign of the number, sign of, minus one zero or one, the sign",
    examples=(example(-2.5, gives=-1), example(0, gives=0), example(3, gives=1)),
)
def sign(value: float) -> int:
    """-1 for a negative number, 0 for zero, 1 for a positive one."""
    return (value > 0) - (value < 0)


@operator(
    "larger one of the two, the larger one, larger of the two, larger of, the larger, bigger of, the bigger one, "
    "greater of, the greater one, higher of, the higher one, maximum of the two, the maximum of, at least, "
    "whichever is larger",
    examples=(example(3, 7, gives=7), example(-2.5, -10.0, gives=-2.5), example(1, 1, gives=1)),
)
def larger(one: N, other: N) -> N:
    """The larger of two numbers."""
    return max(one, other)


@operator(
    "smaller one of the two, the smaller one, smaller of the two, smaller of, the smaller, lesser of, lower of, the "
    "lower one, minimum of the two, the minimum of, at most, capped at, whichever is smaller, but not more than",
    examples=(example(3, 7, gives=3), example(-2.5, -10.0, gives=-10.0)),
)
def smaller(one: N, other: N) -> N:
    """The smaller of two numbers."""
    return min(one, other)


@operator(
    "kept between, clamped between, clamped to, clamped, limited to the range, brought into the range, held "
    "between, clamp",
    examples=(example(12, 0, 10, gives=10), example(-0.5, 0.0, 1.0, gives=0.0), example(5, 0, 10, gives=5)),
)
def clamp(value: N, low: N, high: N) -> N:
    """The number, or the nearer bound where it is outside them; `high` where the bounds are crossed."""
    return min(max(value, low), high)


@operator(
    "percent of the amount, percent of, per cent of, % of, percentage of the amount",
    examples=(example(20, 50, gives=10.0), example(7.5, 19.99, gives=1.49925), example(-10, 5, gives=-0.5)),
)
def percent_of(percent: float, whole: float) -> float:
    """So many percent of a number, as a decimal calculation gives it."""
    return float_of(_percent(percent, whole))


@operator(
    "as a percentage of, in percent of, what percentage, what percent, percentage that, share in percent, "
    "percentage, in percent",
    examples=(example(1, 4, gives=25.0), example(3, -2, gives=-150.0)),
)
def percentage(part: float, whole: float) -> float:
    """How many percent the part is of the whole, which must not be 0."""
    return float_of(_quotient(decimal_of(part).scaleb(2, wide()), decimal_of(whole)))


@operator(
    "percentage change, percent change, change in percent, percentage increase, percent increase, growth in percent, "
    "increase in percent, percentage difference",
    examples=(example(80, 100, gives=25.0), example(100, 80, gives=-20.0)),
)
def percent_change(old: float, new: float) -> float:
    """By how many percent the new number is above the old one, which must not be 0; negative where it is below."""
    before, after = decimal_of(old), decimal_of(new)
    return float_of(_quotient(wide().subtract(after, before).scaleb(2, wide()), before.copy_abs()))


@operator(
    "increased by percent, plus percent, percent on top, percent added, with percent added, marked up by, with tax, "
    "including tax, including vat, plus tax, plus vat, gross price",
    examples=(example(390, 10, gives=429.0), example(19.99, 7.5, gives=21.48925), example(100, -100, gives=0.0)),
)
def add_percent(value: float, percent: float) -> float:
    """The number and so many percent of it, as a decimal calculation gives it."""
    return float_of(wide().add(decimal_of(value), _percent(percent, value)))


@operator(
    "reduced by percent, minus percent, percent off, percent discount, discounted by, with a discount of, "
    "after the discount, less percent, percent cheaper",
    examples=(example(50, 20, gives=40.0), example(19.99, 15, gives=16.9915)),
)
def subtract_percent(value: float, percent: float) -> float:
    """The number without so many percent of it, as a decimal calculation gives it."""
    return float_of(wide().subtract(decimal_of(value), _percent(percent, value)))


@operator(
    "net price, without tax, without vat, excluding tax, excluding vat, before tax, before vat, tax taken out",
    examples=(example(119, 19, gives=100.0), example(10.7, 7, gives=10.0)),
)
def without_percent(value: float, percent: float) -> float:
    """The number that becomes this one when so many percent are added to it; -100 percent has none."""
    return float_of(_quotient(decimal_of(value).scaleb(2, wide()), wide().add(Decimal(100), decimal_of(percent))))


@operator(
    "for every started, for each started, per started, every started, each started, started units, per commenced, "
    "or part of it, or part thereof, number of packages needed, how many are needed",
    examples=(
        example(1001, 1000, gives=2),
        example(1000, 1000, gives=1),
        example(0, 5, gives=0),
        example(-3, 5, gives=0),
    ),
)
def started_units(value: float, size: float) -> int:
    """How many units of a size the number begins: 0 for nothing, 2 for a little more than one unit."""
    return int(max(Decimal(0), _quotient_whole(value, size, ROUND_CEILING)))


@operator(
    "for every full, for each full, per full, every full, each full, complete units, full units, for every complete",
    examples=(example(2999, 1000, gives=2), example(-3, 5, gives=0)),
)
def full_units(value: float, size: float) -> int:
    """How many whole units of a size the number holds, never negative."""
    return int(max(Decimal(0), _quotient_whole(value, size, ROUND_FLOOR)))


@operator(
    "compound interest, with compound interest, interest on interest, compounded yearly, compounded",
    examples=(example(1000, 5, 2, gives=1102.5), example(100, 10, 0, gives=100.0)),
)
def compound(principal: float, percent: float, periods: int) -> float:
    """What a sum becomes after so many periods (0 to 1000) at so many percent each, with interest on interest."""
    if not 0 <= periods <= _MAX_EXPONENT:
        raise NoValueError(f"the number of periods must be 0 to {_MAX_EXPONENT}")
    factor = wide().add(Decimal(1), decimal_of(percent).scaleb(-2, wide()))
    return float_of(wide().multiply(decimal_of(principal), narrow().power(factor, periods)))


@operator(
    "area of a circle, area of the circle, circle area",
    examples=(example(2, gives=12.566370614359172), example(0, gives=0.0)),
)
def circle_area(radius: float) -> float:
    """The area of a circle of that radius."""
    return _finite(math.pi * radius * radius)


@operator(
    "circumference of a circle, circumference of the circle, circumference",
    examples=(example(1, gives=6.283185307179586), example(0, gives=0.0)),
)
def circumference(radius: float) -> float:
    """The length around a circle of that radius."""
    return _finite(2 * math.pi * radius)


def _percent(percent: float, whole: float) -> Decimal:
    return wide().multiply(decimal_of(percent), decimal_of(whole)).scaleb(-2, wide())


def _quotient(value: Decimal, divisor: Decimal) -> Decimal:
    if not divisor:
        raise NoValueError(_ZERO)
    return narrow().divide(value, divisor)


def _quotient_whole(value: float, size: float, rounding: str) -> Decimal:
    if size <= 0:
        raise NoValueError("the size must be above 0")
    return wide().divide(decimal_of(value), decimal_of(size)).to_integral_value(rounding, wide())


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise NoValueError(OUT_OF_RANGE)
    return value
