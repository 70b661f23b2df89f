"""Where the documents are, made when they are first asked for.

`/flows` lists the flows, `/flows/NAME/openapi.json` and `/flows/NAME/docs` are the documents of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flowlattice.engine import Runtime
from flowlattice.engine.protection import NOSNIFF
from flowlattice.engine.reply import HTML, JSON, Reply, json_bytes
from flowlattice.hosts.web.openapi.document import document
from flowlattice.hosts.web.openapi.index import INDEX, index_page, listed
from flowlattice.hosts.web.openapi.page import page
from flowlattice.hosts.web.openapi.style import CONTENT_POLICY

_PAGE_HEADERS: Final = (
    NOSNIFF,
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", CONTENT_POLICY.encode()),
)
_VARY: Final = (b"vary", b"accept")

Headers = Iterable[tuple[bytes, bytes]]


class DocPages:
    """The documents of some flows; a route of a flow that has one of these paths goes first.

    Args:
        runtimes: The flows.
    """

    def __init__(self, runtimes: Iterable[Runtime] = ()) -> None:
        self._runtimes = tuple(runtimes)
        self._places: dict[str, tuple[Runtime, bool]] = {}
        for runtime in self._runtimes:
            base = f"/flows/{runtime.plan.flow}"
            self._places.setdefault(f"{base}/openapi.json", (runtime, True))
            self._places.setdefault(f"{base}/docs", (runtime, False))
        self._made: dict[str, Reply] = {}

    def find(self, path: str, request: Headers) -> Reply | None:
        """What is at a path, if it is one of these; the index is HTML for who asks for that, else JSON."""
        if path == INDEX:
            return self._index(
                shown=any(name == b"accept" and b"text/html" in value.lower() for name, value in request)
            )
        place = self._places.get(path)
        if place is None:
            return None
        if path not in self._made:
            runtime, for_programs = place
            told = document(runtime)
            self._made[path] = (
                Reply(200, json_bytes(told), JSON, (NOSNIFF,))
                if for_programs
                else Reply(200, page(told).encode(), HTML, _PAGE_HEADERS)
            )
        return self._made[path]

    def _index(self, *, shown: bool) -> Reply:
        if shown:
            return Reply(200, index_page(self._runtimes).encode(), HTML, (*_PAGE_HEADERS, _VARY))
        return Reply(200, json_bytes(listed(self._runtimes)), JSON, (NOSNIFF, _VARY))
