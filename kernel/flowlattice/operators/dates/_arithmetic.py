"""Dates before and after others, and the time between them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from flowlattice.operators.base import NoValueError, example, operator

_OUT_OF_RANGE = "the date is beyond the years 1 to 9999"
_MAX_STEPS = 1_000_000


@operator(
    "number of days between, how many days between, number of days from, days from one to the other, days between, "
    "how many days lie between, how many days until, days until, difference in days, number of nights, days apart",
    examples=(
        example(date(2024, 2, 28), date(2024, 3, 1), gives=2),
        example(date(2024, 3, 1), date(2024, 2, 28), gives=-2),
    ),
)
def days_between(start: date, end: date) -> int:
    """The number of days from the start to the end; negative where the end is earlier."""
    return (end - start).days


@operator(
    "number of weeks between, full weeks between, weeks between, how many weeks between",
    examples=(
        example(date(2024, 1, 1), date(2024, 1, 14), gives=1),
        example(date(2024, 1, 8), date(2024, 1, 1), gives=-1),
    ),
)
def weeks_between(start: date, end: date) -> int:
    """The number of full weeks from the start to the end; negative where the end is earlier."""
    weeks = abs((end - start).days) // 7
    return weeks if end >= start else -weeks


@operator(
    "number of months between, full months between, months between, how many months between",
    examples=(
        example(date(2024, 1, 31), date(2024, 3, 30), gives=1),
        example(date(2024, 3, 31), date(2024, 1, 31), gives=-2),
        example(date(2024, 1, 1), date(2024, 1, 1), gives=0),
    ),
)
def months_between(start: date, end: date) -> int:
    """The number of full months from the start to the end; negative where the end is earlier."""
    if end < start:
        return -months_between(end, start)
    return 12 * (end.year - start.year) + end.month - start.month - (end.day < start.day)


@operator(
    "number of years between, full years between, years between, how many years between",
    examples=(
        example(date(2000, 2, 29), date(2024, 2, 28), gives=23),
        example(date(2024, 1, 1), date(2020, 1, 1), gives=-4),
    ),
)
def years_between(start: date, end: date) -> int:
    """The number of full years from the start to the end; negative where the end is earlier."""
    months = abs(months_between(start, end)) // 12
    return months if end >= start else -months


@operator(
    "age in full years, age in years, age on the day, age on that date, age at that date, how old somebody is, how "
    "old, age",
    examples=(
        example(date(2000, 2, 29), date(2018, 2, 28), gives=17),
        example(date(2000, 2, 29), date(2018, 3, 1), gives=18),
    ),
)
def age_on(birth: date, day: date) -> int:
    """The age in full years on a day, which must not be before the birth; for 29 February a year ends on 1 March."""
    if day < birth:
        raise NoValueError("the day is before the birth")
    return years_between(birth, day)


@operator(
    "that many days later, so many days later, days later, days after, days added, plus days, add days, in days "
    "from, days from, days earlier, days before",
    examples=(
        example(date(2024, 2, 28), 2, gives=date(2024, 3, 1)),
        example(date(2024, 3, 1), -1, gives=date(2024, 2, 29)),
    ),
)
def add_days(value: date, days: int) -> date:
    """The date so many days later; earlier for a negative number."""
    if abs(days) > 4_000_000:
        raise NoValueError(_OUT_OF_RANGE)
    try:
        return value + timedelta(days=days)
    except OverflowError:
        raise NoValueError(_OUT_OF_RANGE) from None


@operator(
    "weeks later, weeks after, weeks added, plus weeks, add weeks, weeks earlier, weeks before",
    examples=(
        example(date(2024, 2, 28), 1, gives=date(2024, 3, 6)),
        example(date(2024, 3, 6), -1, gives=date(2024, 2, 28)),
    ),
)
def add_weeks(value: date, weeks: int) -> date:
    """The date so many weeks later; earlier for a negative number."""
    return add_days(value, 7 * weeks)


@operator(
    "months later, months after, months added, plus months, add months, months earlier, months before",
    examples=(
        example(date(2024, 1, 31), 1, gives=date(2024, 2, 29)),
        example(date(2024, 3, 31), -13, gives=date(2023, 2, 28)),
    ),
)
def add_months(value: date, months: int) -> date:
    """The same day so many months later, or that month's last day where it has no such day."""
    years, month = divmod(12 * value.year + value.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        raise NoValueError(_OUT_OF_RANGE)
    return date(years, month + 1, min(value.day, monthrange(years, month + 1)[1]))


@operator(
    "years later, years after, years added, plus years, add years, years earlier, years before, anniversary",
    examples=(
        example(date(2024, 2, 29), 1, gives=date(2025, 2, 28)),
        example(date(2024, 5, 1), -4, gives=date(2020, 5, 1)),
    ),
)
def add_years(value: date, years: int) -> date:
    """The same day so many years later; 28 February for a 29th that is not there."""
    return add_months(value, 12 * years)


@operator(
    "first day of the month, start of the month, beginning of the month, first of the month",
    examples=(example(date(2024, 2, 29), gives=date(2024, 2, 1)), example(date(2024, 1, 1), gives=date(2024, 1, 1))),
)
def first_of_month(value: date) -> date:
    """The first day of the date's month."""
    return value.replace(day=1)


@operator(
    "last day of the month, end of the month, last of the month, month end",
    examples=(
        example(date(2024, 2, 1), gives=date(2024, 2, 29)),
        example(date(2023, 12, 31), gives=date(2023, 12, 31)),
    ),
)
def last_of_month(value: date) -> date:
    """The last day of the date's month."""
    return value.replace(day=monthrange(value.year, value.month)[1])


@operator(
    "monday of the week, first day of the week, start of the week, beginning of the week",
    examples=(example(date(2024, 3, 3), gives=date(2024, 2, 26)), example(date(2024, 2, 26), gives=date(2024, 2, 26))),
)
def first_of_week(value: date) -> date:
    """The Monday on or before the date."""
    return add_days(value, 1 - value.isoweekday())


@operator(
    "first day of the year, start of the year, beginning of the year",
    examples=(example(date(2024, 2, 29), gives=date(2024, 1, 1)), example(date(1, 1, 1), gives=date(1, 1, 1))),
)
def first_of_year(value: date) -> date:
    """The first of January of the date's year."""
    return value.replace(month=1, day=1)


@operator(
    "next working day, next business day, following working day, next weekday that is not a weekend",
    examples=(example(date(2024, 3, 1), gives=date(2024, 3, 4)), example(date(2024, 3, 4), gives=date(2024, 3, 5))),
)
def next_working_day(value: date) -> date:
    """The first day from Monday to Friday after the date; holidays are not known."""
    return add_days(value, max(1, 8 - value.isoweekday()) if value.isoweekday() > 4 else 1)


@operator(
    "number of working days between, working days between, business days between, weekdays between, number of "
    "business days",
    examples=(
        example(date(2024, 3, 1), date(2024, 3, 5), gives=2),
        example(date(2024, 3, 2), date(2024, 3, 4), gives=0),
        example(date(2024, 3, 5), date(2024, 3, 1), gives=0),
    ),
)
def working_days_between(start: date, end: date) -> int:
    """The number of days from Monday to Friday from the start to the day before the end; holidays are not known."""
    weeks, rest = divmod(max(0, (end - start).days), 7)
    return 5 * weeks + sum((start.weekday() + offset) % 7 < 5 for offset in range(rest))


@operator(
    "working days later, business days later, working days after, business days after, working days added, plus "
    "working days",
    examples=(
        example(date(2024, 3, 1), 1, gives=date(2024, 3, 4)),
        example(date(2024, 3, 2), 6, gives=date(2024, 3, 11)),
        example(date(2024, 3, 2), 0, gives=date(2024, 3, 2)),
    ),
)
def add_working_days(value: date, days: int) -> date:
    """The day that so many days from Monday to Friday after the date end with; holidays are not known."""
    if not 0 <= days <= _MAX_STEPS:
        raise NoValueError(f"the number of days must be 0 to {_MAX_STEPS}")
    weeks, rest = divmod(days, 5)
    last = value if value.isoweekday() < 6 or not days else add_days(value, 5 - value.isoweekday())
    last = add_days(last, 7 * weeks)
    return add_days(last, rest + (2 if last.isoweekday() + rest > 5 else 0)) if rest else last


@operator(
    "next such weekday, next monday, next friday, next day of that week day, on the next weekday of",
    examples=(
        example(date(2024, 3, 1), "Friday", gives=date(2024, 3, 8)),
        example(date(2024, 3, 1), "sunday", gives=date(2024, 3, 3)),
    ),
)
def next_weekday(value: date, name: str) -> date:
    """The first such day of the week (its English name) after the date."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if name.lower() not in names:
        raise NoValueError("this is not the English name of a day of the week")
    return add_days(value, (names.index(name.lower()) - value.weekday() - 1) % 7 + 1)


@operator(
    "the earlier one of two dates, the earlier date, earlier of the two, earlier of",
    examples=(
        example(date(2024, 3, 1), date(2024, 2, 1), gives=date(2024, 2, 1)),
        example(date(2024, 1, 1), date(2024, 1, 1), gives=date(2024, 1, 1)),
    ),
)
def earlier(one: date, other: date) -> date:
    """The earlier of two dates."""
    return min(one, other)


@operator(
    "the later one of two dates, the later date, later of the two, later of",
    examples=(
        example(date(2024, 3, 1), date(2024, 2, 1), gives=date(2024, 3, 1)),
        example(date(2024, 1, 1), date(2024, 1, 1), gives=date(2024, 1, 1)),
    ),
)
def later(one: date, other: date) -> date:
    """The later of two dates."""
    return max(one, other)
