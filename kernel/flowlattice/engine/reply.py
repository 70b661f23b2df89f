"""Answers: how what reaches a respond becomes status and bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic_core import to_json

from flowlattice.plan import Respond

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"
HTML: Final = b"text/html; charset=utf-8"
EVENTS: Final = b"text/event-stream"

_BODILESS: Final = frozenset({204, 205, 304})
_NO_STORE: Final = ((b"cache-control", b"no-store"),)
_LINE_END: Final = re.compile("\r\n|\r|\n")  # where a stream of events begins a new line, and nowhere else


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `content_type` is none where there is no body, `events` is none where the body is in one piece."""

    status: int
    body: bytes = b""
    content_type: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    events: tuple[bytes, ...] | None = None


NO_CONTENT: Final = Reply(204)


def json_bytes(value: object) -> bytes:
    """Compact UTF-8 JSON, records by their names on the wire; NaN and the infinities, which JSON lacks, are null."""
    if isinstance(value, BaseModel):
        return value.__pydantic_serializer__.to_json(value, by_alias=True)
    return to_json(value, by_alias=True, inf_nan_mode="null")


def json_reply(status: int, value: JsonValue, *headers: tuple[bytes, bytes]) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, json_bytes(value), JSON, headers)


def text_reply(status: int, text: str) -> Reply:
    """An answer with a plain-text body."""
    return Reply(status, text.encode(), TEXT)


def renderer(respond: Respond) -> Callable[[object], Reply]:
    """What turns a record into the answer of one respond."""
    status = respond.status
    if respond.body == "empty" or status in _BODILESS:
        answer = Reply(status)
        return lambda _value: answer
    if respond.body == "json":
        return lambda value: Reply(status, json_bytes(value), JSON)
    if respond.body == "events":
        return lambda value: Reply(status, b"", EVENTS, _NO_STORE, tuple(map(_event, _items(value))))
    content_type = HTML if respond.body == "html" else TEXT
    return lambda value: Reply(status, _text(value).encode(), content_type)


def _event(item: object) -> bytes:
    """A server-sent event with nothing but data, each line of it on a line of its own (HTML standard, 9.2)."""
    data = item if isinstance(item, str) else json_bytes(item).decode()
    return "".join(f"data: {line}\n" for line in _LINE_END.split(data)).encode() + b"\n"


def _items(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"an answer of events needs a list, not {type(value).__name__}")
    return list(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text answer needs text, not {type(value).__name__}")
    return value
