"""Answers: how what reaches a respond becomes status and bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic_core import to_json

from flowlattice.engine.parts import Parts
from flowlattice.engine.protection import NOSNIFF, protecting
from flowlattice.headers import header_value
from flowlattice.plan import Respond

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"
HTML: Final = b"text/html; charset=utf-8"
EVENTS: Final = b"text/event-stream"

_CONTENT_TYPES: Final[Mapping[str, bytes]] = {"json": JSON, "text": TEXT, "html": HTML, "events": EVENTS}
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


def json_bytes(value: object, leave_out: set[str] | None = None) -> bytes:
    """Compact UTF-8 JSON, records by their names on the wire; NaN and the infinities, which JSON lacks, are null."""
    if isinstance(value, BaseModel):
        return value.__pydantic_serializer__.to_json(value, by_alias=True, exclude=leave_out)
    return to_json(value, by_alias=True, inf_nan_mode="null")


def json_reply(status: int, value: JsonValue, *headers: tuple[bytes, bytes]) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, json_bytes(value), JSON, (NOSNIFF, *headers))


def text_reply(status: int, text: str) -> Reply:
    """An answer with a plain-text body."""
    return Reply(status, text.encode(), TEXT, (NOSNIFF,))


def renderer(respond: Respond) -> Callable[[object], Reply]:
    """What turns a record into the answer of one respond."""
    write = _writer(respond)
    known: dict[type, Parts | None] = {}

    def render(value: object) -> Reply:
        if not isinstance(value, BaseModel):
            return write(value, None)
        kind = type(value)
        if kind not in known:
            known[kind] = Parts.of(kind)
        parts = known[kind]
        if parts is None:
            return write(value, None)
        inner = value if parts.body is None else getattr(value, parts.body)
        reply = write(inner, parts.outside if inner is value else None)
        return _with_headers(reply, parts.header_lines(value))

    return render


def _writer(respond: Respond) -> Callable[[object, set[str] | None], Reply]:
    """What writes the body of one respond, without some attributes, below the headers that are always the same."""
    status = respond.status
    always = tuple((name.lower().encode(), header_value(text).encode()) for name, text in respond.headers.items())
    if respond.body == "empty" or status in _BODILESS:
        answer = _with_headers(Reply(status), always)
        return lambda _value, _leave_out: answer
    always = tuple((protecting(respond.body) | dict(always)).items())
    bare = _with_headers(Reply(status, b"", _CONTENT_TYPES[respond.body]), always)
    content_type, headers = bare.content_type, bare.headers
    if respond.body == "json":
        return lambda value, leave_out: Reply(status, json_bytes(value, leave_out), content_type, headers)
    if respond.body == "events":
        stream = _with_headers(Reply(status, b"", EVENTS, _NO_STORE), always)
        return lambda value, _leave_out: replace(stream, events=tuple(map(_event, _items(value))))
    return lambda value, _leave_out: Reply(status, _text(value).encode(), content_type, headers)


def _with_headers(reply: Reply, headers: Iterable[tuple[bytes, bytes]]) -> Reply:
    """An answer with more headers; one that is there already gives way, and so does the type of the content."""
    merged = {**dict(reply.headers), **dict(headers)}
    content_type = merged.pop(b"content-type", reply.content_type)
    return replace(reply, content_type=content_type, headers=tuple(merged.items()))


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
