"""Which kinds of backend serve which capability in a process of its own: the web and dev hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowlattice.engine.granted import MAKERS, installed_maker

LOCAL: Final = "local"

_SERVED: Final[Mapping[str, str]] = {
    "ai.read": "openai",
    "blob.read": "folder",
    "blob.read_by_hash": "folder",
    "blob.write": "folder",
    "creds": "secret",
    "db.read": "sqlite",
    "db.write": "sqlite",
    "dedupe": "sqlite",
    "http.read": "http",
    "http.read_pinned": "http",
    "http.write": "http",
    "kv.read": "sqlite",
    "kv.write": "sqlite",
    "mail.send": "smtp",
    "session": "sqlite",
    "session.read": "sqlite",
}


def is_served(capability: str, backend: str | None) -> bool:
    """Whether a capability runs in this process on a kind of backend; none for what needs no binding."""
    if capability not in MAKERS:
        return installed_maker(capability) is not None
    return backend is None or backend == LOCAL or _SERVED.get(capability) == backend
