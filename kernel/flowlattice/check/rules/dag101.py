"""A trigger leads nowhere.

A trigger starts runs; one that is connected to nothing starts runs that do nothing, and its callers wait for an answer
that nobody gives. What it rejects may go elsewhere; that is no use of what it accepts.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

None: what the flow is to do is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG101"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find triggers without an edge."""
    for trigger in flow.triggers():
        if all(edge.case in trigger.side_outputs for edge in flow.outgoing(trigger.id)):
            message = f"the trigger {trigger.name} is connected to nothing"
            yield finding(CODE, message, trigger.source, node=trigger.name, help="connect it: flow.connect(hook, node)")
