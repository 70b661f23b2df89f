"""An answer read as it streams (server-sent events of chat.completion chunks), bounded in bytes and in time.

Read from the bytes on, not through the SDK's own iterator: a stream that goes on with comments, or with one line that
never ends, must run into the same bounds as one that never stops answering.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice_agents.chat.base import ChatRequest, Finish, Usage

# No tokenizer in use makes tokens of much more than 16 characters of prose or JSON on the average; a chunk carries
# about 300 bytes of wrapping for each token.
_CHARACTERS_PER_TOKEN = 16
_BYTES_PER_TOKEN = 2_000
_BYTES_AT_LEAST = 1_000_000
# A large model on a laptop writes a few tokens a second.
_SECONDS_PER_TOKEN = 1.0


class StreamFailed(Exception):
    """The stream brought no whole answer: it broke off, reported an error, or is no such stream."""


class StreamEndless(Exception):
    """The stream went past its bounds; `text` is what it had brought."""

    def __init__(self, message: str, text: str) -> None:
        self.text = text
        super().__init__(message)


@dataclass(frozen=True)
class Bounds:
    """How long an answer may be."""

    characters: int
    bytes: int
    seconds: float

    @classmethod
    def of(cls, request: ChatRequest, thinking_s: float) -> Bounds:
        """Those of a request: generous, for an endpoint that keeps to `max_output_tokens` never meets them.

        Args:
            request: The request.
            thinking_s: How long its answer may take beside being written, in seconds.
        """
        tokens = request.max_output_tokens
        return cls(
            characters=1_000 + tokens * _CHARACTERS_PER_TOKEN,
            bytes=_BYTES_AT_LEAST + tokens * _BYTES_PER_TOKEN,
            seconds=thinking_s + tokens * _SECONDS_PER_TOKEN,
        )


@dataclass
class Answer:
    """What has arrived so far."""

    parts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    finish: Finish | None = None
    usage: Usage | None = None
    characters: int = 0

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(self.parts)

    @property
    def refusal(self) -> str | None:
        """Why the model would not answer."""
        return "".join(self.refusals) or None


def read_answer(pieces: Iterable[bytes], bounds: Bounds, now: Callable[[], float]) -> Answer:
    """Read an answer to its end.

    Args:
        pieces: The response's body as it arrives.
        bounds: What it must keep within.
        now: A monotonic clock, in seconds.

    Raises:
        StreamFailed: It broke off, or is no stream of chunks.
        StreamEndless: It went past the bounds.
    """
    answer = Answer()
    for data in _events(_bounded(pieces, bounds, now, answer)):
        if data == "[DONE]":
            break
        _take(answer, _chunk(data))
        if answer.characters > bounds.characters:
            raise StreamEndless(f"did not stop after {answer.characters:,} characters", answer.text)
    if answer.finish is None:
        raise StreamFailed("broke off before the answer was complete")
    return answer


def _bounded(pieces: Iterable[bytes], bounds: Bounds, now: Callable[[], float], answer: Answer) -> Iterator[bytes]:
    started, size = now(), 0
    for piece in pieces:
        size += len(piece)
        if size > bounds.bytes:
            raise StreamEndless(f"did not stop after {size:,} bytes", answer.text)
        if now() - started > bounds.seconds:
            raise StreamEndless(f"did not stop within {bounds.seconds:g} s", answer.text)
        yield piece


def _events(pieces: Iterable[bytes]) -> Iterator[str]:
    """The data of each event. Chunks are one line each, so lines need no gathering into events."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n") if b"\n" in piece else (rest + piece,)
        yield from filter(None, map(_data, lines))
    if last := _data(rest):
        yield last


def _data(line: bytes) -> str | None:
    if line.lstrip().startswith(b"{"):
        # An endpoint that does not stream answers with one object, and reports some errors so.
        return line.decode("utf-8", "replace").strip()
    return line[5:].decode("utf-8", "replace").strip() if line.startswith(b"data:") else None


def _chunk(data: str) -> dict[str, JsonValue]:
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StreamFailed("sent a chunk that is no JSON") from error
    if not isinstance(chunk, dict):
        raise StreamFailed("sent a chunk that is no object")
    if reported := chunk.get("error"):
        raise StreamFailed(f"reported: {reported.get('message') if isinstance(reported, dict) else reported}")
    return chunk


def _take(answer: Answer, chunk: dict[str, JsonValue]) -> None:
    answer.usage = _usage(chunk.get("usage")) or answer.usage
    choices = chunk.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return
    message = choices[0].get("delta") or choices[0].get("message")
    if isinstance(message, dict):
        for name, parts in (("content", answer.parts), ("refusal", answer.refusals)):
            text = message.get(name)
            if isinstance(text, str):
                parts.append(text)
                answer.characters += len(text)
    if isinstance(reason := choices[0].get("finish_reason"), str):
        answer.finish = {"length": "length", "content_filter": "filtered"}.get(reason, "stop")  # type: ignore[assignment]  # the values are Finish's


def _usage(found: JsonValue) -> Usage | None:
    if not isinstance(found, dict):
        return None
    prompt, completion = _count(found.get("prompt_tokens")), _count(found.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    details = found.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, source="reported", cached_tokens=min(cached or 0, prompt)
    )


def _count(found: JsonValue) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
