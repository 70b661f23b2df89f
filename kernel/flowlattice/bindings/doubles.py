"""Doubles of what reaches outside: they answer, and change nothing. The engine's run log has every call."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Final, TypeVar

from pydantic import JsonValue

from flowlattice.budgets import Limits, Purse
from flowlattice.capabilities import HttpResponse
from flowlattice.chat import FREE, Price
from flowlattice.engine.backends import AiPiece, AiRequest, AnswerStore
from flowlattice.plausible import plausible
from flowlattice.record import Record

R = TypeVar("R", bound=Record)

DOUBLE_HEADER: Final = "x-flowlattice-double"
_EXTRACT_WORDS: Final = 32


class AnyAnswer(HttpResponse):
    """An answer that is read as whatever it is asked for: a record as a person might write it."""

    def read(self, into: type[R]) -> R:
        """A record with plausible values.

        Raises:
            CallFailed: None can be made up (`schema_mismatch`).
        """
        made = plausible(into.model_json_schema(by_alias=True))
        return HttpResponse(status=self.status, body=json.dumps(made).encode(), binding=self.binding).read(into)


class HttpDouble:
    """Answers 200 `{}` to everything, and says in a header that it is a double; read as a record, it is one."""

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
        return AnyAnswer(status=200, headers={"content-type": "application/json", DOUBLE_HEADER: "true"}, body=b"{}")


class SenderDouble:
    """Takes every message and keeps none."""

    async def send(self, target: str, value: JsonValue, headers: Mapping[str, str]) -> None:
        """Take a message."""


class AiDouble:
    """Answers with an extract: the first words of what it was asked about, at most 32 or as many as tokens may be.

    Asked for a record it answers with one as a person might write it.
    """

    answers: AnswerStore | None = None

    def price(self, model: str) -> Price | None:
        """Nothing is charged."""
        return FREE

    def purse(self, limits: Limits, *, flow: str, node: str) -> Purse | None:
        """Nothing is counted."""
        return None

    async def answer(self, request: AiRequest) -> AsyncGenerator[AiPiece, None]:
        """The words, one by one."""
        if request.schema is not None:
            yield AiPiece(text=json.dumps(plausible(request.schema.schema)))
        else:
            asked = _asked_about(request)
            for number, word in enumerate(asked.split()[: min(_EXTRACT_WORDS, request.max_output_tokens)]):
                yield AiPiece(text=word if number == 0 else f" {word}")
        yield AiPiece(finish="stop")


def _asked_about(request: AiRequest) -> str:
    """The texts in a question's data, or the question where it has none."""
    prompt, *data = [message.text for message in request.messages if message.role == "user"]
    return " ".join(_texts(json.loads(data[0]))) if data else prompt


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
