"""A buffer spills to nowhere.

What an edge spills goes to a blob store, which an environment binds like any other (`[production.overflow]`). An edge
that names no binding has nowhere to write when its buffer is full, and finds out under load. With `--env`, a binding
that the environment does not have, or that is no blob store there, is found too.

## Bad

```python
from flowlattice import Buffer, Flow, Profile, Record, Spill, mib, node, queue

class Click(Record, data="internal"):
    user_id: str

@node
def parse(click: Click) -> Click:
    return Click(user_id=click.user_id.strip())

flow = Flow("clicks", version="1.0.0", profile=Profile.QUEUE)
clicks = flow.trigger(queue("clicks", accepts=Click))
flow.connect(clicks, parse, buffer=Buffer(max_items=1_000, spill=Spill(max_bytes=mib(64))))
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

None: which store is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.finding import edge_name, finding
from flowlattice.check.places import controlled
from flowlattice.check.spills import spilling
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "SPILL002"
SEVERITY: Severity = "error"

_STORES: Final = frozenset({"folder", "s3"})


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges that spill to nowhere."""
    for edge in spilling(flow):
        name, blob = edge_name(flow, edge), edge.buffer.spill_blob
        problem = _problem(blob, context.environment)
        if problem is not None:
            message, text = problem
            yield finding(CODE, f"{name} spills {message}", controlled(flow, edge, "buffer"), edge=name, help=text)


def _problem(blob: str | None, environment: Environment | None) -> tuple[str, str] | None:
    if not blob:
        return "to no blob store", 'name a binding: Spill(..., blob="overflow")'
    if environment is None or environment.backends.get(blob) in _STORES:
        return None
    kinds = " or ".join(f'backend = "{kind}"' for kind in sorted(_STORES))
    return f"to {blob}, which is no blob store in {environment.name}", f"add [{environment.name}.{blob}] with {kinds}"
