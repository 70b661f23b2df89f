"""What a model costs: dated data (`prices.yaml`) or what a person says. An unknown price is an error, not a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from flowlattice.errors import UsageError
from flowlattice_agents.chat.base import Usage
from flowlattice_agents.errors import PriceUnknown
from flowlattice_agents.yaml_text import parse_yaml

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")
_MOST = Decimal(1_000_000)


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
    def parse(cls, text: str) -> Price:
        """`IN/OUT` in USD per million tokens, such as `2.50/10`; what is cached costs as much as what is not.

        Raises:
            UsageError: It is something else.
        """
        parts = text.split("/")
        try:
            amounts = [Decimal(part.strip()) for part in parts]
        except InvalidOperation:
            amounts = []
        if len(amounts) != 2 or not all(amount.is_finite() and 0 <= amount <= _MOST for amount in amounts):
            raise UsageError(f"--price {text}: a price is IN/OUT in USD per million tokens, such as 2.50/10")
        return cls(input=amounts[0], cached=amounts[0], output=amounts[1])

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


FREE = Price(input=Decimal(0), cached=Decimal(0), output=Decimal(0))


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
    text = files("flowlattice_agents.chat").joinpath("prices.yaml").read_text(encoding="utf-8")
    listed = _Prices.model_validate(parse_yaml(text)).prices
    bare = _SNAPSHOT.sub("", model)
    found = [entry for entry in listed if entry.model == bare and entry.since <= on]
    if not found:
        return None
    newest = max(found, key=lambda entry: entry.since)
    return Price(input=newest.input, cached=newest.cached, output=newest.output, since=newest.since)


def price_of(model: str, on: date, *, is_loopback: bool, has_budget: bool) -> Price:
    """What a model costs if nobody has named a price.

    Args:
        model: By the name that its endpoint knows.
        on: Today.
        is_loopback: Whether its endpoint is on this machine: then a model that is not on the list is one's own.
        has_budget: Whether a person has limited what may be spent; then "one's own" is not good enough.

    Raises:
        PriceUnknown: The price must be named.
    """
    found = known_price(model, on)
    if found is not None:
        return found
    if is_loopback and not has_budget:
        return FREE
    raise PriceUnknown(f"the price of {model} is not known; name it with --price IN/OUT, in USD per million tokens")
