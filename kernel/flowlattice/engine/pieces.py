"""Answers that go out in pieces: how each item becomes bytes, and what of the first one is the head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from pydantic import BaseModel

from flowlattice.engine.parts import Parts, text_of
from flowlattice.engine.reply import Reply, json_bytes, reply_head, with_headers
from flowlattice.plan import Respond

Encode: TypeAlias = Callable[[object], bytes]

_LINE_END: Final = re.compile("\r\n|\r|\n")  # where a stream of events begins a new line, and nowhere else
_NO_ID: Final = re.compile("[\r\n\0]")


class Pieces:
    """What reaches one respond, as bytes."""

    def __init__(self, respond: Respond) -> None:
        self._head = reply_head(respond)
        self._is_events = respond.body == "events"
        self._marks = [(mark, field) for mark, field in (("id", respond.event_id), ("event", respond.event)) if field]
        self._encoders: dict[type, Encode] = {}
        self._parts: dict[type, Parts | None] = {}

    def head(self, value: object) -> Reply:
        """The answer without its body; the first item, or the record that holds all, may have headers."""
        parts = self._parts_of(type(value))
        if parts is None or not isinstance(value, BaseModel):
            return self._head
        return with_headers(self._head, parts.header_lines(value))

    def encode(self, value: object) -> bytes:
        """One item."""
        encoder = self._encoders.get(type(value))
        if encoder is None:
            encoder = self._encoders[type(value)] = self._encoder(type(value))
        return encoder(value)

    def items(self, value: object) -> list[bytes]:
        """The items of a list, or of a record whose body is one.

        Raises:
            TypeError: It is none.
        """
        parts = self._parts_of(type(value))
        held = value if parts is None or parts.body is None else getattr(value, parts.body)
        if not isinstance(held, list | tuple):
            raise TypeError(f"an answer of events needs a list, not {type(held).__name__}")
        return [self.encode(item) for item in held]

    def _parts_of(self, kind: type) -> Parts | None:
        if kind not in self._parts:
            self._parts[kind] = Parts.of(kind) if issubclass(kind, BaseModel) else None
        return self._parts[kind]

    def _encoder(self, kind: type) -> Encode:
        """What encodes the values of one class, so that each value is only written."""
        parts = self._parts_of(kind)
        body = None if parts is None else parts.body
        data = self._data(kind, parts) if body is None else lambda value: self._any_data(getattr(value, body))
        if not self._is_events or not self._marks:
            return data
        marks = [(f"{mark}: ", _getter(kind, field)) for mark, field in self._marks]
        return lambda value: _marked(marks, value) + data(value)

    def _any_data(self, value: object) -> bytes:
        return self._data(type(value), None)(value)

    def _data(self, kind: type, parts: Parts | None) -> Encode:
        if not self._is_events:
            return _text
        if issubclass(kind, str):
            return _lines
        outside = parts.outside if parts is not None else None
        return lambda value: b"data: " + json_bytes(value, outside) + b"\n\n"


def _marked(marks: Iterable[tuple[str, Callable[[object], object]]], value: object) -> bytes:
    """The lines of an event that stand before its data."""
    found = [(line, get(value)) for line, get in marks]
    return "".join([f"{line}{_one_line(mark)}\n" for line, mark in found if mark is not None]).encode()


def _getter(kind: type, field: str) -> Callable[[object], object]:
    """What reads a field by its name on the wire."""
    if not issubclass(kind, BaseModel):
        return lambda value: value.get(field) if isinstance(value, dict) else None
    names = (name for name, info in kind.model_fields.items() if field in {name, info.alias})
    name = next(names, field)
    return lambda value: getattr(value, name, None)


def _one_line(mark: object) -> str:
    text = text_of(mark)
    if _NO_ID.search(text):
        raise ValueError("the id and the name of an event are one line")
    return text


def _lines(value: object) -> bytes:
    """An event whose data is text, each line of it on a line of its own (HTML standard, 9.2)."""
    return "".join(f"data: {line}\n" for line in _LINE_END.split(str(value))).encode() + b"\n"


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"a text answer needs text, not {type(value).__name__}")
    return value.encode()
