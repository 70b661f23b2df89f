"""What a date is: its parts, its names, and where it stands in its year."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from flowlattice.operators.base import NoValueError, example, operator

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@operator(
    "year of the date, which year, year of, the year",
    examples=(example(date(2024, 2, 29), gives=2024), example(date(1, 1, 1), gives=1)),
)
def year(value: date) -> int:
    """The year of the date."""
    return value.year


@operator(
    "month of the date, number of the month, which month, month as a number, month of",
    examples=(example(date(2024, 2, 29), gives=2), example(date(2024, 12, 1), gives=12)),
)
def month(value: date) -> int:
    """The month of the date, from 1 to 12."""
    return value.month


@operator(
    "day of the month, number of the day in the month, day of the date",
    examples=(example(date(2024, 2, 29), gives=29), example(date(2024, 12, 1), gives=1)),
)
def day(value: date) -> int:
    """The day of the month, from 1 to 31."""
    return value.day


@operator(
    "name of the weekday, weekday name, name of the day of the week, day of the week, day of week, which day of the "
    "week, what day of the week, which weekday, weekday of, name of the day, weekday",
    examples=(example(date(2024, 2, 29), gives="Thursday"), example(date(2000, 1, 1), gives="Saturday")),
)
def weekday_name(value: date) -> str:
    """The English name of the day of the week."""
    return _WEEKDAYS[value.weekday()]


@operator(
    "number of the weekday, weekday number, weekday as a number, day of the week as a number, iso weekday",
    examples=(example(date(2024, 2, 26), gives=1), example(date(2024, 3, 3), gives=7)),
)
def weekday_number(value: date) -> int:
    """The day of the week from 1 for Monday to 7 for Sunday (ISO 8601)."""
    return value.isoweekday()


@operator(
    "name of the month, month name, month as a word, which month by name, month in words",
    examples=(example(date(2024, 2, 29), gives="February"), example(date(2024, 12, 1), gives="December")),
)
def month_name(value: date) -> str:
    """The English name of the month."""
    return _MONTHS[value.month - 1]


@operator(
    "name of the month number, month number to name, name for the month number, number of the month to its name",
    examples=(example(1, gives="January"), example(12, gives="December")),
)
def name_of_month(number: int) -> str:
    """The English name of the month of that number, from 1 to 12."""
    if not 1 <= number <= 12:
        raise NoValueError("a month is one of 1 to 12")
    return _MONTHS[number - 1]


@operator(
    "falls on a weekend, is on a weekend, is a weekend day, is at the weekend, is a weekend, saturday or sunday, "
    "weekend",
    examples=(example(date(2024, 3, 2), gives=True), example(date(2024, 3, 1), gives=False)),
)
def is_weekend(value: date) -> bool:
    """Whether the date is a Saturday or a Sunday."""
    return value.isoweekday() > 5


@operator(
    "is a leap year, leap year, leap years, is leap",
    examples=(example(2000, gives=True), example(1900, gives=False), example(2024, gives=True), example(0, gives=True)),
)
def is_leap_year(year: int) -> bool:
    """Whether the year is divisible by 4, and by 400 where it is divisible by 100."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@operator(
    "number of days in the month, how many days the month has, days in the month, days in a month, days of the month, "
    "length of the month",
    examples=(example(2024, 2, gives=29), example(2023, 2, gives=28), example(2024, 4, gives=30)),
)
def days_in_month(year: int, month: int) -> int:
    """The number of days of a month (1 to 12) of a year."""
    if not (1 <= month <= 12 and 1 <= year <= 9999):
        raise NoValueError("a month is one of 1 to 12, a year one of 1 to 9999")
    return monthrange(year, month)[1]


@operator(
    "number of days in the year, how many days the year has, days in the year, days in a year, days of the year",
    examples=(example(2024, gives=366), example(1900, gives=365)),
)
def days_in_year(year: int) -> int:
    """The number of days of a year."""
    return 366 if is_leap_year(year) else 365


@operator(
    "quarter of the year, which quarter, quarter of the date, quarter",
    examples=(example(date(2024, 3, 31), gives=1), example(date(2024, 10, 1), gives=4)),
)
def quarter(value: date) -> int:
    """The quarter of the year, from 1 to 4."""
    return (value.month + 2) // 3


@operator(
    "number of the calendar week, iso week number, calendar week, iso week, week number, week of the year, which week",
    examples=(example(date(2024, 12, 30), gives=1), example(date(2021, 1, 3), gives=53)),
)
def iso_week(value: date) -> int:
    """The number of the calendar week, from 1 to 53 (ISO 8601)."""
    return value.isocalendar().week


@operator(
    "year of the calendar week, iso year, year of the week",
    examples=(example(date(2024, 12, 30), gives=2025), example(date(2021, 1, 3), gives=2020)),
)
def iso_year(value: date) -> int:
    """The year that the date's calendar week belongs to (ISO 8601)."""
    return value.isocalendar().year


@operator(
    "number of the day in the year, day of the year, day of year, day number in the year",
    examples=(example(date(2024, 12, 31), gives=366), example(date(2024, 1, 1), gives=1)),
)
def day_of_year(value: date) -> int:
    """The number of the day in its year, from 1."""
    return value.timetuple().tm_yday


@operator(
    "century of the year, which century, century",
    examples=(example(2000, gives=20), example(2001, gives=21), example(1, gives=1)),
)
def century(year: int) -> int:
    """The century of a year after Christ: 1901 to 2000 are the 20th."""
    return (year + 99) // 100


@operator(
    "date of easter sunday, date of easter, easter sunday, easter",
    examples=(
        example(2024, gives=date(2024, 3, 31)),
        example(2025, gives=date(2025, 4, 20)),
        example(1961, gives=date(1961, 4, 2)),
    ),
)
def easter(year: int) -> date:
    """Easter Sunday of a year from 1583 to 9999 (Meeus, Jones and Butcher's algorithm)."""
    if not 1583 <= year <= 9999:
        raise NoValueError("the date of Easter is given for 1583 to 9999")
    golden, (cents, rest) = year % 19, divmod(year, 100)
    moon = (19 * golden + cents - cents // 4 - (cents - (cents + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (cents % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = moon + sunday - 7 * ((golden + 11 * moon + 22 * sunday) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)
