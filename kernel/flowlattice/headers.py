"""Header fields of HTTP: which names a flow may use, and how any text becomes a value that a header can carry."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)
_CARRIED: Final = "".join(chr(code) for code in range(0x20, 0x7F))

HOST_OWNED: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What an answer says of the connection or of its own bytes (RFC 9110, 7.6.1 and 8.6): the host writes these."""


def is_header_name(name: str) -> bool:
    """Whether a header may be called so (a token, RFC 9110 5.1)."""
    return _TOKEN.fullmatch(name) is not None


def header_value(text: str) -> str:
    """A text as the value of a header; what a header cannot carry is percent-encoded (as UTF-8).

    A line break cannot begin another header, whoever the text is from.
    """
    return quote(text.strip(), safe=_CARRIED, errors="replace")
