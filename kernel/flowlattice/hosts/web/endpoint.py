"""One route at work: limits, reading, running, answering, counting."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from flowlattice.engine import BoundTrigger, Problem, RejectedInput, Reply, Run, Runtime
from flowlattice.engine.backends import EffectInDoubt, ResultUnknown
from flowlattice.engine.inputs import json_object, json_value
from flowlattice.engine.reply import NO_CONTENT
from flowlattice.errors import DeadlineExceeded, FlowlatticeError, NodeFailed, ReservationHeld
from flowlattice.hosts.web import replies
from flowlattice.hosts.web.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    disconnected,
    send_events,
    send_reply,
)
from flowlattice.hosts.web.bodies import Refused, check_head, read_body, read_form
from flowlattice.hosts.web.compression import compressed, worth_it
from flowlattice.hosts.web.csrf import form_guard
from flowlattice.hosts.web.metrics import RouteMetrics
from flowlattice.hosts.web.text import MAX_PARAMETERS, pairs, read_fields
from flowlattice.record import Record

SLOWEST_BODY_S: Final = 30.0
CLIENT_GONE: Final = 499

_log = logging.getLogger("flowlattice.web")


class Door:
    """What all routes of one flow share at the door: how many requests are inside, and the rate limits."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.inside = 0
        self._most = runtime.plan.max_in_flight
        self._buckets = runtime.buckets

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
        self._elsewhere = frozenset(source.name for source in fields if source.origin in {"path", "header", "whole"})
        self._has_query = any(source.origin == "query" for source in fields)
        self._has_body = any(source.origin in {"body", "form"} for source in fields)
        self._guard = form_guard(trigger.plan)

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
            try:
                reply = await self._answer(scope, receive, parameters, run, started)
            except ClientGone:
                self._metrics.answered(CLIENT_GONE, time.monotonic() - started)
                return
            finally:
                if not run.goes_on:
                    door.inside -= 1
        status = reply.status
        if reply.events is None:
            if worth_it(reply):
                reply = await compressed(reply, scope["headers"])
            await send_reply(send, reply, head=head)
        else:
            status = await self._stream(receive, send, reply, head, started)
        self._metrics.answered(status, time.monotonic() - started)

    async def _stream(self, receive: Receive, send: Send, reply: Reply, head: bool, started: float) -> int:
        """Send events within what is left of the deadline; the status that is counted for it."""
        limit = self._plan.deadline_ms
        left = None if limit is None else limit / 1000 - (time.monotonic() - started)
        until = None if left is None else asyncio.get_running_loop().time() + left
        self._door.inside += 1  # a request is under way until its last event is out
        try:
            await send_events(receive, send, reply, head=head, until=until)
        except ClientGone:
            return CLIENT_GONE
        except TimeoutError:
            # The answer is not completed, so that the client sees that something is missing.
            _log.warning("%s %s was cut off: its events were not taken in time", self._plan.method, self._plan.path)
            return replies.TOO_LATE
        finally:
            self._door.inside -= 1
        return reply.status

    async def _answer(
        self, scope: Scope, receive: Receive, parameters: dict[str, str], run: Run, started: float
    ) -> Reply:
        try:
            record = await self._read(scope, receive, parameters)
            if self._plan.respond == "on_last" and self._trigger.step.awaited is None:
                return await self._runtime.execute(self._trigger, record, run, started) or NO_CONTENT
            work = asyncio.create_task(self._runtime.execute(self._trigger, record, run, started))
            if self._plan.respond == "immediate":
                self._goes_on(work, run)
                return replies.accepted(run.id)
            return await self._answered(work, run, receive) or NO_CONTENT
        except RejectedInput as error:
            return replies.invalid_input(error.problems, self._plan.invalid)
        except Refused as refused:
            return refused.reply
        except FlowlatticeError as error:
            return _failure(error, run)
        except Exception as error:  # noqa: BLE001 - the last boundary: whatever else fails is 500 and one line in the log
            _log_failure("the host", run, error)
            return replies.internal(run.id)

    # Runs that wait: the client may leave, and the answer may go out before the run is over.

    async def _answered(self, work: asyncio.Task[Reply | None], run: Run, receive: Receive) -> Reply | None:
        early: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self._plan.respond == "explicit":
            run.answer = lambda reply: None if early.done() else early.set_result(reply)
        gone = asyncio.create_task(disconnected(receive))
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
            _log_failure(f"node {error.node}", run, error.cause)
        elif error is not None:
            _log.warning("run %s failed after it was answered: %s", run.id, type(error).__name__)

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
        try:
            async with asyncio.timeout(self._body_s):
                return await read_body(receive, self._plan.max_body_bytes)
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
        case ClientGone():
            raise error
        case NodeFailed():
            _log_failure(f"node {error.node}", run, error.cause)
        case _:
            _log_failure("the host", run, error)
    return replies.internal(run.id)


def _log_failure(who: str, run: Run, cause: BaseException) -> None:
    """One line with the place, without the cause's text, which may hold what the client sent."""
    frames = traceback.extract_tb(cause.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    _log.error("%s failed in run %s: %s at %s", who, run.id, type(cause).__name__, place)
