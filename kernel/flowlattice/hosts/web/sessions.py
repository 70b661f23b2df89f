"""Sessions: the cookie that carries a visitor's id, which no script can read and no other site can set or send with.

The prefix `__Host-` holds browsers to that (RFC 6265bis, 4.1.3): only over TLS, or from this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from flowlattice.engine.visitor import Visitor
from flowlattice.hosts.web.asgi import Message, Send
from flowlattice.plan import TriggerPlan

_ID: Final = re.compile(rb"[A-Za-z0-9_-]{43}")
_NO_STORE: Final = (b"cache-control", b"no-store")

Headers = Iterable[tuple[bytes, bytes]]


def cookie_name(flow: str) -> str:
    """What the cookie of a flow is called: flows that share a port do not share sessions."""
    return f"__Host-{flow}-session"


class Sessions:
    """The sessions of one route.

    Args:
        flow: The flow's name.
        field: The field of the record that is the session's id.

    Attributes:
        field: The field.
    """

    def __init__(self, flow: str, field: str) -> None:
        self.field = field
        self._cookie = cookie_name(flow).encode()

    @classmethod
    def of(cls, trigger: TriggerPlan, flow: str) -> Sessions | None:
        """Those of a route; none where its record has no session."""
        field = next((source.name for source in trigger.fields if source.origin == "session"), None)
        return None if field is None else cls(flow, field)

    def visitor(self, headers: Headers) -> Visitor:
        """Who sends a request; what is no id is none."""
        found = [
            value.strip()
            for name, line in headers
            if name == b"cookie"
            for key, _, value in (part.partition(b"=") for part in line.split(b";"))
            if key.strip() == self._cookie
        ]
        brought = found[0] if len(found) == 1 and _ID.fullmatch(found[0]) else None
        return Visitor(None if brought is None else brought.decode())

    def sending(self, send: Send, visitor: Visitor) -> Send:
        """What sends an answer to a visitor: kept by nobody, with the cookie if the session was written or ended."""

        async def send_(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._headers(message["headers"], visitor)}
            await send(message)

        return send_

    def _headers(self, headers: Headers, visitor: Visitor) -> list[tuple[bytes, bytes]]:
        found = [*headers]
        if not any(name == b"cache-control" for name, _ in found):
            found.append(_NO_STORE)
        if visitor.written or visitor.ended:
            found.append((b"set-cookie", self._set(visitor)))
        return found

    def _set(self, visitor: Visitor) -> bytes:
        kept = b"0" if visitor.ended else b"" if visitor.ttl is None else b"%d" % visitor.ttl.total_seconds()
        value = b"" if visitor.ended else visitor.current.encode()
        age = b"; Max-Age=" + kept if kept else b""
        return self._cookie + b"=" + value + age + b"; Path=/; Secure; HttpOnly; SameSite=Lax"
