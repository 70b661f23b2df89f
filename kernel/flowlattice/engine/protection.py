"""Headers that make browsers careful with an answer. They are part of the answer when it is compiled."""

from __future__ import annotations

from typing import Final

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")

PAGE: Final = (
    NOSNIFF,
    # What same-origin forms say of where they come from has to stay, so it is not `no-referrer`.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
)


def protecting(body: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of an answer with such a body: of pages more than of data."""
    return PAGE if body == "html" else (NOSNIFF,)
