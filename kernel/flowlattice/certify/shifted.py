"""A process in which what must not matter is otherwise: its clocks, its random numbers, its environment's variables.

Clocks are shifted by a constant, before the flow's file is run: the functions of `time` are replaced in their module,
`datetime.now` and `datetime.utcnow` in the class itself, so that `datetime` stays the one class that pydantic and
`isinstance` know; `date.today` asks `time.time`. What keeps functions of its own from before, the standard library's
threads for one, measures differences only. What is written in C or Rust and reads the clock by itself is not shifted,
but the time goes on by itself between the runs. `os.urandom`, and with it `secrets` and `uuid4`, differ anyway; the
`random` module is seeded, since processes that are forked from one have one state.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import os
import random
import time
from collections.abc import Callable
from typing import Any, Final, cast

_SECONDS: Final = ("time", "monotonic", "perf_counter")
_VARIABLES: Final = ("HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "USER")


def shift(by: datetime.timedelta, seed: int) -> None:
    """Make this process another one, for good: only in a process that is thrown away."""
    random.seed(seed)
    os.environ.update(dict.fromkeys(_VARIABLES, f"other-{seed}"))
    if by:
        _shift_time(by)
        _shift_datetime(by)


def _shift_time(by: datetime.timedelta) -> None:
    seconds, nanoseconds = by.total_seconds(), by // datetime.timedelta(microseconds=1) * 1000
    now = time.time
    for name in _SECONDS:
        _put(time, name, _plus(getattr(time, name), seconds))
        _put(time, f"{name}_ns", _plus(getattr(time, f"{name}_ns"), nanoseconds))
    for name in ("gmtime", "localtime", "ctime"):
        _put(time, name, _at(getattr(time, name), lambda: now() + seconds))
    local, written, formatted = time.localtime, time.asctime, time.strftime
    _put(time, "asctime", _at(written, local))
    _put(time, "strftime", lambda text, moment=None: formatted(text, local() if moment is None else moment))


def _plus(clock: Callable[[], float], by: float) -> Callable[[], float]:
    return lambda: clock() + by


def _at(function: Callable[..., object], now: Callable[[], object]) -> Callable[..., object]:
    """A function of a moment that takes the shifted one where it is given none."""
    return lambda moment=None: function(now() if moment is None else moment)


def _shift_datetime(by: datetime.timedelta) -> None:
    kind = datetime.datetime
    slots = cast("dict[str, object]", gc.get_referents(kind.__dict__)[0])  # the class itself cannot be set
    now, in_utc = kind.__dict__["now"], kind.__dict__["utcnow"]

    def shifted_now(cls: type[Any], tz: datetime.tzinfo | None = None) -> object:
        moment = now.__get__(None, cls)(datetime.UTC if tz is None else tz) + by
        return moment.astimezone().replace(tzinfo=None) if tz is None else moment

    def shifted_utcnow(cls: type[Any]) -> object:
        return in_utc.__get__(None, cls)() + by

    slots["now"], slots["utcnow"] = classmethod(shifted_now), classmethod(shifted_utcnow)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _put(module: object, name: str, value: object) -> None:
    setattr(module, name, value)
