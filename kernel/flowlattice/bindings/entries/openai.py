"""`backend = "openai"`: an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source
from flowlattice.capabilities.budget import money


def _dollars(value: object) -> Decimal:
    """A float is no price: it is not the number that somebody wrote."""
    return money(value if isinstance(value, str) else "a number without quotes")


Dollars = Annotated[Decimal, BeforeValidator(_dollars)]


class OpenaiEntry(BaseEntry):
    """For ai.read. The model is the flow's to say: what it was certified with is what answers.

    Attributes:
        base_url: The endpoint.
        api_key: The key; none where the endpoint wants none.
        timeout_ms: How long it may be silent: before its answer, and within it.
        usd_per_million: The prices of a million prompt and answer tokens by model, as text, for models of which neither
            the flow nor the list that comes with this package says what they cost.
        answers: A file that keeps answers of pinned models with a seed, relative to `bindings.toml`; memory where it is
            not given. It has what the answers have, so it is as sensitive as they are.
    """

    backend: Literal["openai"]
    base_url: str = Field(default="https://api.openai.com/v1", pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/.*)?$")
    api_key: Reference | None = None
    timeout_ms: int = Field(default=60_000, gt=0)
    usd_per_million: dict[str, tuple[Dollars, Dollars]] = Field(default_factory=dict)
    answers: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _keeps_to_the_flow(cls, given: object) -> object:
        if isinstance(given, dict) and "model" in given:
            raise ValueError("the flow says which model; a binding may not put another in its place")
        return given

    def references(self) -> Mapping[str, Source]:
        """The key."""
        return {} if self.api_key is None else {"api_key": self.api_key}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The endpoint."""
        parts = urlsplit(self.base_url)
        return ((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),)
