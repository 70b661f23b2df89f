"""What a model costs: dated data (`prices.yaml`), or what a person says. What is not known is not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.chat.base import Usage

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD per million tokens, which is micro-dollars per token.

    Attributes:
        input: Of tokens read.
        cached: Of tokens read that the endpoint had in its cache.
        output: Of tokens written.
        since: From when it holds; None for a price that a person named.
    """

    input: Decimal
    cached: Decimal
    output: Decimal
    since: date | None = None

    @classmethod
    def named(cls, read: Decimal, written: Decimal) -> Price:
        """A price that a person named: what is cached costs as much as what is not."""
        return cls(input=read, cached=read, output=written)

    @property
    def is_free(self) -> bool:
        """Whether nothing is charged."""
        return not (self.input or self.cached or self.output)

    def micro_usd(self, usage: Usage) -> int:
        """What so many tokens cost in micro-dollars, rounded up."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        exact = self.input * fresh + self.cached * usage.cached_tokens + self.output * usage.completion_tokens
        return int(exact.to_integral_value(ROUND_CEILING))

    def __str__(self) -> str:
        since = f", the price of {self.since}" if self.since else ""
        return f"${self.input.normalize():f} a million tokens read, ${self.output.normalize():f} written{since}"


FREE = Price.named(Decimal(0), Decimal(0))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    since: date = Field(alias="from")
    input: Decimal
    cached: Decimal
    output: Decimal


class _Prices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    prices: tuple[_Entry, ...]


def known_price(model: str, on: date) -> Price | None:
    """The packaged price of a model.

    Args:
        model: By the name that its endpoint knows; a dated snapshot is the model.
        on: The day on which it is asked.
    """
    bare = _SNAPSHOT.sub("", model)
    found = [entry for entry in _listed() if entry.model == bare and entry.since <= on]
    if not found:
        return None
    newest = max(found, key=lambda entry: entry.since)
    return Price(input=newest.input, cached=newest.cached, output=newest.output, since=newest.since)


@cache
def _listed() -> tuple[_Entry, ...]:
    import yaml  # most flows ask no model

    text = files("flowlattice.chat").joinpath("prices.yaml").read_text(encoding="utf-8")
    return _Prices.model_validate(yaml.safe_load(text)).prices
