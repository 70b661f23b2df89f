"""Reading multipart forms without files, on python-multipart's parser; nothing is written to disk."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from flowlattice.engine.inputs import BODY, Problem, RejectedInput

MAX_PARTS = 1000


def multipart_pairs(body: bytes, content_type: bytes) -> list[tuple[str, str]]:
    """The fields of a multipart form; bytes that are no UTF-8 come out as lone surrogates.

    Raises:
        RejectedInput: It is no such form, it holds a file, or it has more than `MAX_PARTS` parts.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _invalid(BODY, "is not a valid form")
    form = _Form()
    callbacks = {
        "on_part_begin": form.part_begins,
        "on_header_field": form.header_name,
        "on_header_value": form.header_value,
        "on_header_end": form.header_ends,
        "on_headers_finished": form.headers_end,
        "on_part_data": form.data,
        "on_part_end": form.part_ends,
        "on_end": form.ends,
    }
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # a TypedDict of the same callbacks
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise _invalid(BODY, "is not a valid form") from None
    if not form.complete:
        raise _invalid(BODY, "is not a valid form")
    return form.found


@dataclass
class _Form:
    """What the parser has seen."""

    found: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _disposition: bytes = b""
    _field: str = ""
    _content: bytearray = field(default_factory=bytearray)

    def part_begins(self) -> None:
        self._disposition = b""
        self._content = bytearray()
        if len(self.found) == MAX_PARTS:
            raise _invalid(BODY, f"must have at most {MAX_PARTS} fields")

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_ends(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def headers_end(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise _invalid(BODY, "is not a valid form")
        self._field = _text(options[b"name"])
        if b"filename" in options:
            raise _invalid(_shown(self._field), "must be text, not a file")

    def data(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def part_ends(self) -> None:
        self.found.append((self._field, _text(bytes(self._content))))

    def ends(self) -> None:
        self.complete = True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _shown(name: str) -> str:
    """A field's name as an answer may show it."""
    return name.encode("utf-8", "replace").decode()[:100]


def _invalid(name: str, reason: str) -> RejectedInput:
    return RejectedInput([Problem(field=name, name=name, kind="type", reason=reason)])
