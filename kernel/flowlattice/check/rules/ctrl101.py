"""A timeout is not positive.

A timeout, a deadline or the time a key is remembered for is a duration above zero. One of zero or less would end every
attempt before it began. So are the size, the slide and the gap of a window, the time that records wait for each other
or are remembered, and after which a partition counts as idle; the time that a batch or a person is waited for, that
results are kept, and that is promised. The lateness that a window allows and the pause before a retry may be zero, not
less. A trigger for which the spec states a deadline (`--facts`) has to have one.

## Bad

```python
from flowlattice import Flow, Record, http, ms

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req, deadline=ms(0)))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, ms

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req, deadline=ms(250)))
flow.connect(hook, flow.respond())
```

## Fix

Safe, where the spec states the deadline of a trigger: it gets it. Else none: how long is long enough is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Final

from flowlattice.check.context import CheckContext
from flowlattice.check.facts import stated
from flowlattice.check.finding import edge_name, finding
from flowlattice.check.places import controlled, defined
from flowlattice.check.values import duration
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import FlowIR, Node, Source, Trigger

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "CTRL101"
SEVERITY: Severity = "error"

_SURFACES: Final = {
    "size_ms": "the size",
    "slide_ms": "the slide",
    "gap_ms": "the gap",
    "lateness_ms": "the allowed lateness",
    "idle_ms": "the time until a partition is idle",
    "within_ms": "the time that records are kept",
}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find durations that are over before they begin."""
    for node in flow.nodes:
        for what, given_ms in _durations(node):
            if given_ms is not None and given_ms <= 0:
                message = f"{what} of {node.name} is {given_ms} ms"
                fix = None if what != "the deadline" else _offered(node, context)
                yield finding(CODE, message, defined(node), node=node.name, fix=fix)
    for surface in flow.surfaces:
        for field, what in _SURFACES.items():
            given = surface.config.get(field)
            if isinstance(given, int) and (given < 0 or (given == 0 and field != "lateness_ms")):
                node = flow.node(surface.targets[0])
                yield finding(CODE, f"{what} of {node.name} is {given} ms", node.source, node=node.name)
    for edge in flow.edges:
        if edge.timeout_ms is not None and edge.timeout_ms <= 0:
            message = f"the timeout of {edge_name(flow, edge)} is {edge.timeout_ms} ms"
            yield finding(CODE, message, controlled(flow, edge, "timeout"), edge=edge_name(flow, edge))
    for message, source in (*_of_handlers(flow), *_of_promises(flow)):
        yield finding(CODE, message, source)
    yield from _missing_deadlines(flow, context)


def _of_handlers(flow: FlowIR) -> Iterator[tuple[str, Source]]:
    """Pauses before retries, and the time that people have."""
    for surface in flow.surfaces:
        if surface.kind == "error_handler":
            name, source = flow.node(surface.targets[0]).name, surface.source or flow.source
            pause, factor = surface.config.get("backoff_ms"), surface.config.get("factor")
            if isinstance(pause, int) and pause < 0:
                yield f"the pause before a retry of {name} is {pause} ms", source
            if factor is not None and not (isinstance(factor, int | float) and isfinite(factor) and factor > 0):
                yield f"each pause before a retry of {name} is {factor} times as long as the one before", source
    for checkpoint in flow.checkpoints:
        if checkpoint.ttl_s is not None and checkpoint.ttl_s <= 0:
            yield f"the checkpoint {checkpoint.id} waits {checkpoint.ttl_s} s", checkpoint.source or flow.source


def _of_promises(flow: FlowIR) -> Iterator[tuple[str, Source]]:
    for slo in flow.slos:
        if slo.latency_ms is not None and slo.latency_ms <= 0:
            yield f"the promised latency is {slo.latency_ms} ms", slo.source or flow.source


def _missing_deadlines(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Triggers without the deadline that the spec states."""
    for node in flow.triggers():
        stated_ms = context.facts.deadline(node.name)
        if stated_ms is not None and node.trigger is not None and _lacks_deadline(node.trigger):
            time = duration(stated_ms)[0]
            message, text = f"{node.name} has no deadline, and the spec states {time}", f"write deadline={time}"
            yield finding(CODE, message, node.source, node=node.name, help=text, fix=_offered(node, context))


def _offered(trigger: Node, context: CheckContext) -> Fix | None:
    stated_ms = context.facts.deadline(trigger.name)
    return None if stated_ms is None else stated(f"give it {duration(stated_ms)[0]}")


def _lacks_deadline(trigger: Trigger) -> bool:
    return trigger.kind == "http" and trigger.respond != "immediate" and trigger.deadline_ms is None


def _durations(node: Node) -> Iterator[tuple[str, int | None]]:
    yield "the timeout", node.timeout_ms
    if node.trigger is not None:
        yield "the deadline", node.trigger.deadline_ms
        yield "the visibility timeout", node.trigger.visibility_timeout_ms
        yield "the time until a partition is idle", node.trigger.idle_ms
    yield "the time the key is remembered for", None if node.idempotency is None else node.idempotency.ttl_ms
    yield "the time results are kept for", None if node.cache is None else node.cache.ttl_ms
    yield "the time a batch is waited for", None if node.batch is None else node.batch.within_ms


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Give a trigger the deadline that the spec states."""
    from flowlattice.check import codemods

    known = None if found.node is None else context.facts.deadline(found.node)
    if known is None:
        return None
    value, unit = duration(known)
    return codemods.set_trigger_keyword(module, codemods.place_of(found), "deadline", value, [unit])
