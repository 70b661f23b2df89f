"""Dates and times against counting day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, dates, times

days = st.dates(date(1900, 1, 1), date(2100, 12, 31))
clocks = st.integers(0, 1439).map(times.clock_of_minutes)


def between(start: date, end: date) -> list[date]:
    return [start + timedelta(days=offset) for offset in range((end - start).days)]


@given(days, st.integers(-100_000, 100_000))
def test_days_added_are_days_between(day, count):
    assert dates.days_between(day, dates.add_days(day, count)) == count


@given(days, st.integers(-500, 500))
def test_months_added_are_months_between_up_to_the_month_end(day, months):
    later = dates.add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, dates.days_in_month(later.year, later.month))
    if later.day == day.day:
        assert dates.months_between(day, later) == months


@given(days, days)
def test_full_years_and_months_are_not_passed(start, end):
    start, end = sorted([start, end])
    months = dates.months_between(start, end)
    assert dates.add_months(start, months) <= end
    assert dates.years_between(start, end) == dates.age_on(start, end) == months // 12
    assert dates.months_between(end, start) == -months


@given(days, st.integers(0, 400))
def test_working_days_are_those_that_are_no_weekend(start, length):
    end = start + timedelta(days=length)
    assert dates.working_days_between(start, end) == sum(not dates.is_weekend(day) for day in between(start, end))


@given(days, st.integers(0, 60))
def test_working_days_added_one_by_one(day, count):
    expected = day
    for _ in range(count):
        expected = dates.next_working_day(expected)
    assert dates.add_working_days(day, count) == expected


@given(days)
def test_the_next_working_day_is_the_first_one(day):
    found = dates.next_working_day(day)
    assert not dates.is_weekend(found)
    assert all(dates.is_weekend(skipped) for skipped in between(day + timedelta(days=1), found))


@given(days, st.sampled_from(["Monday", "TUESDAY", "wednesday", "Thursday", "friday", "Saturday", "Sunday"]))
def test_the_next_weekday_is_within_a_week(day, name):
    found = dates.next_weekday(day, name)
    assert 1 <= (found - day).days <= 7
    assert dates.weekday_name(found).lower() == name.lower()


@given(days)
def test_where_a_day_stands(day):
    assert dates.first_of_month(day) <= day <= dates.last_of_month(day)
    assert dates.add_days(dates.last_of_month(day), 1).day == 1
    assert dates.weekday_name(dates.first_of_week(day)) == "Monday"
    assert dates.day_of_year(day) == (day - dates.first_of_year(day)).days + 1
    assert dates.quarter(day) == {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 3, 8: 3, 9: 3}.get(day.month, 4)
    assert dates.days_in_year(day.year) == dates.day_of_year(date(day.year, 12, 31))
    assert dates.of(dates.year(day), dates.month(day), dates.day(day)) == day


@given(
    days,
    st.sampled_from(
        ["YYYY-MM-DD", "D.M.YYYY", "DD/MM/YYYY", "MMMM D, YYYY", "D MMM YYYY", "YYYY年M月D日", "(YYYY).MM.DD"]
    ),
)
def test_what_is_written_reads_back(day, form):
    assert dates.parse_as(dates.formatted(day, form), form) == day
    assert dates.parse(dates.iso(day)) == day


@pytest.mark.parametrize(
    "text", ["", "2024-2-9", "2023-02-29", "2024-13-01", "29.02.2024", "2024-02-29T00:00", "٢٠٢٤-٠٢-٢٩"]
)
def test_other_text_is_no_iso_date(text):
    assert not dates.is_iso_date(text)
    with pytest.raises(NoValueError):
        dates.parse(text)


@pytest.mark.parametrize("form", ["YYYY", "DD.MM.YY", "YYYY-MM-DD-DD", "DDDD D M YYYY", ""])
def test_forms_that_leave_the_date_open_are_refused(form):
    with pytest.raises(NoValueError, match="date"):
        dates.parse_as("1", form)


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_in_spring(year):
    easter = dates.easter(year)
    assert dates.weekday_name(easter) == "Sunday"
    assert date(year, 3, 22) <= easter <= date(year, 4, 25)


@pytest.mark.parametrize(
    ("year", "expected"),
    [(1818, (3, 22)), (1943, (4, 25)), (1954, (4, 18)), (1981, (4, 19)), (2000, (4, 23)), (2049, (4, 18))],
)
def test_easter_of_known_years(year, expected):
    assert dates.easter(year) == date(year, *expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda: dates.add_days(date.max, 1),
        lambda: dates.add_days(date.min, -(10**12)),
        lambda: dates.add_months(date.max, 1),
        lambda: dates.add_years(date.min, -1),
        lambda: dates.age_on(date(2024, 1, 2), date(2024, 1, 1)),
        lambda: dates.days_in_month(2024, 13),
        lambda: dates.next_weekday(date(2024, 1, 1), "Caturday"),
        lambda: dates.easter(1500),
        lambda: dates.add_working_days(date(2024, 1, 1), -1),
        lambda: times.seconds_of_day("24:00"),
        lambda: times.seconds_of("1:60:00"),
        lambda: times.twenty_four_hour("13 PM"),
    ],
)
def test_what_has_no_value_says_so(call):
    with pytest.raises(NoValueError):
        call()


@given(clocks)
def test_clocks_in_both_styles(clock):
    assert times.twenty_four_hour(times.twelve_hour(clock)) == clock
    assert times.is_clock(clock)


@given(clocks, st.integers(-5000, 5000))
def test_minutes_added_are_minutes_between(clock, minutes):
    assert times.minutes_between(clock, times.add_minutes(clock, minutes)) == minutes % 1440


@given(st.integers(0, 10**9))
def test_durations_read_back(seconds):
    assert times.seconds_of(times.hours_minutes_seconds(seconds)) == seconds
    assert times.seconds_of(times.minutes_seconds(seconds)) == seconds
    sizes = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    assert sum(int(part[:-1]) * sizes[part[-1]] for part in times.duration_text(seconds).split()) == seconds
