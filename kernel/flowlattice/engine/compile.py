"""Compiling: units become closures. What never waits becomes a plain call without any `await` below it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from flowlattice.engine.attempts import Failure
from flowlattice.engine.failures import UserCode
from flowlattice.engine.functions import Choose, Functions
from flowlattice.engine.nodes import BoundCall, BoundInline
from flowlattice.engine.outlet import Outlet
from flowlattice.engine.pieces import Pieces
from flowlattice.engine.reply import Reply, renderer
from flowlattice.engine.run import Run
from flowlattice.engine.runnable import NotRunYet
from flowlattice.engine.streams import Awaited, BoundStream, Otherwise
from flowlattice.errors import DeadlineExceeded, NodeFailed
from flowlattice.language.combinators import DEFAULT_CASE
from flowlattice.plan import AnyUnit, Branch, Call, ExecPlan, Fan, Hop, Merge, Respond, Segment

_log = logging.getLogger("flowlattice.engine")

Plain: TypeAlias = Callable[[object, Run], Reply | None]


@dataclass(frozen=True)
class Step:
    """A compiled unit with all that follows: exactly one of the two forms."""

    plain: Plain | None = None
    awaited: Awaited | None = None

    def as_awaited(self) -> Awaited:
        """The step as a coroutine function."""
        if self.awaited is not None:
            return self.awaited
        plain = self.as_plain()

        async def call(record: object, run: Run) -> Reply | None:
            return plain(record, run)

        return call

    def as_plain(self) -> Plain:
        """The step as a plain function; only for one that does not wait."""
        if self.plain is None:
            raise TypeError("a step that waits has no plain form")
        return self.plain


class Compiler:
    """Compiles the units of one plan, each once for every way it is reached."""

    def __init__(self, plan: ExecPlan, functions: Functions) -> None:
        self._units = {unit.name: unit for unit in plan.units}
        self._last = {step.node: step.retry.then for step in plan.steps}
        self._names = {placement.unit: placement.node for placement in plan.placements}
        self._functions = functions
        self._done: dict[tuple[str, int | None], Step] = {}

    def fan(self, fan: Fan, source: str) -> Step:
        """What happens to a record that leaves `source`."""
        steps = [self._hop(hop) for hop in fan.hops]
        if not steps:
            return Step(plain=_output(source))
        if len(steps) == 1:
            return steps[0]
        if all(step.plain is not None for step in steps):
            return Step(plain=_one_by_one([step.as_plain() for step in steps]))
        waits = [step for step in steps if step.plain is None]
        if fan.concurrent and len(waits) == 1:
            return Step(awaited=_plain_first(steps))
        awaited = [step.as_awaited() for step in steps]
        return Step(awaited=_together(awaited) if fan.concurrent else _in_turn(awaited))

    def _hop(self, hop: Hop) -> Step:
        key = (hop.to, hop.timeout_ms)
        if key not in self._done:
            self._done[key] = self._unit(self._units[hop.to], hop.timeout_ms)
        return self._done[key]

    def _unit(self, unit: AnyUnit, timeout_ms: int | None) -> Step:
        match unit:
            case Segment():
                return self._segment(unit)
            case Call():
                return self._call(unit, timeout_ms)
            case Branch():
                return self._branch(unit)
            case Merge():
                return self.fan(unit.next, unit.name)
            case Respond():
                return _respond(unit)
            case _:
                raise NotRunYet(f"{unit.kind} nodes ({unit.name})")

    def _segment(self, unit: Segment) -> Step:
        bound = self._functions.calls.get(unit.nodes[0])
        if bound is not None:
            return self._waited_for(unit, bound, None)
        nodes = [self._functions.inline[node] for node in unit.nodes]
        after = self.fan(unit.next, nodes[-1].name)
        run_nodes = _chain(nodes)
        if after.plain is not None:
            return Step(plain=_then(run_nodes, after.plain))
        return Step(awaited=_then_awaited(run_nodes, after.as_awaited()))

    def _call(self, unit: Call, timeout_ms: int | None) -> Step:
        bound = self._functions.calls[unit.node]
        bounds = [bound_ms for bound_ms in (unit.timeout_ms, timeout_ms) if bound_ms is not None]
        timeout = min(bounds) / 1000 if bounds else None
        return self._waited_for(unit, bound, timeout)

    def _waited_for(self, unit: Segment | Call, bound: BoundCall | BoundStream, timeout: float | None) -> Step:
        after = self.fan(unit.next, bound.name).as_awaited()
        otherwise = self._otherwise(unit, bound.name)
        if isinstance(bound, BoundStream):
            return Step(awaited=lambda record, run: bound.pull(record, run, timeout, after, otherwise))
        if otherwise is not None:
            return Step(awaited=_or_otherwise(bound, timeout, after, otherwise))

        async def call(record: object, run: Run) -> Reply | None:
            return await after(await bound.call(record, run, timeout), run)

        return Step(awaited=call)

    def _otherwise(self, unit: Segment | Call, node: str) -> Otherwise | None:
        """What happens to a record that a node failed on for good; none where the run fails."""
        strategy, _, to = self._last.get(unit.name, "fail").partition(" ")
        if strategy != "dead_letter":
            return None
        step = self.fan(unit.side[to], node) if to in unit.side else Step(plain=_put_aside(to))
        return _dead_letter(node, to, step.as_awaited())

    def _branch(self, unit: Branch) -> Step:
        choose = self._functions.choices[unit.node]
        steps = {case: self.fan(fan, unit.name) for case, fan in unit.cases.items()}
        name = self._names.get(unit.name, unit.name)
        if all(step.plain is not None for step in steps.values()):
            return Step(plain=_branch({case: step.as_plain() for case, step in steps.items()}, choose, name))
        return Step(awaited=_branch_awaited({case: step.as_awaited() for case, step in steps.items()}, choose, name))


def _output(node: str) -> Plain:
    def call(record: object, run: Run) -> None:
        if run.outputs is not None:
            run.outputs.append((node, record))

    return call


def _put_aside(side: str) -> Plain:
    def call(record: object, run: Run) -> None:
        if run.aside is not None:
            run.aside.append((side, record))

    return call


def _dead_letter(node: str, side: str, then: Awaited) -> Otherwise:
    def call(record: object, run: Run, error: Failure) -> Coroutine[None, None, Reply | None]:
        name = type(error.cause if isinstance(error, NodeFailed) else error).__name__
        said = {"run": run.id, "flow": run.flow, "node": node}
        _log.warning("node %s failed in run %s: %s; its record went to %s", node, run.id, name, side, extra=said)
        return then(record, run)

    return call


def _or_otherwise(bound: BoundCall, timeout: float | None, after: Awaited, otherwise: Otherwise) -> Awaited:
    async def call(record: object, run: Run) -> Reply | None:
        try:
            value = await bound.call(record, run, timeout)
        except (NodeFailed, DeadlineExceeded) as error:
            failed = error
        else:
            return await after(value, run)
        return await otherwise(record, run, failed)

    return call


def _respond(unit: Respond) -> Step:
    if not unit.goes_out_in_pieces:
        return Step(plain=_respond_whole(unit))
    return Step(awaited=_respond_on_and_on(unit) if unit.stream else _respond_item_by_item(unit))


def _respond_whole(unit: Respond) -> Plain:
    render, name = renderer(unit), unit.name

    def call(record: object, run: Run) -> Reply:
        with UserCode(name, run):  # what cannot be written as the answer is the flow's fault, not the caller's
            reply = render(record)
        if run.outputs is not None:
            run.outputs.append((name, record))
        if run.answer is not None:
            run.answer(reply)
        return reply

    return call


def _respond_on_and_on(unit: Respond) -> Awaited:
    """An answer of which each record is the next piece."""
    pieces, name = Pieces(unit), unit.name

    def call(record: object, run: Run) -> Coroutine[None, None, None]:
        outlet = run.outlet
        with UserCode(name, run):
            chunk = pieces.encode(record)
            head = None if outlet is None or outlet.source is pieces else pieces.head(record)
        if run.outputs is not None:
            run.outputs.append((name, record))
        if outlet is None:
            return _nowhere()
        return outlet.write(chunk) if head is None else _begin(outlet, pieces, head, chunk)

    return call


def _respond_item_by_item(unit: Respond) -> Awaited:
    """An answer whose pieces are the items of one record."""
    pieces, name = Pieces(unit), unit.name

    async def call(record: object, run: Run) -> None:
        with UserCode(name, run):
            head, chunks = pieces.head(record), pieces.items(record)
        if run.outputs is not None:
            run.outputs.append((name, record))
        if run.outlet is not None:
            await _begin(run.outlet, pieces, head, *chunks)

    return call


async def _begin(outlet: Outlet, source: object, head: Reply, *chunks: bytes) -> None:
    await outlet.begin(source, head)
    for chunk in chunks:
        await outlet.write(chunk)


async def _nowhere() -> None:
    """Nobody takes it."""


def _chain(nodes: list[BoundInline]) -> Callable[[object, Run], object]:
    if len(nodes) == 1 and nodes[0].with_run is not None:
        name, with_run = nodes[0].name, nodes[0].with_run

        def single(record: object, run: Run) -> object:
            with UserCode(name, run):
                return with_run(record, run)

        return single
    steps = [(node.name, node.function) for node in nodes]

    def call(record: object, run: Run) -> object:
        with UserCode("", run) as code:
            for code.node, function in steps:
                record = function(record)
        return record

    return call


def _then(first: Callable[[object, Run], object], after: Plain) -> Plain:
    return lambda record, run: after(first(record, run), run)


def _then_awaited(first: Callable[[object, Run], object], after: Awaited) -> Awaited:
    return lambda record, run: after(first(record, run), run)


def _one_by_one(steps: list[Plain]) -> Plain:
    def call(record: object, run: Run) -> Reply | None:
        reply = None
        for step in steps:
            reply = step(record, run) or reply
        return reply

    return call


def _plain_first(steps: list[Step]) -> Awaited:
    """The same as all at once where only one of them waits, without a task."""
    at = next(index for index, step in enumerate(steps) if step.plain is None)
    before, after = ([step.as_plain() for step in part] for part in (steps[:at], steps[at + 1 :]))
    awaited = steps[at].as_awaited()
    first, last = _one_by_one(before), _one_by_one(after)

    async def call(record: object, run: Run) -> Reply | None:
        reply, final = first(record, run), last(record, run)
        waited = await awaited(record, run)
        return final or waited or reply

    return call


def _in_turn(steps: list[Awaited]) -> Awaited:
    async def call(record: object, run: Run) -> Reply | None:
        reply = None
        for step in steps:
            reply = await step(record, run) or reply
        return reply

    return call


def _together(steps: list[Awaited]) -> Awaited:
    async def call(record: object, run: Run) -> Reply | None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(step(record, run)) for step in steps]
        except BaseExceptionGroup as failed:
            raise _first(failed) from None
        return next((reply for task in reversed(tasks) if (reply := task.result()) is not None), None)

    return call


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _branch(steps: Mapping[str, Plain], choose: Choose, name: str) -> Plain:
    otherwise = steps.get(DEFAULT_CASE)

    def call(record: object, run: Run) -> Reply | None:
        with UserCode(name, run):
            chosen = choose(record)
        step = steps.get(_case(chosen), otherwise)
        return None if step is None else step(record, run)

    return call


def _branch_awaited(steps: Mapping[str, Awaited], choose: Choose, name: str) -> Awaited:
    otherwise = steps.get(DEFAULT_CASE)

    async def call(record: object, run: Run) -> Reply | None:
        with UserCode(name, run):
            chosen = choose(record)
        step = steps.get(_case(chosen), otherwise)
        return None if step is None else await step(record, run)

    return call


def _case(chosen: object) -> str:
    if isinstance(chosen, bool):
        return "true" if chosen else "false"
    return str(chosen)
