"""The dev host: records from a file go through a flow one after the other; what came out is a report."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json, to_jsonable_python

from flowlattice.engine import BoundTrigger, MemoryCallLog, RejectedInput, Runtime
from flowlattice.engine.calls import CallRecord
from flowlattice.errors import DeadlineExceeded, NodeFailed, ReservationHeld, UsageError

REJECTED = "rejected"


class DevModel(BaseModel):
    """Base of the parts of a report."""

    model_config = ConfigDict(frozen=True)


class Call(DevModel):
    """A capability call, as `flows run` shows it."""

    node: str
    capability: str
    method: str
    target: str
    key: str | None
    attempt: int


class LineError(DevModel):
    """A line that the flow failed on: its number from 1, the node if one failed, and what it raised."""

    line: int
    node: str | None
    error: str


class DevReport(DevModel):
    """What a dev run came to.

    Attributes:
        run: The id of the run as a whole.
        status: `failed` when the flow failed on any line.
        outputs: The records that reached nodes without successors, in order.
        side_outputs: By name what was put aside and nothing follows; `rejected` has the lines that do not fit the
            trigger, raw.
        calls: Calls of capabilities, one for each effect.
        errors: The lines that the flow failed on.
    """

    run: str
    status: Literal["completed", "waiting", "failed"]
    outputs: list[JsonValue]
    side_outputs: dict[str, list[JsonValue]]
    calls: list[Call]
    errors: list[LineError]


def choose_trigger(runtime: Runtime, name: str | None) -> BoundTrigger:
    """The trigger of that name, or the only one.

    Raises:
        UsageError: There is none of that name, or several to choose from.
    """
    names = ", ".join(trigger.plan.name for trigger in runtime.triggers)
    if name is None and len(runtime.triggers) == 1:
        return runtime.triggers[0]
    for trigger in runtime.triggers:
        if trigger.plan.name == name:
            return trigger
    raise UsageError(
        f"--trigger is needed, one of: {names}" if name is None else f"no trigger {name}; there is {names}"
    )


async def run_lines(runtime: Runtime, trigger: BoundTrigger, lines: Iterable[bytes], log: MemoryCallLog) -> DevReport:
    """Run each line through the flow, as the body of the trigger.

    Args:
        runtime: A runtime that records its calls in `log`.
        trigger: Where the records enter.
        lines: JSON documents; empty lines are skipped.
        log: The runtime's log.
    """
    outputs: list[JsonValue] = []
    aside: dict[str, list[JsonValue]] = {REJECTED: []}
    errors: list[LineError] = []
    whole = runtime.new_run()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        run = runtime.new_run(collect=True)
        try:
            await runtime.execute(trigger, trigger.reader.from_line(text), run, time.monotonic())
        except RejectedInput:
            aside[REJECTED].append(_raw(text))
            continue
        except (NodeFailed, DeadlineExceeded, ReservationHeld) as error:
            errors.append(_line_error(number, error))
        outputs += [to_jsonable_python(record, by_alias=True) for _, record in run.outputs or ()]
        for side, record in run.aside or ():
            aside.setdefault(side, []).append(to_jsonable_python(record, by_alias=True))
    await runtime.settle(DRAIN_S)
    return DevReport(
        run=whole.id,
        status="failed" if errors else "completed",
        outputs=outputs,
        side_outputs=aside,
        calls=[_call(call) for call in log.calls],
        errors=errors,
    )


DRAIN_S = 60.0


def _raw(text: bytes) -> JsonValue:
    try:
        value: JsonValue = from_json(text)
    except ValueError:
        return text.decode("utf-8", "replace")
    return value


def _line_error(number: int, error: NodeFailed | DeadlineExceeded | ReservationHeld) -> LineError:
    if isinstance(error, NodeFailed):
        return LineError(line=number, node=error.node, error=f"{type(error.cause).__name__}: {error.cause}")
    return LineError(line=number, node=None, error=str(error))


def _call(call: CallRecord) -> Call:
    return Call.model_validate(call.model_dump(include=set(Call.model_fields)))
