"""A timeout is not positive.

A timeout, a deadline or the time a key is remembered for is a duration above zero. One of zero or less would end every
attempt before it began. So are the size, the slide and the gap of a window, the time that records wait for each other
or are remembered, and after which a partition counts as idle. The lateness that a window allows may be zero, not less.

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

None: how long is long enough is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

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
        for what, duration in _durations(node):
            if duration is not None and duration <= 0:
                source = node.definition or node.source
                yield finding(CODE, f"{what} of {node.name} is {duration} ms", source, node=node.name)
    for surface in flow.surfaces:
        for field, what in _SURFACES.items():
            given = surface.config.get(field)
            if isinstance(given, int) and (given < 0 or (given == 0 and field != "lateness_ms")):
                node = flow.node(surface.targets[0])
                yield finding(CODE, f"{what} of {node.name} is {given} ms", node.source, node=node.name)
    for edge in flow.edges:
        if edge.timeout_ms is not None and edge.timeout_ms <= 0:
            message = f"the timeout of {edge_name(flow, edge)} is {edge.timeout_ms} ms"
            yield finding(CODE, message, edge_source(flow, edge), edge=edge_name(flow, edge))


def _durations(node: Node) -> Iterator[tuple[str, int | None]]:
    yield "the timeout", node.timeout_ms
    if node.trigger is not None:
        yield "the deadline", node.trigger.deadline_ms
        yield "the visibility timeout", node.trigger.visibility_timeout_ms
        yield "the time until a partition is idle", node.trigger.idle_ms
    yield "the time the key is remembered for", None if node.idempotency is None else node.idempotency.ttl_ms
