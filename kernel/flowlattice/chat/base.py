"""What a chat model is asked, and what is counted of it. No provider, no file and no money here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "filtered"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, kw_only=True)
class AnswerSchema:
    """The JSON Schema that the answer's text is to fit; `name` is letters, digits, `_` and `-`."""

    name: str
    schema: Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a model is asked, and within what.

    Attributes:
        messages: The conversation, oldest first.
        schema: What the answer's text is to fit; None for free text.
        max_output_tokens: The most that may be answered; it bounds the price of the call.
        seed: Pinned, so that an endpoint which honours it repeats itself; None for whichever the endpoint takes.
    """

    messages: tuple[Message, ...]
    schema: AnswerSchema | None = None
    max_output_tokens: int
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one exchange, as the endpoint reported them or as they were counted here.

    Attributes:
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written, those of hidden reasoning included.
        source: Who counted.
        cached_tokens: How many of those read the endpoint had read before, which many charge less for.
    """

    prompt_tokens: int
    completion_tokens: int
    source: Literal["reported", "counted"]
    cached_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.prompt_tokens + self.completion_tokens
