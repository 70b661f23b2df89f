"""`backend = "openai"`: an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source


class OpenaiEntry(BaseEntry):
    """For ai.read. The model is the flow's to say: what it was certified with is what answers.

    Attributes:
        base_url: The endpoint.
        api_key: The key; none where the endpoint wants none.
    """

    backend: Literal["openai"]
    base_url: str = Field(default="https://api.openai.com/v1", pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/.*)?$")
    api_key: Reference | None = None

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
