"""Times of day and durations. A clock is written HH:MM or HH:MM:SS, from 00:00 to 23:59:59; none of these reads one."""

from __future__ import annotations

import re

from flowlattice.operators._decimal import checked
from flowlattice.operators.base import NoValueError, example, operator

_CLOCK = r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
_DAY = 86_400


@operator(
    "is a valid time of day, is a valid time, valid time of day, is a clock time, is a time of day",
    examples=(
        example("23:59", gives=True),
        example("24:00", gives=False),
        example("7:05:09", gives=True),
        example("", gives=False),
    ),
)
def is_clock(value: str) -> bool:
    """Whether the text is a time of day written HH:MM or HH:MM:SS."""
    return re.fullmatch(_CLOCK, value) is not None


@operator(
    "seconds since midnight, seconds of the time of day, time of day in seconds",
    examples=(example("01:02:03", gives=3723), example("00:00", gives=0)),
)
def seconds_of_day(clock: str) -> int:
    """The seconds from midnight to a time of day; other text has none."""
    found = re.fullmatch(_CLOCK, clock)
    if not found:
        raise NoValueError("this is not a time of day of the form HH:MM or HH:MM:SS")
    return 3600 * int(found[1]) + 60 * int(found[2]) + int(found[3] or 0)


@operator(
    "minutes since midnight, minutes of the time of day, time of day in minutes",
    examples=(example("14:30", gives=870), example("00:00:59", gives=0)),
)
def minutes_of_day(clock: str) -> int:
    """The full minutes from midnight to a time of day; other text has none."""
    return seconds_of_day(clock) // 60


@operator(
    "minutes between the times, minutes between two times, minutes from one time to another, number of minutes "
    "between, how many minutes between, minutes between",
    examples=(example("08:30", "10:00", gives=90), example("23:50", "00:10", gives=20)),
)
def minutes_between(start: str, end: str) -> int:
    """The full minutes from one time of day to another, across midnight where the end is earlier."""
    return (seconds_of_day(end) - seconds_of_day(start)) % _DAY // 60


@operator(
    "minutes later, minutes added to the time, time plus minutes, minutes after, minutes earlier, add minutes",
    examples=(
        example("23:50", 20, gives="00:10"),
        example("00:10", -20, gives="23:50"),
        example("08:00:30", 1, gives="08:01"),
    ),
)
def add_minutes(clock: str, minutes: int) -> str:
    """The time of day (HH:MM) so many minutes later, around midnight; earlier for a negative number."""
    return clock_of_minutes(minutes_of_day(clock) + minutes)


@operator(
    "minutes as a time of day, minutes since midnight as a time, minutes as hh:mm, as hh:mm, hh:mm",
    examples=(example(870, gives="14:30"), example(1450, gives="00:10"), example(-1, gives="23:59")),
)
def clock_of_minutes(minutes: int) -> str:
    """The time of day (HH:MM) so many minutes after midnight, around the days."""
    hours, rest = divmod(checked(minutes) % 1440, 60)
    return f"{hours:02}:{rest:02}"


@operator(
    "in the twelve hour clock, in the 12-hour clock, 12-hour format, 12 hour format, with am and pm, am or pm, am/pm",
    examples=(
        example("14:30", gives="2:30 PM"),
        example("00:05", gives="12:05 AM"),
        example("12:00", gives="12:00 PM"),
    ),
)
def twelve_hour(clock: str) -> str:
    """The time of day with AM or PM: `2:30 PM`."""
    hours, rest = divmod(minutes_of_day(clock), 60)
    return f"{(hours + 11) % 12 + 1}:{rest:02} {'PM' if hours >= 12 else 'AM'}"


@operator(
    "in the twenty-four hour clock, in the 24-hour clock, 24-hour format, 24 hour format, without am and pm",
    examples=(example("2:30 pm", gives="14:30"), example("12:05AM", gives="00:05"), example("12 PM", gives="12:00")),
)
def twenty_four_hour(value: str) -> str:
    """The time of day (HH:MM) of one written with AM or PM; other text has none."""
    found = re.fullmatch(r"(1[0-2]|0?[1-9])(?::([0-5][0-9]))?\s?([aApP])\.?[mM]\.?", value)
    if not found:
        raise NoValueError("this is not a time of day with AM or PM")
    hours = int(found[1]) % 12 + (12 if found[3] in "pP" else 0)
    return f"{hours:02}:{found[2] or '00'}"


@operator(
    "seconds as hours minutes and seconds, as hours minutes and seconds, seconds as hh:mm:ss, as hh:mm:ss, hh:mm:ss, "
    "hours minutes and seconds, hours minutes seconds",
    examples=(example(3723, gives="01:02:03"), example(360000, gives="100:00:00"), example(-61, gives="-00:01:01")),
)
def hours_minutes_seconds(seconds: int) -> str:
    """The duration of so many seconds as HH:MM:SS, with more digits from 100 hours on."""
    minutes, rest = divmod(abs(checked(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if seconds < 0 else ''}{hours:02}:{minutes:02}:{rest:02}"


@operator(
    "seconds as minutes and seconds, as minutes and seconds, seconds as mm:ss, as mm:ss, mm:ss, minutes and seconds",
    examples=(example(125, gives="02:05"), example(6000, gives="100:00"), example(-5, gives="-00:05")),
)
def minutes_seconds(seconds: int) -> str:
    """The duration of so many seconds as MM:SS, with more digits from 100 minutes on."""
    minutes, rest = divmod(abs(checked(seconds)), 60)
    return f"{'-' if seconds < 0 else ''}{minutes:02}:{rest:02}"


@operator(
    "human readable duration, readable duration, duration in words, duration as text, written as a duration, as a "
    "duration, time in days hours minutes and seconds",
    examples=(
        example(3723, gives="1h 2m 3s"),
        example(90000, gives="1d 1h"),
        example(0, gives="0s"),
        example(-60, gives="-1m"),
    ),
)
def duration_text(seconds: int) -> str:
    """The duration of so many seconds in days, hours, minutes and seconds, without those that are 0: `1h 2m 3s`."""
    rest, parts = abs(checked(seconds)), []
    for size, sign in ((_DAY, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{sign}")
    return ("-" if seconds < 0 else "") + (" ".join(parts) or "0s")


@operator(
    "seconds of the duration, hours minutes and seconds as seconds, duration in seconds, hh:mm:ss in seconds, "
    "hh:mm:ss to seconds",
    examples=(example("01:02:03", gives=3723), example("100:00:00", gives=360000), example("02:05", gives=125)),
)
def seconds_of(duration: str) -> int:
    """The seconds of a duration written HH:MM:SS or MM:SS; other text has none."""
    found = re.fullmatch(r"(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-5][0-9])", duration)
    if not found or (found[1] and int(found[2]) > 59):
        raise NoValueError("this is not a duration of the form HH:MM:SS or MM:SS")
    return 3600 * int(found[1] or 0) + 60 * int(found[2]) + int(found[3])
