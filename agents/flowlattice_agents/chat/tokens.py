"""Counting tokens without asking anybody: OpenAI's tables are exact and on disk; for other models there is a bound.

A byte-level tokenizer never makes more tokens than its text has bytes of UTF-8, so bytes bound a model whose tables
nobody has published. Both a guess and a bound are given: a guess is what usage is told by, a bound is what money is
reserved by.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from flowlattice_agents.chat.base import ChatRequest

# OpenAI's models, by the beginning of their names.
_ENCODINGS = (
    (re.compile(r"(gpt-4o|gpt-4\.\d|gpt-5|gpt-5\.\d|chatgpt-4o|o1|o3|o4)(-|$)"), "o200k_base"),
    (re.compile(r"(gpt-4|gpt-3\.5)(-|$)"), "cl100k_base"),
)
_USUAL = "o200k_base"

# Role, separators and the start of the answer take 3 to 4 tokens a message and 3 a request (OpenAI's cookbook, "How to
# count tokens with tiktoken"); twice that is a bound for the templates of other models too.
_PER_MESSAGE = 8
_PER_REQUEST = 8


@dataclass(frozen=True)
class TokenCounter:
    """Counts for one model.

    Attributes:
        encoding: The table that is counted with.
        exact: Whether that table is the model's own.
    """

    encoding: str
    exact: bool

    def count(self, text: str) -> int:
        """Tokens of a text: exact for the model's own table, else a fair guess."""
        from toktok import batch_count

        # Half a surrogate pair is no text; an endpoint would get the replacement character too.
        counts: list[int] = batch_count([text.encode("utf-8", "replace").decode()], self.encoding, threads=1)
        return counts[0]

    def at_most(self, text: str) -> int:
        """No tokenizer of the model makes more tokens of the text than this."""
        return self.count(text) if self.exact else len(text.encode("utf-8", "replace"))

    def request_at_most(self, request: ChatRequest) -> int:
        """A bound of what a request's prompt is charged as, with its schema and the overhead of its messages."""
        return _overhead(request) + sum(map(self.at_most, _texts(request)))

    def request(self, request: ChatRequest) -> int:
        """What a request's prompt is charged as, about."""
        return _overhead(request) + sum(map(self.count, _texts(request)))


def counter_for(model: str) -> TokenCounter:
    """The counter for a model, by the name that its endpoint knows."""
    bare = model.rpartition("/")[2]
    for start, encoding in _ENCODINGS:
        if start.match(bare):
            return TokenCounter(encoding, exact=True)
    return TokenCounter(_USUAL, exact=False)


def _overhead(request: ChatRequest) -> int:
    return _PER_REQUEST + _PER_MESSAGE * len(request.messages)


def _texts(request: ChatRequest) -> list[str]:
    texts = [message.text for message in request.messages]
    if request.schema is not None:
        # Endpoints show the schema to the model, and where they do not, this package does (see dialect.py).
        texts.append(json.dumps(dict(request.schema.schema), indent=1))
    return texts
