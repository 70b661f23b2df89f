"""Absolute URLs in texts that bodies write: the hosts they name, and whether they carry a credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

_URL: Final = re.compile(r"https?://[^\s\"'<>{}]+", re.IGNORECASE)
_SECRET: Final = re.compile(r"[?&](api_?key|access_?token|token|password|secret)=[^&]+", re.IGNORECASE)


def urls_in(text: str) -> Iterator[tuple[str, bool]]:
    """Each URL's host, in lower case, and whether a credential stands in it."""
    for found in _URL.findall(text):
        try:
            parts = urlsplit(found)
            host, password = parts.hostname, parts.password
        except ValueError:  # no URL after all, such as an unclosed bracket
            continue
        if host:
            yield host, password is not None or _SECRET.search(found) is not None
