"""The host's own answers: limits, HTTP errors, failures, and what invalid input is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from flowlattice.engine.inputs import Problem
from flowlattice.engine.limits import retry_after
from flowlattice.engine.reply import Reply, json_reply, text_reply
from flowlattice.ir.model import InvalidReply

NOT_FOUND: Final = json_reply(404, {"error": "not_found"})
OTHER_SITE: Final = json_reply(403, {"error": "other_site"})
SATURATED: Final = json_reply(503, {"error": "saturated"}, (b"retry-after", b"1"))
TOO_LATE: Final = 504
SLOW_BODY: Final = json_reply(408, {"error": "request_timeout"}, (b"connection", b"close"))


def method_not_allowed(allow: bytes) -> Reply:
    """405 with the methods there are."""
    return json_reply(405, {"error": "method_not_allowed"}, (b"allow", allow))


def options(allow: bytes) -> Reply:
    """204 with the methods there are."""
    return Reply(204, headers=((b"allow", allow),))


def rate_limited(seconds: float) -> Reply:
    """429 with the seconds after which there is a token again."""
    return json_reply(429, {"error": "rate_limited"}, (b"retry-after", b"%d" % retry_after(seconds)))


def node_busy(run: str, wait: timedelta) -> Reply:
    """503 with the seconds after which a node takes records again."""
    after = (b"retry-after", b"%d" % retry_after(wait.total_seconds()))
    return json_reply(503, {"error": "saturated", "run": run}, after)


def budget_exceeded(run: str, wait: timedelta | None) -> Reply:
    """429, with the seconds until there is a new budget where a new day brings one."""
    after = () if wait is None else ((b"retry-after", b"%d" % retry_after(wait.total_seconds())),)
    return json_reply(429, {"error": "budget_exhausted", "run": run}, *after)


def unanswered(run: str, wait: timedelta | None) -> Reply:
    """503: somebody else did not answer, and may do later."""
    after = () if wait is None else ((b"retry-after", b"%d" % retry_after(wait.total_seconds())),)
    return json_reply(503, {"error": "unavailable", "run": run}, *after)


def too_large(limit: int) -> Reply:
    """413; the connection is closed, so that the rest of the body is not read."""
    return json_reply(413, {"error": "content_too_large", "max_bytes": limit}, (b"connection", b"close"))


def unsupported(accepted: tuple[str, ...]) -> Reply:
    """415 with the media types that would do."""
    accept = (b"accept", ", ".join(accepted).encode())
    return json_reply(415, {"error": "unsupported_media_type", "accepts": list(accepted)}, accept)


def unsupported_encoding() -> Reply:
    """415: the body has to come as it is."""
    error: JsonValue = {"error": "unsupported_content_encoding", "accepts": ["identity"]}
    return json_reply(415, error, (b"accept-encoding", b"identity"))


def deadline_exceeded(run: str) -> Reply:
    """504."""
    return json_reply(TOO_LATE, {"error": "deadline_exceeded", "run": run})


def internal(run: str) -> Reply:
    """500 with the run's id, under which the log says more."""
    return json_reply(500, {"error": "internal", "run": run})


def key_held(run: str) -> Reply:
    """503: another request with the same key is still under way."""
    return json_reply(503, {"error": "same_request_under_way", "run": run}, (b"retry-after", b"1"))


def key_in_doubt(run: str) -> Reply:
    """409: the same request was made before, and it is not known what became of it."""
    return json_reply(409, {"error": "in_doubt", "run": run})


def key_settled(run: str) -> Reply:
    """409: the same request was made before and did what it does, and its answer is not known."""
    return json_reply(409, {"error": "already_happened", "run": run})


def accepted(run: str) -> Reply:
    """202 with the run's id."""
    return json_reply(202, {"run": run})


def invalid_input(problems: list[Problem], replies: Iterable[InvalidReply]) -> Reply:
    """The first of the trigger's replies that fits any of the problems, else 422 with each field and its reason."""
    for reply in replies:
        fitting = [problem for problem in problems if _fits(problem, reply)]
        if fitting:
            marks = _Marks(problems, fitting[0])
            if reply.text is not None:
                return text_reply(reply.status, marks.in_text(reply.text))
            if reply.body is not None:
                return json_reply(reply.status, marks.in_json(reply.body))
            return _every_reason(reply.status, problems)
    return _every_reason(422, problems)


def _every_reason(status: int, problems: list[Problem]) -> Reply:
    fields: JsonValue = [{"field": problem.field, "reason": problem.reason} for problem in problems]
    return json_reply(status, {"error": "invalid_input", "fields": fields})


def _fits(problem: Problem, reply: InvalidReply) -> bool:
    return (not reply.fields or problem.name in reply.fields) and reply.problem in {None, problem.kind}


class _Marks:
    """What `$fields`, `$field` and `$reason` stand for."""

    def __init__(self, problems: list[Problem], first: Problem) -> None:
        self._names = list(dict.fromkeys(problem.name for problem in problems))
        self._first = first

    def in_text(self, text: str) -> str:
        # `$fields` first, since `$field` is the beginning of it.
        return (
            text.replace("$fields", ", ".join(self._names))
            .replace("$field", self._first.name)
            .replace("$reason", self._first.reason)
        )

    def in_json(self, body: JsonValue) -> JsonValue:
        match body:
            case "$fields":
                return list(self._names)
            case str():
                return self.in_text(body)
            case list():
                return [self.in_json(item) for item in body]
            case dict():
                return {name: self.in_json(item) for name, item in body.items()}
            case _:
                return body
