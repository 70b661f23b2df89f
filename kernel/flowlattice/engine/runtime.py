"""Binding: a plan meets the loaded flow it was made from, and its triggers can be run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flowlattice.capabilities import registry
from flowlattice.engine.answers import Answers
from flowlattice.engine.backends import Bindings
from flowlattice.engine.bounds import bounded
from flowlattice.engine.calls import CallLog, NoCallLog
from flowlattice.engine.compile import Compiler, Step
from flowlattice.engine.functions import functions_of
from flowlattice.engine.inputs import REQUEST, InputReader, RejectedInput, invalid_field
from flowlattice.engine.nodes import Ways
from flowlattice.engine.reply import Reply
from flowlattice.engine.run import Run
from flowlattice.engine.runnable import check_runnable
from flowlattice.engine.saga import Saga
from flowlattice.engine.terms import Terms, terms_of
from flowlattice.engine.threads import Threads
from flowlattice.engine.throttle import Throttle
from flowlattice.engine.tracing import Tracer
from flowlattice.engine.variables import variables_of
from flowlattice.errors import DeadlineExceeded
from flowlattice.ir import model as ir
from flowlattice.ir.lower import vertices
from flowlattice.language.invalid import InvalidInput
from flowlattice.language.loading import Program
from flowlattice.language.triggers import TriggerNode
from flowlattice.operators.base import NoValueError
from flowlattice.plan import ExecPlan, TriggerPlan
from flowlattice.record import Record


@dataclass(frozen=True)
class BoundTrigger:
    """A trigger that can be run.

    Attributes:
        plan: Its plan.
        reader: Reads its records.
        step: Everything that a record sets off.
        answers: What its caller may be answered with.
    """

    plan: TriggerPlan
    reader: InputReader
    step: Step
    answers: Answers


@dataclass(frozen=True)
class Runtime:
    """A flow that can be run in this process.

    Attributes:
        plan: The plan.
        flow: The IR of the flow that it was made from.
        triggers: Its triggers.
        log: Where capability calls are recorded.
        doubles: Bindings that local doubles stand in for.
        kept: Work that goes on though nobody waits: effects that have begun, runs that were answered early.
        terms: On what terms nodes ask language models, by the names of node and binding.
        throttles: The limits of single nodes.
        tracer: Where spans go; none where nothing is traced.
        undoes: Whether effects are undone where a run fails.
    """

    plan: ExecPlan
    flow: ir.FlowIR
    triggers: tuple[BoundTrigger, ...]
    bindings: Bindings
    log: CallLog
    doubles: tuple[str, ...] = ()
    kept: set[asyncio.Task[Any]] = field(default_factory=set)
    terms: Mapping[tuple[str, str], Terms] = field(default_factory=dict)
    throttles: tuple[Throttle, ...] = ()
    tracer: Tracer | None = None
    undoes: bool = False

    def new_run(self, *, collect: bool = False) -> Run:
        """A run that has not begun."""
        return Run(self.log, self.kept, collect=collect, flow=self.plan.flow, terms=self.terms)

    def execute(
        self, trigger: BoundTrigger, record: Record, run: Run, since: float
    ) -> Coroutine[None, None, Reply | None]:
        """Run a record through the flow within the trigger's deadline.

        Args:
            trigger: Where the record enters.
            record: The record.
            run: A run that has not begun.
            since: When the request began, on the monotonic clock in seconds; the deadline counts from there.

        Raises:
            DeadlineExceeded: It took longer; the run is cancelled.
            NodeFailed: User code raised.
            NodeBusy: A node's rate limit leaves no room in time.
            RejectedInput: A node found the record invalid, or an operator has no value for what it holds.
            ReservationHeld: An effect's key is taken, and was not settled in time.
        """
        if self.undoes:
            return self._executed_or_undone(trigger, record, run, since)
        return self._executed(trigger, record, run, since)

    async def _executed_or_undone(self, trigger: BoundTrigger, record: Record, run: Run, since: float) -> Reply | None:
        run.saga = Saga()
        try:
            reply = await self._executed(trigger, record, run, since)
        except BaseException:
            run.log.ended(run.id, "failed")
            undoing = asyncio.create_task(run.saga.undo(run.after()))
            run.keep(undoing)  # it goes on though nobody waits for the run any more
            await asyncio.shield(undoing)
            raise
        run.log.ended(run.id, "completed")
        return reply

    async def _executed(self, trigger: BoundTrigger, record: Record, run: Run, since: float) -> Reply | None:
        plain, limit = trigger.step.plain, trigger.plan.deadline_ms
        try:
            if limit is None:
                return plain(record, run) if plain is not None else await trigger.step.as_awaited()(record, run)
            run.deadline = since + limit / 1000
            if plain is not None:
                reply = plain(record, run)
                if time.monotonic() > run.deadline:
                    raise _late(limit)
                return reply
            return await _in_time(trigger.step.as_awaited()(record, run), run, limit)
        except InvalidInput as error:
            raise trigger.reader.rejected(invalid_field(*problem) for problem in error.problems.items()) from None
        except NoValueError as error:
            raise RejectedInput([invalid_field(REQUEST, error.reason)]) from None

    async def settle(self, seconds: float) -> bool:
        """Wait for work that nobody waits for, at most so long; whether all of it is done."""
        if self.kept:
            await asyncio.wait(set(self.kept), timeout=seconds)
        return not self.kept

    async def close(self) -> None:
        """Give back what the bindings hold, and write what the log has still to write."""
        await self.bindings.close()
        await asyncio.to_thread(self.log.close)


def bind(  # noqa: PLR0913, PLR0917 - a flow and all that it is bound to
    plan: ExecPlan,
    program: Program,
    flow: ir.FlowIR,
    bindings: Bindings,
    log: CallLog | None = None,
    tracer: Tracer | None = None,
) -> Runtime:
    """Bind a plan to the code of the flow that it was made from.

    Args:
        plan: The plan.
        program: The loaded flow.
        flow: Its IR.
        bindings: Backends of its capabilities.
        log: Where capability calls are recorded; nowhere by default.
        tracer: Where spans go; none where nothing is traced.

    Raises:
        NotRunYet: No engine of this version runs such a plan.
        UsageError: A capability is not bound.
    """
    check_runnable(plan)
    elements = {vertex.id: vertex.element for vertex in vertices(program.flow)}
    given = variables_of(program.flow.variables, bindings.variables)
    functions = functions_of(plan, flow, elements, given, Ways(flow.name, bindings, Threads(), tracer))
    compiler = Compiler(plan, functions)
    units = {unit.name: unit for unit in plan.units}
    triggers = tuple(
        BoundTrigger(
            plan=trigger,
            reader=InputReader(cast("TriggerNode[Record]", elements[trigger.node]).trigger.emits),
            step=compiler.fan(trigger.next, trigger.name),
            answers=Answers(trigger.next, units, flow),
        )
        for trigger in plan.triggers
    )
    doubles, terms = _doubles(flow, bindings), terms_of(flow, bindings)
    log, throttles = log or NoCallLog(), functions.throttles
    return Runtime(
        plan,
        flow,
        triggers,
        bindings,
        log,
        doubles,
        terms=terms,
        throttles=throttles,
        tracer=tracer,
        undoes=functions.undoes,
    )


async def _in_time(work: Coroutine[None, None, Reply | None], run: Run, limit: int) -> Reply | None:
    try:
        async with bounded(run.remaining() or 0, run.cancel, f"a run with a deadline of {limit} ms"):
            return await work
    finally:
        run.cancel()  # whatever is still under way, in threads or kept, nobody waits for


def _late(limit: int) -> DeadlineExceeded:
    return DeadlineExceeded(f"the run took longer than {limit} ms")


def _doubles(flow: ir.FlowIR, bindings: Bindings) -> tuple[str, ...]:
    bound = {use.binding for node in flow.nodes for use in node.capabilities if _needs_binding(use.name)}
    return tuple(sorted(binding for binding in bound if bindings.is_double(binding)))


def _needs_binding(name: str) -> bool:
    """Whether something could stand in for it; a dedupe store does locally what it does anywhere."""
    declared = registry.named(name)
    return name != "dedupe" and declared is not None and declared.needs_binding
