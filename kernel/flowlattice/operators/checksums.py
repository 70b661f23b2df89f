"""Numbers that carry check digits: cards, accounts, books and articles. Spaces and dashes in them do not count."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowlattice.operators.base import NoValueError, example, operator


@operator(
    "is a valid card number, is a valid credit card number, valid credit card number, valid card number, passes the "
    "luhn check, luhn check, luhn test, luhn algorithm, luhn valid, luhn",
    examples=(
        example("4111 1111-1111 1111", gives=True),
        example("4111111111111112", gives=False),
        example("", gives=False),
    ),
)
def luhn_valid(value: str) -> bool:
    """Whether the digits end with the check digit of the Luhn algorithm (ISO/IEC 7812-1, annex B); at least two."""
    digits = _plain(value)
    return len(digits) > 1 and _is_number(digits) and _luhn_sum(digits) % 10 == 0


@operator(
    "luhn check digit, check digit for the card number",
    examples=(example("411111111111111", gives=1), example("7992739871", gives=3)),
)
def luhn_digit(value: str) -> int:
    """The digit that the Luhn algorithm puts after these digits; other text has none."""
    digits = _plain(value)
    if not _is_number(digits):
        raise NoValueError("these are not digits")
    return -_luhn_sum(f"{digits}0") % 10


@operator(
    "is a valid iban, valid iban, iban is valid, checks an iban, iban check, iban",
    examples=(
        example("DE89 3704 0044 0532 0130 00", gives=True),
        example("DE88 3704 0044 0532 0130 00", gives=False),
        example("", gives=False),
    ),
)
def iban_valid(value: str) -> bool:
    """Whether the text is 15 to 34 characters in the form of an IBAN with right check digits (ISO 13616-1)."""
    iban = _plain(value).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


@operator(
    "is a valid isbn, valid isbn, isbn is valid, isbn check, isbn",
    examples=(
        example("0-306-40615-2", gives=True),
        example("978-0-306-40615-7", gives=True),
        example("080442957X", gives=True),
        example("978-0-306-40615-8", gives=False),
    ),
)
def isbn_valid(value: str) -> bool:
    """Whether the text is an ISBN of 10 or 13 characters with the right check digit (ISO 2108)."""
    isbn = _plain(value).upper()
    if len(isbn) == 13:
        return isbn.startswith(("978", "979")) and _gtin_holds(isbn)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", isbn):
        return False
    return _weighted(map("0123456789X".index, isbn), range(10, 0, -1)) % 11 == 0


@operator(
    "is a valid ean, is a valid barcode, valid barcode, valid ean, is a valid gtin, valid gtin, ean check, barcode "
    "check, ean, gtin",
    examples=(
        example("4006381333931", gives=True),
        example("73513537", gives=True),
        example("4006381333932", gives=False),
        example("", gives=False),
    ),
)
def gtin_valid(value: str) -> bool:
    """Whether the text is an EAN or UPC of 8, 12, 13 or 14 digits with the right check digit (GS1)."""
    digits = _plain(value)
    return len(digits) in (8, 12, 13, 14) and _gtin_holds(digits)


def _plain(value: str) -> str:
    return re.sub(r"[\s-]", "", value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[0-9]+", value) is not None


def _luhn_sum(digits: str) -> int:
    return sum(int(d) for d in digits[-1::-2]) + sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])


def _gtin_holds(digits: str) -> bool:
    return _is_number(digits) and _weighted(map(int, reversed(digits)), [1, 3] * 7) % 10 == 0


def _weighted(digits: Iterable[int], weights: Iterable[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))
