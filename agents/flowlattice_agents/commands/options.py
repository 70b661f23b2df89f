"""Types of options that several of the agents' verbs have."""

from __future__ import annotations

import math
import re

import click


class _Money(click.ParamType[str]):
    """An amount of dollars, as a decimal text."""

    name = "usd"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
            self.fail(
                f"{value!r} is no amount of dollars; write it like 2 or 0.50, with at most six decimals", param, ctx
            )
        return value


class _Seconds(click.FloatRange):
    """How long something may take: a number that can be waited for."""

    name = "seconds"

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


MONEY = _Money()
"""Dollars, with at most six decimals."""

SECONDS = _Seconds(1, 86_400)
"""At least a second, at most a day."""
