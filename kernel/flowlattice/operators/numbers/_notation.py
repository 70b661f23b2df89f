"""Numbers as text and text as numbers: separators, bases, numerals and words."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from flowlattice.operators._decimal import checked, decimal_of, quantized
from flowlattice.operators.base import OUT_OF_RANGE, NoValueError, example, operator

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
          (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion")


@operator(
    "number as text, as text, as a text, as a string, written as text",
    examples=(example(2.0, gives="2"), example(-0.5, gives="-0.5"), example(1e21, gives="1000000000000000000000")),
)
def to_text(value: float) -> str:
    """The number in plain decimal digits, as short as it can be: `2`, `-0.5`."""
    if isinstance(value, int):
        return str(checked(value))
    if not math.isfinite(value):
        raise NoValueError(OUT_OF_RANGE)
    plain = f"{Decimal(repr(value or 0.0)):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


@operator(
    "with exactly two decimals as text, with two decimals, always two decimals, always with decimals, "
    "with exactly decimals, with fixed decimals, fixed number of decimals, formatted with decimals",
    examples=(example(12.5, 2, gives="12.50"), example(2.675, 2, gives="2.68"), example(-0.001, 2, gives="0.00")),
)
def fixed(value: float, places: int) -> str:
    """The number as text with exactly so many decimals (0 to 300), exactly half rounded away from zero."""
    rounded = quantized(decimal_of(value), max(0, places))
    return f"{abs(rounded) if rounded.is_zero() else rounded:f}"


@operator(
    "with thousands separators, with thousand separators, with commas between the thousands, with commas as thousands "
    "separators, thousands separator, grouped by thousands, formatted with commas, thousands separated",
    examples=(
        example(1234567.5, gives="1,234,567.5"),
        example(-1234, ".", gives="-1.234"),
        example(1234.5, ",", 2, gives="1,234.50"),
    ),
)
def with_separators(value: float, separator: str = ",", places: int | None = None) -> str:
    """The number as text with a separator between the thousands; with so many decimals where they are given."""
    plain = to_text(value) if places is None else fixed(value, places)
    whole, point, decimals = plain.partition(".")
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", lambda _: separator, whole) + point + decimals


@operator(
    "as an ordinal, ordinal number, ordinal, 1st 2nd 3rd, with st nd rd or th",
    examples=(example(1, gives="1st"), example(12, gives="12th"), example(-22, gives="-22nd")),
)
def ordinal(value: int) -> str:
    """The English ordinal in digits: `1st`, `2nd`, `13th`."""
    last = abs(checked(value)) % 100
    suffix = "th" if 11 <= last <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(last % 10, "th")
    return f"{value}{suffix}"


@operator(
    "as a roman numeral, in roman numerals, to roman numerals, roman numeral, roman numerals, roman number",
    examples=(example(1994, gives="MCMXCIV"), example(4, gives="IV")),
)
def roman(value: int) -> str:
    """The number as a Roman numeral; there are those of 1 to 3999."""
    if not 1 <= value <= 3999:
        raise NoValueError("there are Roman numerals for 1 to 3999")
    numeral = ""
    for worth, sign in _ROMAN:
        numeral += sign * (value // worth)
        value %= worth
    return numeral


@operator(
    "from a roman numeral, from roman numerals, roman numeral to number, value of the roman numeral, roman to arabic",
    examples=(example("MCMXCIV", gives=1994), example("iv", gives=4)),
)
def from_roman(value: str) -> int:
    """The number that a Roman numeral in either case stands for; other text has none."""
    numeral, total, rest = value.upper(), 0, value.upper()
    for worth, sign in _ROMAN:
        while rest.startswith(sign):
            total, rest = total + worth, rest[len(sign) :]
    if rest or not 1 <= total <= 3999 or roman(total) != numeral:
        raise NoValueError("this is not a Roman numeral")
    return total


@operator(
    "in binary, as binary, to binary, binary representation, binary number, binary",
    examples=(example(10, gives="1010"), example(-2, gives="-10"), example(0, gives="0")),
)
def binary(value: int) -> str:
    """The number in binary digits."""
    return f"{checked(value):b}"


@operator(
    "in hexadecimal, as hexadecimal, to hexadecimal, hexadecimal, in hex, as hex, hex",
    examples=(example(255, gives="ff"), example(-16, gives="-10")),
)
def hexadecimal(value: int) -> str:
    """The number in hexadecimal digits, letters in lower case."""
    return f"{checked(value):x}"


@operator("in octal, as octal, to octal, octal", examples=(example(8, gives="10"), example(0, gives="0")))
def octal(value: int) -> str:
    """The number in octal digits."""
    return f"{checked(value):o}"


@operator(
    "in the base, to the base, converted to base, in base, base conversion",
    examples=(example(35, 36, gives="z"), example(-5, 2, gives="-101"), example(0, 7, gives="0")),
)
def to_base(value: int, base: int) -> str:
    """The number in the digits 0-9 and a-z of a base from 2 to 36."""
    _check_base(base)
    rest, digits = abs(checked(value)), ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
    return ("-" if value < 0 else "") + (digits or "0")


@operator(
    "from the base, from binary, binary to decimal, from hexadecimal, hexadecimal to decimal, from hex, hex to "
    "decimal, from base, value of the binary number",
    examples=(example("1010", 2, gives=10), example("-FF", 16, gives=-255)),
)
def from_base(value: str, base: int) -> int:
    """The number that digits of a base from 2 to 36 stand for; other text has none."""
    _check_base(base)
    digits = value.removeprefix("-").lower()
    if not 0 < len(digits) <= 4_000 or not set(digits) <= set(_DIGITS[:base]):
        raise NoValueError("these are not digits of this base")
    return checked(int(value, base))


@operator(
    "spelled out in words, written out in words, number in words, in english words, in words, spelled out, written out",
    examples=(
        example(42, gives="forty-two"),
        example(-1101, gives="minus one thousand one hundred one"),
        example(0, gives="zero"),
    ),
)
def in_words(value: int) -> str:
    """The number in English words; numbers of up to 15 digits."""
    if abs(value) >= 10**15:
        raise NoValueError("numbers of up to 15 digits are put into words")
    if value < 0:
        return f"minus {in_words(-value)}"
    groups = [(value // 1000**place % 1000, scale) for place, scale in enumerate(_SCALES)]
    spoken = [_below_thousand(group) + scale for group, scale in reversed(groups) if group]
    return " ".join(spoken) or "zero"


@operator(
    "as a whole number, text as a whole number, parsed as a whole number, parsed as an integer, read as a whole "
    "number, converted to a whole number, converted to an integer",
    examples=(example(" -42 ", gives=-42), example("007", gives=7)),
)
def parse_integer(value: str) -> int:
    """The whole number that the text writes in digits, spaces around it allowed; other text has none."""
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,4000})\s*", value)
    if not found:
        raise NoValueError("this is not a whole number")
    return int(found[1])


@operator(
    "as a number, text as a number, parsed as a number, read as a number, converted to a number",
    examples=(example("3.50", gives=3.5), example("-2e3", gives=-2000.0)),
)
def parse_number(value: str) -> float:
    """The number that the text writes with a decimal point, spaces around it allowed; other text has none."""
    if not re.fullmatch(r"\s*[+-]?([0-9]{1,4000}(\.[0-9]{0,4000})?|\.[0-9]{1,4000})([eE][+-]?[0-9]{1,4})?\s*", value):
        raise NoValueError("this is not a number")
    number = float(value)
    if not math.isfinite(number):
        raise NoValueError(OUT_OF_RANGE)
    return number


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10 - 2] + (f"-{_SMALL[rest % 10]}" if rest % 10 else ""))
    elif rest:
        words.append(_SMALL[rest])
    return " ".join(words)


def _check_base(base: int) -> None:
    if not 2 <= base <= 36:
        raise NoValueError("the base must be 2 to 36")
