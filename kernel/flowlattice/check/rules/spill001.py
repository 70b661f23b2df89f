"""A buffer spills without a bound.

An edge that spills writes what does not fit into its buffer to a blob store and takes it up again later. A consumer
that is slow for a night fills the store, and nobody notices before it is full or paid for. `max_bytes` says how much
may lie there; when that is reached the producer waits.

## Bad

```python
from flowlattice import Buffer, Flow, Profile, Record, Spill, node, queue

class Click(Record, data="internal"):
    user_id: str

@node
def parse(click: Click) -> Click:
    return Click(user_id=click.user_id.strip())

flow = Flow("clicks", version="1.0.0", profile=Profile.QUEUE)
clicks = flow.trigger(queue("clicks", accepts=Click))
flow.connect(clicks, parse, buffer=Buffer(max_items=1_000, spill=Spill(blob="overflow")))
```

## Good

```python
from flowlattice import Buffer, Flow, Profile, Record, Spill, mib, node, queue

class Click(Record, data="internal"):
    user_id: str

@node
def parse(click: Click) -> Click:
    return Click(user_id=click.user_id.strip())

flow = Flow("clicks", version="1.0.0", profile=Profile.QUEUE)
clicks = flow.trigger(queue("clicks", accepts=Click))
flow.connect(clicks, parse, buffer=Buffer(max_items=1_000, spill=Spill(max_bytes=mib(64), blob="overflow")))
```

## Fix

Unsafe: 64 MiB. How much may lie in the store is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding, offer
from flowlattice.check.places import controlled
from flowlattice.check.spills import spilling
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "SPILL001"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges that may spill for ever."""
    for edge in spilling(flow):
        if edge.buffer.spill_bytes is None:
            message = f"{edge_name(flow, edge)} spills without a bound"
            fix = offer("unsafe", "let at most 64 MiB lie there")
            text = "say how much may lie there: Spill(max_bytes=mib(64), ...)"
            place = controlled(flow, edge, "buffer")
            yield finding(CODE, message, place, edge=edge_name(flow, edge), help=text, fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Bound what may lie there."""
    from flowlattice.check import codemods

    for edge in spilling(flow):
        place = controlled(flow, edge, "buffer")
        if (place.file, place.line, place.column) == (found.file, found.line, found.column):
            return codemods.set_inner_keyword(module, place, "Spill", "max_bytes", "mib(64)", names=["mib"])
    return None
