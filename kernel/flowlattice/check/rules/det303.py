"""A voucher vouches for nothing.

`@node(vouch=[...])` names calls that cannot be resolved and that you say are pure, as they are written in the body. A
name that answers no such call says something that nobody relies on: the call is gone, is spelled differently, or is
known for what it is. What is known to read a clock or to reach outside cannot be vouched for.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node(vouch=["tidy"])
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Fix

None: leave the name out, or spell it as the call is spelled. Which of the two is meant is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DET303"
SEVERITY: Severity = "warning"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find names that are vouched for in vain."""
    for node in flow.nodes:
        for name in node.unneeded_vouchers:
            message = f"{node.name} vouches for {name}, but nothing in its body needs that"
            place = node.definition or node.source
            yield finding(CODE, message, place, severity=SEVERITY, node=node.name, help=f"leave {name!r} out of vouch")
