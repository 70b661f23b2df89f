"""A file of the flow uses what a flow may not use.

A flow is untrusted until it is approved, and is read before it is run. It may import `flowlattice` and an allow-list
of modules that compute and do nothing else, from its own folder by relative imports, and it may not reach the
machinery of Python (`__class__`, `eval`, `getattr` by a made-up name). What a node needs from outside, it asks for as
a capability.

## Bad

```python
import os

from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

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

None: ask for a capability instead, or compute it another way.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "LOAD002"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nothing: a flow that has IR was admitted."""
    yield from ()
