"""Reading request bodies: media type, size, and forms. Everything is bounded, nothing of it is logged."""

from __future__ import annotations

from email.message import Message as MimeMessage
from typing import Final, Literal

from flowlattice.engine.inputs import BODY, Problem, RejectedInput
from flowlattice.engine.reply import Reply
from flowlattice.hosts.web import replies
from flowlattice.hosts.web.asgi import ClientGone, Receive
from flowlattice.hosts.web.multipart import multipart_pairs
from flowlattice.hosts.web.text import MAX_PARAMETERS, pairs

JSON_TYPES: Final = ("application/json",)
FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")

RawHeaders = list[tuple[bytes, bytes]]


class Refused(Exception):
    """A request that is answered before its body is read."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


def check_head(headers: RawHeaders, encoding: Literal["json", "form"], limit: int) -> bytes:
    """The content type of a request whose head allows its body to be read; empty where there is none.

    Raises:
        Refused: The media type, charset or content encoding is none that is read (415), or it is too long (413).
    """
    content_type = b""
    for name, value in headers:
        if name == b"content-type":
            content_type = value
        elif name == b"content-length" and int(value) > limit:
            raise Refused(replies.too_large(limit))
        elif name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            raise Refused(replies.unsupported_encoding())
    if content_type not in {b"", b"application/json"} or (encoding == "form" and content_type):
        _check_type(content_type, encoding)
    return content_type


def _check_type(content_type: bytes, encoding: Literal["json", "form"]) -> None:
    message = MimeMessage()
    message["content-type"] = content_type.decode("latin-1")
    kind = message.get_content_type() if b"/" in content_type else ""
    accepted = JSON_TYPES if encoding == "json" else FORM_TYPES
    fits = kind in accepted or (encoding == "json" and kind.startswith("application/") and kind.endswith("+json"))
    charset = message.get_param("charset")
    if not fits or (charset is not None and str(charset).lower() not in {"utf-8", "utf8", "us-ascii"}):
        raise Refused(replies.unsupported(accepted))


async def read_body(receive: Receive, limit: int) -> bytes:
    """The body, if it is no longer than `limit` bytes; a longer one is not read to its end.

    Raises:
        Refused: It is longer (413).
        ClientGone: The client went away.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False) and len(body) <= limit:
        return body
    parts, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone("the client went away while it sent the body")
        part: bytes = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > limit:
            raise Refused(replies.too_large(limit))
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()


def read_form(body: bytes, content_type: bytes) -> list[tuple[str, str]]:
    """The fields of a form; no content type is taken as urlencoded.

    Raises:
        RejectedInput: It is no such form, or it holds a file.
    """
    if content_type.lower().startswith(b"multipart/"):
        return multipart_pairs(body, content_type)
    try:
        return pairs(body)
    except ValueError:
        reason = f"must have at most {MAX_PARAMETERS} fields"
        raise RejectedInput([Problem(field=BODY, name=BODY, kind="type", reason=reason)]) from None
