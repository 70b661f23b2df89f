"""Answers: how what reaches a respond becomes status and bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic_core import to_json

from flowlattice.engine.parts import Parts
from flowlattice.engine.protection import NOSNIFF, protecting
from flowlattice.headers import header_value
from flowlattice.plan import Respond
from flowlattice.plan.units import BODILESS

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"
HTML: Final = b"text/html; charset=utf-8"
EVENTS: Final = b"text/event-stream"

_CONTENT_TYPES: Final[Mapping[str, bytes]] = {"json": JSON, "text": TEXT, "html": HTML, "events": EVENTS}
_NO_STORE: Final = ((b"cache-control", b"no-store"),)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `content_type` is none where there is no body."""

    status: int
    body: bytes = b""
    content_type: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


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
        return with_headers(reply, parts.header_lines(value))

    return render


def is_bodiless(respond: Respond) -> bool:
    """Whether a respond's answers have no body, whatever reaches it."""
    return respond.body == "empty" or respond.status in BODILESS


def reply_head(respond: Respond) -> Reply:
    """What of a respond's answer is always the same: status, type of content, headers."""
    always = tuple((name.lower().encode(), header_value(text).encode()) for name, text in respond.headers.items())
    if is_bodiless(respond):
        return with_headers(Reply(respond.status), always)
    fixed = (*protecting(respond.body), *(_NO_STORE if respond.body == "events" else ()))
    return with_headers(Reply(respond.status, b"", _CONTENT_TYPES[respond.body], fixed), always)


def _writer(respond: Respond) -> Callable[[object, set[str] | None], Reply]:
    """What writes the body of one respond, without some attributes, below the headers that are always the same."""
    head = reply_head(respond)
    status, content_type, headers = head.status, head.content_type, head.headers
    if is_bodiless(respond):
        return lambda _value, _leave_out: head
    if respond.body == "json":
        return lambda value, leave_out: Reply(status, json_bytes(value, leave_out), content_type, headers)
    return lambda value, _leave_out: Reply(status, _text(value).encode(), content_type, headers)


def with_headers(reply: Reply, headers: Iterable[tuple[bytes, bytes]]) -> Reply:
    """An answer with more headers; one that is there already gives way, and so does the type of the content."""
    merged = {**dict(reply.headers), **dict(headers)}
    content_type = merged.pop(b"content-type", reply.content_type)
    return replace(reply, content_type=content_type, headers=tuple(merged.items()))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text answer needs text, not {type(value).__name__}")
    return value
