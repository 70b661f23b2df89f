"""What an endpoint's failures mean: try again, set something right, or put the request in other words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from flowlattice_agents.chat.redaction import redact
from flowlattice_agents.errors import ModelMisconfigured, ModelUnavailable

if TYPE_CHECKING:
    import openai

_SAID_MAX = 300
_TRANSIENT = frozenset({408, 409, 425, 429})


class Refused(Exception):
    """The endpoint does not take a request as it is; `said` is why, `parameter` the option that it named."""

    def __init__(self, said: str, parameter: str | None) -> None:
        self.said = said
        self.parameter = parameter
        super().__init__(said)


def unavailable(  # noqa: PLR0913 - one keyword per fact of a failure
    said: str,
    where: str,
    *,
    keys: tuple[str, ...] = (),
    spent: tuple[int, int] = (0, 0),
    retry_after_s: float | None = None,
    lasting: bool = False,
) -> ModelUnavailable:
    """A failure for now.

    Args:
        said: What happened, as a predicate.
        where: Which model, where.
        keys: What must not be in the text.
        spent: Tokens read and written that may have been charged.
        retry_after_s: How long the endpoint asked to wait.
        lasting: Whether the same request would fail in the same way again.
    """
    return ModelUnavailable(
        f"{where} {one_line(said, keys)}",
        retry_after_s=retry_after_s,
        prompt_tokens=spent[0],
        completion_tokens=spent[1],
        lasting=lasting,
    )


def misconfigured(said: str, where: str, keys: tuple[str, ...] = ()) -> ModelMisconfigured:
    """A failure until something is set right."""
    return ModelMisconfigured(f"{where} {one_line(said, keys)}")


def status_failure(error: openai.APIStatusError, where: str, keys: tuple[str, ...]) -> Exception:
    """What a status other than 2xx means."""
    status, said = error.status_code, one_line(_said(error), keys)
    if status in {400, 422}:
        return Refused(said, error.param)
    if error.code == "insufficient_quota" or status == 402:
        return misconfigured(f"has no credit left for this key ({said}); add credit or set another key", where)
    if status in _TRANSIENT or status >= 500:
        wait = retry_after(error.response.headers, time.time())
        return unavailable(f"answered {status} ({said}); try again later", where, retry_after_s=wait)
    remedy = {
        401: "refuses the key; set OPENAI_API_KEY to one that is valid there",
        403: "does not let this key use the model; set OPENAI_API_KEY to one that may",
        404: "has no such model, or OPENAI_BASE_URL is not its API's address (which mostly ends in /v1)",
    }.get(status)
    if remedy is None and 300 <= status < 400:
        remedy = "answers with a redirect, which is not followed; set OPENAI_BASE_URL to the address itself"
    return misconfigured(f"{remedy or f'refuses the request with {status}'} ({said})", where)


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


def _said(error: openai.APIStatusError) -> str:
    """The endpoint's own words. The SDK has taken an `error` object out of its wrapping, where there was one."""
    body = error.body
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if body.get(name):
                return str(body[name])
    if isinstance(body, str) and body and "<" not in body:
        return body
    return f"HTTP {error.status_code}"
