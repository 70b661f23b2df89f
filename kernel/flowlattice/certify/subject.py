"""What checks look at: the loaded flow, its routes with generated inputs, and hosts of it without sockets.

It lives in the sandboxed process, beside the untrusted code.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import PinnedClock, Randomness
from flowlattice.certify.model import Example
from flowlattice.certify.requests import Request
from flowlattice.engine.calls import CallRecord, MemoryCallLog
from flowlattice.engine.inputs import InputReader, RejectedInput
from flowlattice.engine.limits import OwnLimits
from flowlattice.engine.runtime import bind
from flowlattice.hosts.inprocess import InProcess, Patience
from flowlattice.hosts.web import WebApp
from flowlattice.hosts.web.text import read_fields
from flowlattice.ir.fields import FieldSource, field_sources
from flowlattice.ir.model import FlowIR, Node, Surface, Trigger
from flowlattice.language.loading import Program
from flowlattice.plan import plan
from flowlattice.record import Record

_PATIENCE = Patience(pieces=200, seconds=0.2)  # streams may go on for ever
_PINNED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> JsonValue:
        """The body as JSON, a stream of events as the list of their data; none where it is neither."""
        if self.headers.get("content-type") == "text/event-stream":
            return [_data(event) for event in self.text.split("\n\n")[:-1] if event != ":"]
        return _json(self.text, None)


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route with inputs for it.

    Attributes:
        trigger: The IR's trigger.
        schema: JSON Schema of what it accepts.
        valid: Values that the record accepts, the most plausible one first.
        strict: Whether every node behind it is strict, so that its answers repeat.
        replies: The statuses of the responds that it can reach, without those of its invalid replies.
        gap: Why there are no generated inputs; none if there are.
    """

    trigger: Trigger
    schema: Mapping[str, JsonValue]
    valid: tuple[dict[str, JsonValue], ...]
    accepts: type[Record]
    strict: bool
    replies: frozenset[int] = frozenset()
    gap: str | None = None

    @property
    def title(self) -> str:
        """Method and path."""
        return f"{self.trigger.method} {self.trigger.path}"

    @property
    def has_text(self) -> bool:
        """Whether a field comes from text: a path, a query, a form or a header."""
        return any(source.origin not in {"body", "whole"} for source in self.sources)

    @property
    def sources(self) -> tuple[FieldSource, ...]:
        """Where its fields come from."""
        return field_sources(self.trigger, dict(self.schema))

    def refuses(self, value: dict[str, JsonValue]) -> bool:
        """Whether the record itself refuses a value as the request carries it (a query turns 7 into the text "7")."""
        sources = [source for source in self.sources if source.origin not in {"body", "whole"}]
        texts = {source.name: _as_texts(value[source.name]) for source in sources if source.name in value}
        texts |= {source.name: ["made by the host"] for source in sources if source.origin == "session"}
        read, problems = read_fields(sources, {name: given for name, given in texts.items() if given})
        rest = {name: item for name, item in value.items() if name not in texts}
        try:
            InputReader(self.accepts).from_values({**rest, **read}, problems)
        except RejectedInput:
            return True
        return False


@dataclass(frozen=True)
class Host:
    """A host of the flow without sockets."""

    driver: InProcess
    log: MemoryCallLog

    async def send(self, request: Request) -> Answer:
        """Send a request through the whole host."""
        kind = {"content-type": request.content_type} if request.content_type else {}
        headers = {**kind, **request.headers}
        body = (request.body or "").encode()
        response = await self.driver.request(
            request.method, request.target, headers=headers, body=body, patience=_PATIENCE
        )
        return Answer(status=response.status, headers=response.headers, text=response.body.decode("utf-8", "replace"))

    def calls(self) -> list[CallRecord]:
        """The capability calls so far."""
        return list(self.log.calls)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The flow under certification."""

    program: Program
    ir: FlowIR
    examples: tuple[Example, ...]
    routes: tuple[Route, ...]

    @property
    def statuses(self) -> set[int]:
        """The statuses that the flow's responds declare."""
        found = {surface.config.get("status") for surface in self.ir.surfaces if surface.kind == "respond"}
        return {status for status in found if isinstance(status, int)}

    @property
    def limits(self) -> tuple[Surface, ...]:
        """The rate limits of what comes in, whose excess is refused; what goes into a single node waits instead."""
        starts = {node.id for node in self.ir.triggers()}
        found = (surface for surface in self.ir.surfaces if surface.kind == "rate_limit")
        return tuple(surface for surface in found if starts.issuperset(surface.targets))

    @asynccontextmanager
    async def host(self, *, limited: bool = False) -> AsyncIterator[Host]:
        """A fresh host with fresh local doubles; without the flow's rate limit unless that is what is looked at.

        A limited host's buckets get nothing back over time, so that what they let in does not depend on this machine.
        """
        limits = self.limits if limited else ()
        surfaces = tuple(surface for surface in self.ir.surfaces if surface.kind != "rate_limit" or surface in limits)
        ir = self.ir.model_copy(update={"surfaces": surfaces})
        log = MemoryCallLog()
        bindings = LocalBindings(clock=PinnedClock(_PINNED), rng=Randomness(seed=7))
        # What a flow of the profile dev asks of its host, the web host may be unable to keep.
        runtime = bind(plan(ir, "dev" if ir.profile == "dev" else "web"), self.program, ir, bindings, log)
        async with InProcess(WebApp([runtime], limits=OwnLimits(clock=lambda: 0.0))) as driver:
            yield Host(driver, log)


def _data(event: str) -> JsonValue:
    text = "\n".join(line.removeprefix("data: ") for line in event.split("\n") if line.startswith("data: "))
    return _json(text, text)


def _json(text: str, otherwise: JsonValue) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return otherwise
    return value


def accepted(accepts: type[Record], value: JsonValue) -> bool:
    """Whether a record takes a value."""
    try:
        InputReader(accepts).from_json(json.dumps(value).encode())
    except RejectedInput:
        return False
    return True


def behind(ir: FlowIR, start: Node) -> list[Node]:
    """All nodes that a node leads to."""
    nodes = {node.id: node for node in ir.nodes}
    found: dict[object, Node] = {}
    waiting = [start.id]
    while waiting:
        for edge in ir.outgoing(waiting.pop()):
            if edge.target_id not in found:
                found[edge.target_id] = nodes[edge.target_id]
                waiting.append(edge.target_id)
    return list(found.values())


def _as_texts(value: JsonValue) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return ["true" if item is True else "false" if item is False else str(item) for item in items]
