"""How operators read a number as a decimal one, so that what people write is what is rounded.

2.675 in binary is a little less than 2.675, and 390 * 1.1 a little more than 429. A float is therefore read as the
decimal number that its first 15 significant digits name (its shortest text from 100 billion on, where 15 digits would
cut decimals off): 2.675 and 429. Whole numbers are exact, and so are floats that can only be whole.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from flowlattice.operators.base import OUT_OF_RANGE, NoValueError

_MAX_BITS = 14_000
_FIFTEEN_DIGITS_BELOW = 1e11
_WHOLE_FROM = 2.0**53


def decimal_of(value: float) -> Decimal:
    """The number as a decimal one."""
    if isinstance(value, int):
        return Decimal(checked(value))
    if not math.isfinite(value):
        raise NoValueError(OUT_OF_RANGE)
    if abs(value) >= _WHOLE_FROM:
        return Decimal(value)
    return Decimal(f"{value:.15g}" if abs(value) < _FIFTEEN_DIGITS_BELOW else repr(value))


def float_of(value: Decimal) -> float:
    """The float nearest to a decimal number, never minus zero."""
    nearest = float(value)
    if not math.isfinite(nearest):
        raise NoValueError(OUT_OF_RANGE)
    return nearest or 0.0


def quantized(value: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """A decimal number with so many decimals; negative places round to tens, hundreds and so on."""
    if abs(places) > 300:
        raise NoValueError("numbers are rounded to -300 to 300 decimals")
    try:
        return value.quantize(Decimal(1).scaleb(-places), rounding, wide())
    except InvalidOperation:
        raise NoValueError(OUT_OF_RANGE) from None


def wide() -> Context:
    """A context in which sums and products of such numbers are exact."""
    return Context(prec=7_000)


def narrow() -> Context:
    """A context for quotients and roots, which have no end: far more digits than floats have."""
    return Context(prec=60)


def checked(value: int) -> int:
    """The whole number itself, unless it is absurdly large."""
    if value.bit_length() > _MAX_BITS:
        raise NoValueError(OUT_OF_RANGE)
    return value
