"""An answer read as it streams (server-sent events of chat.completion chunks), bounded in bytes and in time.

Read from the bytes on, not through the SDK's own iterator: a stream that goes on with comments, or with one line that
never ends, must run into the same bounds as one that never stops answering.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice.chat.base import Finish, Question, Usage
from flowlattice.chat.tokens import CHARACTERS_PER_TOKEN

# A chunk carries about 300 bytes of wrapping for each token.
_BYTES_PER_TOKEN = 2_000
_BYTES_AT_LEAST = 1_000_000
# A large model on a laptop writes a few tokens a second.
_SECONDS_PER_TOKEN = 1.0


class StreamFailed(Exception):
    """The stream brought no whole answer: it broke off, reported an error, or is no such stream.

    Attributes:
        line: What happened, in words of our own.
        reported: The endpoint's words, which may quote what it was asked.
    """

    def __init__(self, line: str, reported: str = "") -> None:
        self.line = line
        self.reported = reported
        super().__init__(f"{line}: {reported}" if reported else line)


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
    def of(cls, request: Question, thinking_s: float) -> Bounds:
        """Those of a request: generous, for an endpoint that keeps to `max_output_tokens` never meets them.

        Args:
            request: The request.
            thinking_s: How long its answer may take beside being written, in seconds.
        """
        tokens = request.max_output_tokens
        return cls(
            characters=1_000 + tokens * CHARACTERS_PER_TOKEN,
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


class AnswerReader:
    """Reads an answer from the bytes of a response, which somebody else receives.

    Args:
        bounds: What the answer must keep within.
        now: A monotonic clock, in seconds.

    Attributes:
        answer: What has arrived so far.
        done: Whether the endpoint has said that nothing follows.
    """

    def __init__(self, bounds: Bounds, now: Callable[[], float]) -> None:
        self.answer = Answer()
        self.done = False
        self._bounds = bounds
        self._now = now
        self._started = now()
        self._size = 0
        self._rest = b""

    def feed(self, piece: bytes) -> str:
        """Take the next bytes; the text that came with them.

        Raises:
            StreamFailed: They are no stream of chunks.
            StreamEndless: The answer went past the bounds.
        """
        self._measure(piece)
        # Chunks are one line each, so lines need no gathering into events.
        *lines, self._rest = (self._rest + piece).split(b"\n") if b"\n" in piece else (self._rest + piece,)
        return "".join(map(self._line, lines))

    def end(self) -> Answer:
        """There are no more bytes; the answer.

        Raises:
            StreamFailed: It broke off.
            StreamEndless: The answer went past the bounds.
        """
        self._line(self._rest)
        if self.answer.finish is None:
            raise StreamFailed("broke off before the answer was complete")
        return self.answer

    def _measure(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._bounds.bytes:
            raise StreamEndless(f"did not stop after {self._size:,} bytes", self.answer.text)
        if self._now() - self._started > self._bounds.seconds:
            raise StreamEndless(f"did not stop within {self._bounds.seconds:g} s", self.answer.text)

    def _line(self, line: bytes) -> str:
        data = _data(line)
        if not data or self.done:
            return ""
        if data == "[DONE]":
            self.done = True
            return ""
        said = _take(self.answer, _chunk(data))
        if self.answer.characters > self._bounds.characters:
            raise StreamEndless(f"did not stop after {self.answer.characters:,} characters", self.answer.text)
        return said


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
    reader = AnswerReader(bounds, now)
    for piece in pieces:
        reader.feed(piece)
        if reader.done:
            break
    return reader.end()


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
        said = reported.get("message") if isinstance(reported, dict) else reported
        raise StreamFailed("reported", str(said))
    return chunk


def _take(answer: Answer, chunk: dict[str, JsonValue]) -> str:
    """Add a chunk to the answer; the text that it brought."""
    answer.usage = _usage(chunk.get("usage")) or answer.usage
    choices = chunk.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return ""
    before = len(answer.parts)
    message = choices[0].get("delta") or choices[0].get("message")
    if isinstance(message, dict):
        for name, parts in (("content", answer.parts), ("refusal", answer.refusals)):
            text = message.get(name)
            if isinstance(text, str):
                parts.append(_well_formed(text))
                answer.characters += len(text)
    if isinstance(reason := choices[0].get("finish_reason"), str):
        answer.finish = {"length": "length", "content_filter": "filtered"}.get(reason, "stop")  # type: ignore[assignment]  # the values are Finish's
    return "".join(answer.parts[before:])


def _well_formed(text: str) -> str:
    """The text with what is half a surrogate pair replaced: JSON may hold it, and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


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
