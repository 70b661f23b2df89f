"""HTTP triggers: `http.post("/echo", accepts=InReq, deadline=ms(250))`, and what invalid input is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, Literal, cast

from pydantic import JsonValue
from typing_extensions import TypeVar

from flowlattice.language.triggers import Trigger
from flowlattice.record import Empty, Record

T = TypeVar("T", bound=Record, default=Empty)
T_co = TypeVar("T_co", bound=Record, covariant=True)

Respond = Literal["on_last", "immediate", "explicit"]
Problem = Literal["missing", "type", "value"]

DEFAULT_MAX_BODY_BYTES = 1_048_576


@dataclass(frozen=True, kw_only=True)
class InvalidReply:
    """What invalid input is answered instead of 422 with each field and its reason.

    Attributes:
        status: The answer's status, 4xx.
        body: JSON body; the texts `$fields`, `$field` and `$reason` stand for the failing fields' names in the order of
            declaration, the first one's name, and the first one's reason. Without body and text it is each field with
            its reason.
        text: A plain-text body instead, with the same marks inside.
        fields: Only problems of these fields (names on the wire); empty: any.
        problem: Only this kind of problem; none: any.
    """

    status: int = 422
    body: JsonValue = None
    text: str | None = None
    fields: tuple[str, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, kw_only=True)
class HttpTrigger(Trigger[T_co], Generic[T_co]):
    """A route that starts a run. Built by `get`, `post`, `put`, `patch` and `delete`."""

    method: str
    path: str
    accepts: type[T_co]
    respond: Respond
    deadline: timedelta | None
    body: Literal["json", "form"] | None
    max_body_bytes: int
    invalid: tuple[InvalidReply, ...]
    origins: tuple[str, ...] = ()

    @property
    def emits(self) -> type[T_co]:
        """The record that it accepts."""
        return self.accepts


def invalid(
    status: int = 422,
    body: JsonValue = None,
    *,
    text: str | None = None,
    fields: Sequence[str] = (),
    problem: Problem | None = None,
) -> InvalidReply:
    """An answer to invalid input: `http.invalid(400, {"error": "bad request"})`; see `InvalidReply`."""
    return InvalidReply(status=status, body=body, text=text, fields=tuple(fields), problem=problem)


@dataclass(frozen=True)
class QueryRoute:
    """A method whose record comes from the path parameters and the query: `get` and `delete`."""

    method: str

    def __call__(
        self,
        path: str,
        *,
        accepts: type[T] | None = None,
        respond: Respond = "on_last",
        deadline: timedelta | None = None,
        invalid: Sequence[InvalidReply] = (),
    ) -> HttpTrigger[T]:
        """A route of this method.

        Args:
            path: Starts with `/`; parameters in braces, `/items/{id}`.
            accepts: The record made from path parameters and query; nothing by default.
            respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
            deadline: After this long the answer is 504 and the run is cancelled.
            invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
        """
        return HttpTrigger(
            method=self.method,
            path=path,
            accepts=_or_nothing(accepts),
            respond=respond,
            deadline=deadline,
            body=None,
            max_body_bytes=DEFAULT_MAX_BODY_BYTES,
            invalid=tuple(invalid),
        )


@dataclass(frozen=True)
class BodyRoute:
    """A method whose record comes from the path parameters and the body: `post`, `put` and `patch`."""

    method: str

    def __call__(  # noqa: PLR0913 - one keyword per property of a route
        self,
        path: str,
        *,
        accepts: type[T] | None = None,
        respond: Respond = "on_last",
        deadline: timedelta | None = None,
        body: Literal["json", "form"] = "json",
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        invalid: Sequence[InvalidReply] = (),
        origins: Sequence[str] = (),
    ) -> HttpTrigger[T]:
        """A route of this method.

        Args:
            path: Starts with `/`; parameters in braces, `/items/{id}`.
            accepts: The record made from path parameters and body; nothing by default.
            respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
            deadline: After this long the answer is 504 and the run is cancelled.
            body: How the body is encoded.
            max_body_bytes: A larger body is answered 413.
            invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
            origins: Other sites whose pages may send here what a form can send, `https://shop.example.com`; what comes
                from any other site's page is answered 403.

        Raises:
            ValueError: That is no origin.
        """
        return HttpTrigger(
            method=self.method,
            path=path,
            accepts=_or_nothing(accepts),
            respond=respond,
            deadline=deadline,
            body=body,
            max_body_bytes=max_body_bytes,
            invalid=tuple(invalid),
            origins=tuple(_origin(text) for text in origins),
        )


get: Final = QueryRoute("GET")
post: Final = BodyRoute("POST")
put: Final = BodyRoute("PUT")
patch: Final = BodyRoute("PATCH")
delete: Final = QueryRoute("DELETE")


_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def _origin(text: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2)."""
    if _ORIGIN.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no origin: scheme, host and port, in small letters, without a path")
    return text


def _or_nothing(accepts: type[T] | None) -> type[T]:
    # The default of the type variable says the same to a type checker: a route that accepts nothing gives `Empty`.
    return cast("type[T]", Empty) if accepts is None else accepts
