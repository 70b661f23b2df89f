"""What an endpoint's failures mean: try again, set something right, or put the request in other words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flowlattice.chat import Refused, one_line, retry_after, said_in
from flowlattice_agents.errors import ModelMisconfigured, ModelUnavailable

if TYPE_CHECKING:
    import openai

_TRANSIENT = frozenset({408, 409, 425, 429})


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
    status, said = error.status_code, one_line(said_in(error.body, error.status_code), keys)
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
