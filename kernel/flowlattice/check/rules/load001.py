"""A file of the flow cannot be read or parsed.

The flow file and the files it imports from its folder are Python, in UTF-8. One that cannot be read, is no text, or is
no Python is reported with the place where Python stops understanding it.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
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

CODE = "LOAD001"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nothing: a flow that has IR was read."""
    yield from ()
