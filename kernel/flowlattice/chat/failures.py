"""What an endpoint says of a failure, in words that fit an error, and how long it asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from flowlattice.chat.redaction import redact

_SAID_MAX = 300


class Refused(Exception):
    """The endpoint does not take a request as it is; `said` is why, `parameter` the option that it named."""

    def __init__(self, said: str, parameter: str | None) -> None:
        self.said = said
        self.parameter = parameter
        super().__init__(said)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How long to wait, in seconds, by `Retry-After` (seconds or an HTTP date; RFC 9110 §10.2.3); None if not said.

    Args:
        headers: The response's.
        now: The time of day, in seconds since the epoch.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text)) if text.lower() != "nan" else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError):
        return None


def one_line(text: str, keys: tuple[str, ...] = ()) -> str:
    """A text from elsewhere, fit for an error: one line, not long, without keys."""
    line = redact(" ".join(text.split()), keys)
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _SAID_MAX else line[: _SAID_MAX - 1] + "…"


def said_in(body: object, status: int) -> str:
    """The endpoint's own words in the body of an error. The SDK has taken an `error` object out of its wrapping."""
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                return str(body[name])
    if isinstance(body, str) and body and "<" not in body:
        return body
    return f"HTTP {status}"
