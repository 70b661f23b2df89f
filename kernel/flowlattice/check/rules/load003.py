"""Building the graph of the flow failed.

A flow file is run once to build its graph, in a process without network, files or time to waste. What it raises is
reported here, at the line of the flow that was running. A file that defines no flow, or several, is reported too.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req, deadline=250))
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

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "LOAD003"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nothing: a flow that has IR was built."""
    yield from ()
