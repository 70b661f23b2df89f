"""One route at work: limits, reading, running, answering, counting."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any, Final

from pydantic import JsonValue

from flowlattice.engine import BoundTrigger, Problem, RejectedInput, Reply, Run, Runtime
from flowlattice.engine.backends import EffectInDoubt, ResultUnknown
from flowlattice.engine.inputs import json_object, json_value
from flowlattice.engine.limits import Limits
from flowlattice.engine.reply import EVENTS, JSON, NO_CONTENT
from flowlattice.errors import (
    BudgetExceeded,
    CallFailed,
    DeadlineExceeded,
    FlowlatticeError,
    NodeBusy,
    NodeFailed,
    ReservationHeld,
)
from flowlattice.hosts.logs import about
from flowlattice.hosts.web import replies
from flowlattice.hosts.web.asgi import ClientGone, Receive, Scope, Send, disconnected, send_reply
from flowlattice.hosts.web.bodies import Refused, check_head, read_body, read_form
from flowlattice.hosts.web.compression import Packing, compressed, worth_it
from flowlattice.hosts.web.csrf import form_guard
from flowlattice.hosts.web.metrics import RouteMetrics
from flowlattice.hosts.web.sessions import Sessions
from flowlattice.hosts.web.started import Started
from flowlattice.hosts.web.streaming import STALLED_S, HeadOnly, Stream
from flowlattice.hosts.web.text import MAX_PARAMETERS, pairs, read_fields
from flowlattice.record import Record

_COMMON: Final = frozenset({"query", "form", "body"})  # what is not here has a place that no other may stand in for
SLOWEST_BODY_S: Final = 30.0
CLIENT_GONE: Final = 499
_COMES_BACK: Final = b"last-event-id"

_log = logging.getLogger("flowlattice.web")


class Door:
    """What all routes of one flow share at the door: how many requests are inside, and the rate limits.

    Attributes:
        runtime: The flow.
        inside: How many requests are under way.
        streams: How many of them are answered in pieces.
        readers: Those whose clients come back for the rest.

    Args:
        runtime: The flow.
        limits: Where its buckets come from.
        most: How many requests may be inside at once.
    """

    def __init__(self, runtime: Runtime, limits: Limits, most: int) -> None:
        self.runtime = runtime
        self.inside = 0
        self.streams = 0
        self.readers: dict[Stream, asyncio.Task[object]] = {}
        self._most = most
        self._buckets = tuple(
            limits.bucket(f"{runtime.plan.flow} {number}", limit.qps, limit.burst)
            for number, limit in enumerate(runtime.plan.rate_limits)
        )

    def send_readers_away(self) -> None:
        """End the answers that their readers go on with elsewhere."""
        for stream, task in self.readers.items():
            if stream.begun is not None:
                task.cancel()

    def turns_away(self, metrics: RouteMetrics) -> Reply | None:
        """The answer to a request that may not come in: 503 when the flow is saturated, 429 over a rate limit."""
        if self.inside >= self._most:
            metrics.turned_away("saturated")
            return replies.SATURATED
        for bucket in self._buckets:
            wait = bucket.take()
            if wait:
                metrics.turned_away("rate_limited")
                return replies.rate_limited(wait)
        return None


class Endpoint:
    """One route of one flow."""

    def __init__(self, door: Door, trigger: BoundTrigger, metrics: RouteMetrics) -> None:
        self._door = door
        self._runtime = door.runtime
        self._trigger = trigger
        self._plan = trigger.plan
        self._metrics = metrics
        limit = trigger.plan.deadline_ms
        self._body_s = SLOWEST_BODY_S if limit is None else limit / 1000
        fields = trigger.plan.fields
        self._texts = tuple(source for source in fields if source.origin not in {"body", "whole"})
        self._whole = next((source.name for source in fields if source.origin == "whole"), None)
        self._headers = {source.name.lower().encode(): source.name for source in fields if source.origin == "header"}
        self._elsewhere = frozenset(source.name for source in fields if source.origin not in _COMMON)
        self._has_query = any(source.origin == "query" for source in fields)
        self._has_body = any(source.origin in {"body", "form"} for source in fields)
        self._sessions = Sessions.of(trigger.plan, door.runtime.plan.flow)
        self._guard = form_guard(trigger.plan)
        self._is_plain = trigger.plan.respond == "on_last" and trigger.step.awaited is None
        self._in_text = trigger.answers.in_text
        self._can_be_resumed = trigger.plan.method == "GET" and trigger.answers.can_be_resumed
        self._in_pieces = trigger.answers.in_pieces and trigger.plan.respond != "immediate"

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, parameters: dict[str, str], *, head: bool = False
    ) -> None:
        """Answer one request."""
        started = time.monotonic()
        door = self._door
        reply = door.turns_away(self._metrics)
        if reply is None:
            door.inside += 1
            run = self._runtime.new_run()
            if self._sessions is not None:
                run.visitor = self._sessions.visitor(scope["headers"])
                parameters = {**parameters, self._sessions.field: run.visitor.given}
                send = self._sessions.sending(send, run.visitor)
            try:
                if self._in_pieces:
                    sink = Packing(send, scope["headers"], head_only=head) if self._in_text else send
                    stream = Stream(sink, self._trigger.answers.opening, head_only=head)
                    reply = await self._answer_in_pieces(scope, receive, parameters, run, started, stream)
                else:
                    reply = await self._answer(scope, receive, parameters, run, started)
            except ClientGone:
                self._metrics.answered(CLIENT_GONE, time.monotonic() - started)
                return
            finally:
                if not run.goes_on:
                    door.inside -= 1
        if reply is not None:
            if worth_it(reply):
                reply = await compressed(reply, scope["headers"])
            await send_reply(send, reply, head=head)
            self._metrics.answered(reply.status, time.monotonic() - started)

    async def _answer(
        self, scope: Scope, receive: Receive, parameters: dict[str, str], run: Run, started: float
    ) -> Reply:
        try:
            record = await self._read(scope, receive, parameters)
            if self._is_plain:
                return await self._runtime.execute(self._trigger, record, run, started) or NO_CONTENT
            return await self._waited_for(record, run, receive, started) or NO_CONTENT
        except Exception as error:  # noqa: BLE001 - the last boundary: whatever else fails is 500 and one line in the log
            return self._excuse(error, run)

    async def _answer_in_pieces(  # noqa: PLR0913, PLR0917 - a request and what is made of it
        self, scope: Scope, receive: Receive, parameters: dict[str, str], run: Run, started: float, stream: Stream
    ) -> Reply | None:
        """Run and send what comes of it; an answer that has not begun is returned."""
        run.outlet = stream
        self._door.streams += 1
        task = asyncio.current_task()
        if self._can_be_resumed and task is not None:
            self._door.readers[stream] = task
        status = CLIENT_GONE
        try:
            record = await self._read(scope, receive, parameters)
            reply = await self._waited_for(record, run, receive, started, stream)
            if stream.begun is None and (reply is not None or self._is_silent(scope)):
                return reply or NO_CONTENT
            status = await stream.end()
        except HeadOnly:
            status = 200 if stream.begun is None else stream.begun.status
        except ClientGone:
            if stream.is_stalled:
                said = {"run": run.id, "flow": run.flow}
                _log.warning("run %s was given up: its client took nothing for %g s", run.id, STALLED_S, extra=said)
        except asyncio.CancelledError:
            await stream.fail("shutting_down", run.id)
            raise
        except Exception as error:  # noqa: BLE001 - the last boundary, as above
            reply = self._excuse(error, run)
            if stream.begun is None:
                return reply
            status = reply.status
            if not isinstance(error, NodeFailed):  # which is in the log with its node
                said = about(error, run=run.id, flow=run.flow)
                _log.warning("run %s failed after its answer had begun: %s", run.id, type(error).__name__, extra=said)
            await stream.fail(_code(reply), run.id)
        finally:
            stream.close()
            self._door.readers.pop(stream, None)
            self._door.streams -= 1
        self._metrics.answered(status, (stream.begun_at or time.monotonic()) - started)
        return None

    def _is_silent(self, scope: Scope) -> bool:
        """Whether a stream without a piece is 204: by that, a reader of events that came back learns to stay away."""
        opening = self._trigger.answers.opening
        return opening is None or (
            opening.content_type == EVENTS and any(name == _COMES_BACK for name, _ in scope["headers"])
        )

    def _excuse(self, error: Exception, run: Run) -> Reply:
        """What is answered where something failed.

        Raises:
            ClientGone: There is nobody to answer.
        """
        match error:
            case RejectedInput():
                return replies.invalid_input(error.problems, self._plan.invalid)
            case Refused():
                return error.reply
            case FlowlatticeError():
                return _failure(error, run)
            case _:
                _log_failure(None, run, error)
                return replies.internal(run.id)

    # Runs that wait: the client may leave, and the answer may go out before the run is over.

    async def _waited_for(
        self, record: Record, run: Run, receive: Receive, started: float, stream: Stream | None = None
    ) -> Reply | None:
        work = asyncio.create_task(self._runtime.execute(self._trigger, record, run, started))
        if self._plan.respond == "immediate":
            self._goes_on(work, run)
            return replies.accepted(run.id)
        return await self._answered(work, run, receive, stream)

    async def _answered(
        self, work: asyncio.Task[Reply | None], run: Run, receive: Receive, stream: Stream | None
    ) -> Reply | None:
        early: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._plan.respond == "explicit":

            def answer(reply: Reply) -> None:
                if not early.done() and (stream is None or stream.begun is None):
                    early.set_result(reply)

            run.answer = answer
        gone = asyncio.create_task(disconnected(receive) if stream is None else stream.watch(receive))
        try:
            waiting: set[asyncio.Future[Any]] = {work, early, gone}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if early.done():
                self._goes_on(work, run)
                return early.result()
            if work.done():
                return work.result()
            raise ClientGone("the client went away while the run was under way")
        finally:
            gone.cancel()
            if not work.done() and not run.goes_on:
                if stream is not None:
                    stream.close()
                run.cancel()
                work.cancel()
                await asyncio.wait({work})

    def _goes_on(self, work: asyncio.Task[Reply | None], run: Run) -> None:
        """Let a run go on after its answer; it stays inside until it is done, and its failure is logged."""
        run.goes_on = True
        run.keep(work)
        work.add_done_callback(lambda _: self._over(work, run))

    def _over(self, work: asyncio.Task[Reply | None], run: Run) -> None:
        self._door.inside -= 1
        error = None if work.cancelled() else work.exception()
        if isinstance(error, NodeFailed):
            _log_failure(error.node, run, error.cause)
        elif error is not None:
            said = about(error, run=run.id, flow=run.flow)
            _log.warning("run %s failed after it was answered: %s", run.id, type(error).__name__, extra=said)

    # Reading.

    async def _read(self, scope: Scope, receive: Receive, parameters: dict[str, str]) -> Record:
        reader = self._trigger.reader
        if not self._texts and self._whole is None:
            if self._has_body:
                return reader.from_json(await self._body(scope, receive))
            self._check_site(scope)
            return reader.from_json(b"")
        given = {name: [value] for name, value in parameters.items()}
        members: dict[str, JsonValue] = {}
        if self._has_query:
            self._add(_query(scope["query_string"]), given)
        if self._headers:
            self._add_headers(scope["headers"], given)
        if self._whole is not None:
            sent = await self._body(scope, receive)
            members = {self._whole: json_value(sent)} if sent.strip() else {}
        elif self._has_body and self._plan.body == "form":
            self._check_site(scope)
            content_type = check_head(scope["headers"], "form", self._plan.max_body_bytes)
            self._add(read_form(await self._received(receive), content_type), given)
        elif self._has_body:
            found = json_object(await self._body(scope, receive))
            members = {name: value for name, value in found.items() if name not in self._elsewhere}
        else:
            self._check_site(scope)
        values, problems = read_fields(self._texts, given)
        return reader.from_values({**members, **values}, problems)

    def _add(self, pairs_: list[tuple[str, str]], given: dict[str, list[str]]) -> None:
        for name, value in pairs_:
            if name not in self._elsewhere:  # a path parameter comes from the path alone, a header from the headers
                given.setdefault(name, []).append(value)

    def _add_headers(self, headers: Iterable[tuple[bytes, bytes]], given: dict[str, list[str]]) -> None:
        for name, value in headers:
            if (field := self._headers.get(name.lower())) is not None:
                given.setdefault(field, []).append(value.decode("utf-8", "surrogateescape").strip())

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        if not check_head(scope["headers"], "json", self._plan.max_body_bytes):
            self._check_site(scope)
        return await self._received(receive)

    def _check_site(self, scope: Scope) -> None:
        if self._guard is not None:
            self._guard.check(scope["headers"])

    async def _received(self, receive: Receive) -> bytes:
        reading = Started(read_body(receive, self._plan.max_body_bytes))
        if reading.is_done:  # as nearly always: it came with the head
            return reading.result
        try:
            async with asyncio.timeout(self._body_s):
                return await reading
        except TimeoutError:
            raise Refused(replies.SLOW_BODY) from None


def _query(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return pairs(encoded)
    except ValueError:
        reason = f"must have at most {MAX_PARAMETERS} parameters"
        raise RejectedInput([Problem(field="query", name="query", kind="value", reason=reason)]) from None


def _failure(error: FlowlatticeError, run: Run) -> Reply:
    match error:
        case DeadlineExceeded():
            return replies.deadline_exceeded(run.id)
        case EffectInDoubt():
            return replies.key_in_doubt(run.id)
        case ResultUnknown():
            return replies.key_settled(run.id)
        case ReservationHeld():
            return replies.key_held(run.id)
        case NodeBusy():
            return replies.node_busy(run.id, error.retry_after)
        case ClientGone():
            raise error
        case NodeFailed(cause=BudgetExceeded() as cause):
            return replies.budget_exceeded(run.id, cause.retry_after)
        case NodeFailed(cause=CallFailed(kind="rate_limited" | "transient") as cause):
            _log_failure(error.node, run, cause)
            return replies.unanswered(run.id, cause.retry_after)
        case NodeFailed():
            _log_failure(error.node, run, error.cause)
        case _:
            _log_failure(None, run, error)
    return replies.internal(run.id)


def _code(reply: Reply) -> str:
    """The code of what went wrong, as the answer would have said it."""
    told = json_value(reply.body) if reply.content_type == JSON else None
    return str(told["error"]) if isinstance(told, dict) and "error" in told else "failed"


def _log_failure(node: str | None, run: Run, cause: BaseException) -> None:
    """One line with the place, without the cause's text, which may hold what the client sent."""
    who = "the host" if node is None else f"node {node}"
    said = about(cause, run=run.id, flow=run.flow, node=node)
    _log.error("%s failed in run %s: %s at %s", who, run.id, said["error"], said["place"], extra=said)
