"""One node alone: a node of a loaded flow of any profile, behind a trigger of its own, run by the real engine.

It has all that it has in its flow: its grants, egress, credentials and variables, its key with what remembers it, its
attempts and their bound in time, its cache, what undoes it. Its attempts are those of the flow's own profile; only the
waits between them are cut short. What chooses a way, a switch or an if, and what splits a record, is run as the node
that gives what the function returns. What comes out of a stream is the list of its items.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, cast

from pydantic import JsonValue, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import PinnedClock, Randomness
from flowlattice.capabilities import Clock
from flowlattice.certify._alone_flow import AloneFlow, NotAlone, flow_of_one
from flowlattice.certify.doubles import WatchedBindings
from flowlattice.engine.backends import Bindings
from flowlattice.engine.calls import CallRecord, MemoryCallLog
from flowlattice.engine.inputs import RejectedInput
from flowlattice.engine.runtime import Runtime, bind
from flowlattice.errors import (
    CallFailed,
    DeadlineExceeded,
    EgressDenied,
    EngineUnavailable,
    FlowlatticeError,
    NodeFailed,
    UsageError,
)
from flowlattice.ir.model import FlowIR, Node
from flowlattice.language.annotations import NO_TYPE, parameters
from flowlattice.language.loading import Program
from flowlattice.plan.retries import RetryPlan
from flowlattice.plausible import plausible
from flowlattice.record import Record

__all__ = ["PINNED", "Alone", "AloneHost", "Failure", "NotAlone", "Outcome", "alone", "pinned_bindings", "with_code"]

PINNED: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
"""The time at which a pinned clock starts."""
_SETTLE_S: Final = 10.0
_KINDS: Final = {
    EgressDenied: "policy_denied",
    RejectedInput: "invalid_input",
    DeadlineExceeded: "deadline",
    PydanticSerializationError: "unwritable",
}
_NO_SCHEMA: Final = (PydanticUserError, PydanticSchemaGenerationError, TypeError, NameError)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How a run of a node failed.

    Attributes:
        type: The name of the exception's class: what the node raised, or what the engine says.
        kind: What it means: one of `CallFailed`'s, `policy_denied` for a host that may not be reached, `invalid_input`
            for what the node finds invalid, `deadline`, `unwritable` for a result that is no JSON, else `error`.
        text: What it says; it may quote the input.
    """

    type: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run of a node came to.

    Attributes:
        output: What it gave as JSON, the list of what it gave for a stream; none where it failed or gave nothing.
        failure: How it failed; none if it did not.
        aside: What went to side outputs, by their names, in order.
        calls: The capability calls, as the run log has them.
    """

    output: JsonValue = None
    failure: Failure | None = None
    aside: tuple[tuple[str, JsonValue], ...] = ()
    calls: tuple[CallRecord, ...] = ()

    @property
    def text(self) -> str:
        """What it came to as one text, the order of everything kept: equal texts are equal byte for byte."""
        failed = None if self.failure is None else [self.failure.type, self.failure.kind, self.failure.text]
        return json.dumps([self.output, failed, self.aside])


@dataclass(frozen=True)
class AloneHost:
    """Where a node is run, with what it keeps from run to run."""

    alone: Alone
    runtime: Runtime
    log: MemoryCallLog

    async def run(self, value: JsonValue) -> Outcome:
        """Run the node on a value of its input; a value that is none is a failure of kind `invalid_input`."""
        try:
            record = self.alone.record(value)
        except (ValidationError, ValueError) as error:
            return Outcome(failure=Failure(type=type(error).__name__, kind="invalid_input", text=str(error)[:500]))
        before, run = len(self.log.calls), self.runtime.new_run(collect=True)
        failure, output = None, cast("JsonValue", None)
        try:
            await self.runtime.execute(self.runtime.triggers[0], cast("Record", record), run, time.monotonic())
            items = [_plain(item) for _, item in run.outputs or ()]
            output = items if self.alone.node.stream else next(iter(items), None)
        except (FlowlatticeError, PydanticSerializationError) as error:
            failure = _failure(error)
        await self.runtime.settle(_SETTLE_S)
        aside = tuple((side, _plain(item)) for side, item in run.aside or ())
        return Outcome(output=output, failure=failure, aside=aside, calls=tuple(self.log.calls[before:]))


@dataclass(frozen=True)
class Alone:
    """A node that can be run alone.

    Attributes:
        node: It, as the IR of its flow has it.
        flow: The flow that it is alone in.
        recorded: Inputs that were recorded of it.
    """

    node: Node
    flow: AloneFlow
    recorded: tuple[JsonValue, ...] = ()

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @property
    def retry(self) -> RetryPlan:
        """Its attempts, as its flow's profile makes them."""
        return self.flow.retry

    @cached_property
    def schema(self) -> Mapping[str, JsonValue]:
        """JSON Schema of its input.

        Raises:
            NotAlone: Its input has none.
        """
        return cast("Mapping[str, JsonValue]", self._reader.json_schema(by_alias=True))

    def record(self, value: JsonValue) -> object:
        """The node's input that a value is.

        Raises:
            ValidationError: It is none.
        """
        return self._reader.validate_json(json.dumps(value), by_alias=True, by_name=False)

    def accepts(self, value: JsonValue) -> bool:
        """Whether a value is an input of the node."""
        try:
            self.record(value)
        except (ValidationError, ValueError):
            return False
        return True

    def inputs(self, count: int, *, drawn: dict[str, list[JsonValue]] | None = None) -> list[JsonValue]:
        """Inputs: those that were recorded, a plausible one, and generated ones, `count` of these at most.

        The same each time: bounds, Unicode, extremes, and values from everywhere.

        Args:
            count: How many are generated.
            drawn: What was generated for other nodes, by their schemas; what is generated here is added.

        Raises:
            NotAlone: None can be generated, and none was recorded.
        """
        from flowlattice.certify.inputs import NotGeneratedError, valid_inputs  # imports hypothesis, for this alone

        first = plausible(self.schema)
        ready = [value for value in (*self.recorded, first) if self.accepts(value)]
        known, schema = {} if drawn is None else drawn, json.dumps(self.schema)
        try:
            if schema not in known:
                known[schema] = valid_inputs(self.schema, self.accepts, count=count)
        except NotGeneratedError as error:
            if not ready:
                raise NotAlone(f"{self.name}: {error}; record an input of it") from error
        found = [*ready, *filter(self.accepts, known.get(schema, ()))]
        if not found:
            raise NotAlone(f"{self.name}: no generated input is one that it takes; record an input of it")
        return list({json.dumps(value): value for value in found}.values())

    @asynccontextmanager
    async def host(
        self, bindings: Bindings | None = None, log: MemoryCallLog | None = None, *, clock: Clock | None = None
    ) -> AsyncIterator[AloneHost]:
        """Where it is run: what it is bound to is closed in the end.

        Args:
            bindings: What its capabilities are bound to; pinned local doubles by default.
            log: Where capability calls are recorded.
            clock: Its clock capability's; that of the bindings by default.

        Raises:
            NotAlone: Something that it asks for cannot be had here.
        """
        used = pinned_bindings() if bindings is None else bindings
        known = MemoryCallLog() if log is None else log
        bound = used if clock is None else WatchedBindings(used, clock=clock)
        try:
            runtime = bind(self.flow.plan, self.flow.program, self.flow.ir, bound, known)
        except (UsageError, EngineUnavailable) as error:
            await bound.close()
            raise NotAlone(f"{self.name}: {error}") from error
        try:
            yield AloneHost(self, runtime, known)
        finally:
            await runtime.close()

    @cached_property
    def _reader(self) -> TypeAdapter[Any]:
        kind = next(iter(parameters(self.flow.function).values()), NO_TYPE)
        try:
            return TypeAdapter(cast("Any", kind))
        except _NO_SCHEMA as error:
            raise NotAlone(f"{self.name}: its input has no schema; give its first parameter a type") from error


def alone(program: Program, ir: FlowIR, name: str, *, recorded: Sequence[JsonValue] = ()) -> Alone:
    """A node of a loaded flow, to be run alone.

    Args:
        program: The flow.
        ir: Its IR.
        name: The node's name.
        recorded: Inputs that were recorded of it.

    Raises:
        NotAlone: There is no such node, or it cannot be run alone; one line that says why.
    """
    node = next((one for one in with_code(ir) if one.name == name), None)
    if node is None:
        raise NotAlone(f"{name}: the flow {ir.name} has no such node with code of its own")
    return Alone(node, flow_of_one(program, ir, node), tuple(recorded))


def with_code(ir: FlowIR) -> tuple[Node, ...]:
    """The nodes that can be looked at alone: those that a function of the flow makes up."""
    return tuple(node for node in ir.nodes if node.kind in {"node", "plugin", "if", "switch", "foreach"})


def pinned_bindings() -> LocalBindings:
    """Local doubles in memory, with a pinned clock and a seeded random source."""
    return LocalBindings(clock=PinnedClock(PINNED), rng=Randomness(seed=7))


def _plain(value: object) -> JsonValue:
    plain: JsonValue = to_jsonable_python(value, by_alias=True, bytes_mode="base64", inf_nan_mode="strings")
    return plain


def _failure(error: Exception) -> Failure:
    cause = error.cause if isinstance(error, NodeFailed) else error
    return Failure(type=type(cause).__name__, kind=_kind(cause), text=str(cause)[:500])


def _kind(cause: BaseException) -> str:
    if isinstance(cause, CallFailed):
        return cause.kind
    return next((kind for known, kind in _KINDS.items() if isinstance(cause, known)), "error")
