"""Doubles of what reaches outside: they answer, and change nothing. The engine's run log has every call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from pydantic import JsonValue

from flowlattice.capabilities import HttpResponse
from flowlattice.engine.backends import AiRequest

DOUBLE_HEADER: Final = "x-flowlattice-double"
_EXTRACT_WORDS: Final = 32


class HttpDouble:
    """Answers 200 `{}` to everything, and says in a header that it is a double."""

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        """Answer 200 `{}`."""
        return HttpResponse(status=200, headers={"content-type": "application/json", DOUBLE_HEADER: "true"}, body=b"{}")


class SenderDouble:
    """Takes every message and keeps none."""

    async def send(self, target: str, value: JsonValue, headers: Mapping[str, str]) -> None:
        """Take a message."""


class AiDouble:
    """Answers with an extract: the first words of what it was asked, at most 32 or as many as tokens may be."""

    async def answer(self, request: AiRequest) -> AsyncIterator[str]:
        """The words, one by one."""
        most = _EXTRACT_WORDS if request.max_tokens is None else min(_EXTRACT_WORDS, request.max_tokens)
        for number, word in enumerate(request.prompt.split()[:most]):
            yield word if number == 0 else f" {word}"
