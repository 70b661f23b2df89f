"""The process that builds the graph gave no answer.

A flow file is run once to build its graph, in a process with limits on time, memory and output. One that passes them,
ends the process, or answers what is no graph leaves nothing to check. Building a graph only defines and connects
things; work belongs into nodes.

## Bad

```python
while True:
    pass
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

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "LOAD004"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nothing: a flow that has IR was answered."""
    yield from ()
