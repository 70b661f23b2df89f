"""Counting tokens without asking anybody: OpenAI's tables are exact and on disk; for other models there is a bound.

A byte-level tokenizer never makes more tokens than its text has bytes of UTF-8, so bytes bound a model whose tables
nobody has published. Both a guess and a bound are given: a guess is what usage is told by, a bound is what money is
reserved by. Where no tables are installed (`toktok-rs`, of the extra `[openai]`) both are the bound.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.util import find_spec

from flowlattice.chat.base import Question, Usage

# OpenAI's models, by the beginning of their names.
_ENCODINGS = (
    (re.compile(r"(gpt-4o|gpt-4\.\d|gpt-5|gpt-5\.\d|chatgpt-4o|o1|o3|o4)(-|$)"), "o200k_base"),
    (re.compile(r"(gpt-4|gpt-3\.5)(-|$)"), "cl100k_base"),
)
_USUAL = "o200k_base"

# No tokenizer in use makes tokens of much more characters of prose or JSON on the average.
CHARACTERS_PER_TOKEN = 16

# Role, separators and the start of the answer take 3 to 4 tokens a message and 3 a request (OpenAI's cookbook, "How to
# count tokens with tiktoken"); twice that is a bound for the templates of other models too.
_PER_MESSAGE = 8
_PER_REQUEST = 8

# An endpoint may put a prompt of its own before what it is asked, or cut texts smaller than is known here.
_HIDDEN_TIMES = 2
_HIDDEN = 4_000


@dataclass(frozen=True)
class TokenCounter:
    """Counts for one model.

    Attributes:
        encoding: The table that is counted with.
        exact: Whether that table is the model's own.
        has_table: Whether the table is on this machine; every count is a bound if not.
    """

    encoding: str
    exact: bool
    has_table: bool = True

    def count(self, text: str) -> int:
        """Tokens of a text: exact for the model's own table, else a fair guess."""
        if not self.has_table:
            return _bytes(text)
        from toktok import batch_count

        # Half a surrogate pair is no text; an endpoint would get the replacement character too.
        counts: list[int] = batch_count([text.encode("utf-8", "replace").decode()], self.encoding, threads=1)
        return counts[0]

    def at_most(self, text: str) -> int:
        """No tokenizer of the model makes more tokens of the text than this."""
        return self.count(text) if self.exact else _bytes(text)

    def at_least(self, text: str) -> int:
        """No tokenizer of the model makes fewer tokens of the text than this, but of long runs of one character."""
        # What a model writes may be cut into tokens otherwise than a tokenizer would cut it, but not that much.
        return (self.count(text) + 1) // 2 if self.exact else -(-len(text) // CHARACTERS_PER_TOKEN)

    def request_at_most(self, request: Question) -> int:
        """A bound of what a request's prompt is charged as, with its schema and the overhead of its messages."""
        return _overhead(request) + sum(map(self.at_most, _texts(request)))

    def request(self, request: Question) -> int:
        """What a request's prompt is charged as, about."""
        return _overhead(request) + sum(map(self.count, _texts(request)))

    def is_too_little(self, usage: Usage, request: Question, answer: str) -> bool:
        """Whether an endpoint that says so has not counted all that was read and written."""
        read = max(1, sum(self.at_least(message.text) for message in request.messages))
        return usage.prompt_tokens < read or usage.completion_tokens < self.at_least(answer)

    def is_too_much(self, usage: Usage, request: Question, answer: str) -> bool:
        """Whether an endpoint says more than can have been read and written within what it was asked for."""
        read = _HIDDEN_TIMES * self.request_at_most(request) + _HIDDEN
        return usage.prompt_tokens > read or usage.completion_tokens > max(request.max_output_tokens, _bytes(answer))


def counter_for(model: str) -> TokenCounter:
    """The counter for a model, by the name that its endpoint knows."""
    bare = model.rpartition("/")[2]
    has_table = find_spec("toktok") is not None
    for start, encoding in _ENCODINGS:
        if start.match(bare):
            return TokenCounter(encoding, exact=has_table, has_table=has_table)
    return TokenCounter(_USUAL, exact=False, has_table=has_table)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _overhead(request: Question) -> int:
    return _PER_REQUEST + _PER_MESSAGE * len(request.messages)


def _texts(request: Question) -> list[str]:
    texts = [message.text for message in request.messages]
    if request.schema is not None:
        # Endpoints show the schema to the model, and where they do not, `dialect` does.
        texts.append(json.dumps(dict(request.schema.schema), indent=1))
    return texts
