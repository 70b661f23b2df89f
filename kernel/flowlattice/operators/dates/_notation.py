"""Dates as text and text as dates."""

from __future__ import annotations

import re
from datetime import date

from flowlattice.operators.base import NoValueError, example, operator
from flowlattice.operators.dates._calendar import month_name, name_of_month, weekday_name

_TOKENS = re.compile(r"YYYY|YY|MMMM|MMM|MM|M|DDDD|DDD|DD|D")
_READ = {
    "YYYY": r"(?P<Y>[0-9]{4})",
    "MM": r"(?P<M>[0-9]{2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "DD": r"(?P<D>[0-9]{2})",
    "D": r"(?P<D>[0-9]{1,2})",
    "MMMM": r"(?P<N>[A-Za-z]{3,9})",
    "MMM": r"(?P<N>[A-Za-z]{3})",
}


@operator(
    "read as an iso date, parsed as a date, text as a date, as a date, from the text of a date",
    examples=(example("2024-02-29", gives=date(2024, 2, 29)), example("0001-01-01", gives=date(1, 1, 1))),
)
def parse(value: str) -> date:
    """The date that the text writes as YYYY-MM-DD (ISO 8601); other text has none."""
    return parse_as(value, "YYYY-MM-DD")


@operator(
    "read as a date of the form, parsed as a date in the format, date in the format",
    examples=(
        example("29.2.2024", "D.M.YYYY", gives=date(2024, 2, 29)),
        example("Mar 5, 2024", "MMM D, YYYY", gives=date(2024, 3, 5)),
    ),
)
def parse_as(value: str, form: str) -> date:
    """The date that the text writes in a form of YYYY, MM or M, DD or D, MMM or MMMM for names; other text has none."""
    found = re.fullmatch(_pattern(form), value)
    if not found:
        raise NoValueError(f"this is not a date of the form {form}")
    parts = found.groupdict()
    return of(int(parts["Y"]), _month(parts), int(parts["D"]))


@operator(
    "date of year month and day, date from its parts, date from year month and day, made from year month and day",
    examples=(example(2024, 2, 29, gives=date(2024, 2, 29)), example(1, 1, 1, gives=date(1, 1, 1))),
)
def of(year: int, month: int, day: int) -> date:
    """The date of these parts; there may be none."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise NoValueError("there is no such date") from None


@operator(
    "is a valid iso date, is an iso date, is a valid date, valid date, is a date, is a real date, date is valid",
    examples=(
        example("2024-02-29", gives=True),
        example("2023-02-29", gives=False),
        example("20240229", gives=False),
        example("", gives=False),
    ),
)
def is_iso_date(value: str) -> bool:
    """Whether the text is a date that exists, written as YYYY-MM-DD."""
    try:
        parse(value)
    except NoValueError:
        return False
    return True


@operator(
    "year month and day make a date, is an existing date, date exists",
    examples=(example(2024, 2, 29, gives=True), example(2023, 2, 29, gives=False)),
)
def exists(year: int, month: int, day: int) -> bool:
    """Whether there is a date of these parts."""
    try:
        of(year, month, day)
    except NoValueError:
        return False
    return True


@operator(
    "date as iso text, as an iso date, in iso format, iso format, as yyyy-mm-dd, yyyy-mm-dd, date as text",
    examples=(example(date(2024, 2, 9), gives="2024-02-09"), example(date(1, 1, 1), gives="0001-01-01")),
)
def iso(value: date) -> str:
    """The date as YYYY-MM-DD (ISO 8601)."""
    return value.isoformat()


@operator(
    "date formatted as, date written as, formatted as dd.mm.yyyy, formatted as a date, date in the form, in the "
    "form of a date, as dd.mm.yyyy, as dd/mm/yyyy, as mm/dd/yyyy, dd.mm.yyyy, dd/mm/yyyy, mm/dd/yyyy",
    examples=(
        example(date(2024, 2, 9), "DD.MM.YY", gives="09.02.24"),
        example(date(2024, 2, 9), "DDDD, D MMMM YYYY", gives="Friday, 9 February 2024"),
        example(date(2024, 2, 9), "MMM/D", gives="Feb/9"),
    ),
)
def formatted(value: date, form: str) -> str:
    """The date in a form: YYYY or YY, MM or M, DD or D; MMMM or MMM and DDDD or DDD for English names."""
    written = {
        "YYYY": f"{value.year:04}",
        "YY": f"{value.year % 100:02}",
        "MMMM": month_name(value),
        "MMM": month_name(value)[:3],
        "MM": f"{value.month:02}",
        "M": str(value.month),
        "DDDD": weekday_name(value),
        "DDD": weekday_name(value)[:3],
        "DD": f"{value.day:02}",
        "D": str(value.day),
    }
    return _TOKENS.sub(lambda token: written[token[0]], form)


def _pattern(form: str) -> str:
    pattern, end, seen = "", 0, set()
    for token in _TOKENS.finditer(form):
        seen.add("M" if token[0].startswith("M") else token[0][0])
        if token[0] not in _READ:
            raise NoValueError(f"{token[0]} is not read from dates")
        pattern += re.escape(form[end : token.start()]) + _READ[token[0]]
        end = token.end()
    if seen != {"Y", "M", "D"} or pattern.count("(?P<") != 3:
        raise NoValueError("the form of a date names its year, month and day once")
    return pattern + re.escape(form[end:])


def _month(parts: dict[str, str]) -> int:
    if "M" in parts:
        return int(parts["M"])
    names = [name_of_month(number) for number in range(1, 13)]
    wanted = parts["N"].capitalize()
    found = [number for number, name in enumerate(names, 1) if wanted in (name, name[:3])]
    return found[0] if found else 0
