"""The profile cannot honour something that the flow asks for.

A flow is written for a profile, and each profile honours a part of the language, by design and whatever is installed. A
web process answers requests: it does not collect windows over many of them, wait for people, partition or spill. Queue
workers do not wait for people either. Temporal consumes no topics, and carries hundreds of records a second, not
thousands. A WebAssembly guest has no sockets and nobody who looks at it. `flows plan PATH --all` says which
profiles can run a flow, and what stands in the way of the others.

HTTP triggers read every field of an accepted record from the path, the query, a form or a JSON body: what is neither
text, a number, a boolean, a date nor a list of these has no form as text and can only come from a JSON body.

## Bad

```python
from flowlattice import Flow, Record, http

class Line(Record, data="public"):
    qty: int

class Order(Record, data="public"):
    lines: list[Line]

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.get("/orders", accepts=Order))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Line(Record, data="public"):
    qty: int

class Order(Record, data="public"):
    lines: list[Line]

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, flow.respond())
```

## Fix

None: what to do without is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check import hosting
from flowlattice.check.context import CheckContext
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = hosting.CODE
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find what the flow's own profile cannot honour; how it answers is DAG102."""
    for found in hosting.unsupported(flow, flow.profile):
        if found.code == CODE:
            yield found
