"""A concurrency limit is out of range.

`flow.max_in_flight(n)` lets at most `n` requests be under way at once; more are answered 503. Zero or less would
answer nothing, and more than 100,000 is no limit on any host. The same holds for the `concurrency` of a node or of a
`ForEach`, which is how many records it may have under way.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.max_in_flight(0)
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.max_in_flight(200)
```

## Fix

None: how much a flow may carry is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG005"
SEVERITY: Severity = "error"

MOST = 100_000


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find concurrency limits that are no limits."""
    for node in flow.nodes:
        if node.concurrency is not None and not 1 <= node.concurrency <= MOST:
            message = f"the concurrency of {node.name}, {node.concurrency}, is not between 1 and {MOST:,}"
            yield finding(CODE, message, node.definition or node.source, node=node.name)
    given = flow.policies.get("max_in_flight")
    if given is None:
        return
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST:
        message = f"max_in_flight({given!r}) is not between 1 and {MOST:,}"
        yield finding(CODE, message, flow.places.get("max_in_flight", flow.source))
