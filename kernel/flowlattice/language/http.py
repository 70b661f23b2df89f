"""HTTP triggers: `http.post("/echo", accepts=InReq, deadline=ms(250))`, and what invalid input is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Literal, TypeVar, overload

from pydantic import JsonValue

from flowlattice.record import Empty, Record

T = TypeVar("T", bound=Record)
T_co = TypeVar("T_co", bound=Record, covariant=True)

Respond = Literal["on_last", "immediate", "explicit"]
Problem = Literal["missing", "type", "value"]

DEFAULT_MAX_BODY_BYTES = 1_048_576


@dataclass(frozen=True, kw_only=True)
class InvalidReply:
    """What invalid input is answered instead of 422 with each field and its reason.

    Attributes:
        status: The answer's status, 4xx.
        body: JSON body; the texts `$fields`, `$field` and `$reason` stand for the failing fields' names in the order
            of declaration, the first one's name, and the first one's reason.
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
class HttpTrigger(Generic[T_co]):
    """A route that starts a run. Built by `get`, `post`, `put`, `patch` and `delete`."""

    method: str
    path: str
    accepts: type[T_co]
    respond: Respond
    deadline: timedelta | None
    body: Literal["json", "form"] | None
    max_body_bytes: int
    invalid: tuple[InvalidReply, ...]


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


@overload
def get(
    path: str,
    *,
    accepts: None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Empty]: ...
@overload
def get(
    path: str,
    *,
    accepts: type[T],
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[T]: ...
def get(
    path: str,
    *,
    accepts: type[Record] | None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Record]:
    """A GET route.

    Args:
        path: Starts with `/`; parameters in braces, `/items/{id}`.
        accepts: The record made from its path and query parameters.
        respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
        deadline: After this long the answer is 504 and the run is cancelled.
        invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
    """
    return _route("GET", path, accepts, respond, deadline, None, DEFAULT_MAX_BODY_BYTES, invalid)


@overload
def post(
    path: str,
    *,
    accepts: None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Empty]: ...
@overload
def post(
    path: str,
    *,
    accepts: type[T],
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[T]: ...
def post(  # noqa: PLR0913 - one keyword per property of a route
    path: str,
    *,
    accepts: type[Record] | None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Record]:
    """A POST route.

    Args:
        path: Starts with `/`; parameters in braces, `/items/{id}`.
        accepts: The record made from its path parameters and its body.
        respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
        deadline: After this long the answer is 504 and the run is cancelled.
        body: How the body is encoded.
        max_body_bytes: A larger body is answered 413.
        invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
    """
    return _route("POST", path, accepts, respond, deadline, body, max_body_bytes, invalid)


@overload
def put(
    path: str,
    *,
    accepts: None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Empty]: ...
@overload
def put(
    path: str,
    *,
    accepts: type[T],
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[T]: ...
def put(  # noqa: PLR0913 - one keyword per property of a route
    path: str,
    *,
    accepts: type[Record] | None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Record]:
    """A PUT route.

    Args:
        path: Starts with `/`; parameters in braces, `/items/{id}`.
        accepts: The record made from its path parameters and its body.
        respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
        deadline: After this long the answer is 504 and the run is cancelled.
        body: How the body is encoded.
        max_body_bytes: A larger body is answered 413.
        invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
    """
    return _route("PUT", path, accepts, respond, deadline, body, max_body_bytes, invalid)


@overload
def patch(
    path: str,
    *,
    accepts: None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Empty]: ...
@overload
def patch(
    path: str,
    *,
    accepts: type[T],
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[T]: ...
def patch(  # noqa: PLR0913 - one keyword per property of a route
    path: str,
    *,
    accepts: type[Record] | None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    body: Literal["json", "form"] = "json",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Record]:
    """A PATCH route.

    Args:
        path: Starts with `/`; parameters in braces, `/items/{id}`.
        accepts: The record made from its path parameters and its body.
        respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
        deadline: After this long the answer is 504 and the run is cancelled.
        body: How the body is encoded.
        max_body_bytes: A larger body is answered 413.
        invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
    """
    return _route("PATCH", path, accepts, respond, deadline, body, max_body_bytes, invalid)


@overload
def delete(
    path: str,
    *,
    accepts: None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Empty]: ...
@overload
def delete(
    path: str,
    *,
    accepts: type[T],
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[T]: ...
def delete(
    path: str,
    *,
    accepts: type[Record] | None = None,
    respond: Respond = "on_last",
    deadline: timedelta | None = None,
    invalid: Sequence[InvalidReply] = (),
) -> HttpTrigger[Record]:
    """A DELETE route.

    Args:
        path: Starts with `/`; parameters in braces, `/items/{id}`.
        accepts: The record made from its path and query parameters.
        respond: When the answer goes out: after the last node, at once (202), or by an explicit respond.
        deadline: After this long the answer is 504 and the run is cancelled.
        invalid: Answers to invalid input, the first that fits; else 422 with each field and its reason.
    """
    return _route("DELETE", path, accepts, respond, deadline, None, DEFAULT_MAX_BODY_BYTES, invalid)


def _route(  # noqa: PLR0913, PLR0917 - the common tail of the five methods above
    method: str,
    path: str,
    accepts: type[Record] | None,
    respond: Respond,
    deadline: timedelta | None,
    body: Literal["json", "form"] | None,
    max_body_bytes: int,
    invalid: Sequence[InvalidReply],
) -> HttpTrigger[Record]:
    return HttpTrigger(
        method=method,
        path=path,
        accepts=accepts or Empty,
        respond=respond,
        deadline=deadline,
        body=body,
        max_body_bytes=max_body_bytes,
        invalid=tuple(invalid),
    )
