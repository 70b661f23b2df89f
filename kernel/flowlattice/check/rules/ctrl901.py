"""The host cannot do something that the flow asks for.

A flow is written for a profile, and each profile's host can do a part of the language. The web host takes HTTP
triggers alone, runs nodes, switches, ifs and merges, and delivers at least once; it does not stream, partition, wait
for people or collect windows. It reads every field of an accepted record from the path, the query, a form or a JSON
body: what is neither text, a number, a boolean, a date nor a list of these has no form as text and can only come from
a JSON body.

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
    """Find what the flow's own profile cannot do; a profile without a host here is judged where there is one."""
    if flow.profile in hosting.HOSTED:
        yield from hosting.unsupported(flow, flow.profile)
