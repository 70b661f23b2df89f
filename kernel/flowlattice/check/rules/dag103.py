"""Two routes answer the same requests.

A method and a path lead to one trigger. Two paths that differ only in the names of their parameters are the same
route, and a host's own paths (`/healthz`, `/readyz`, `/metrics`) are taken.

## Bad

```python
from flowlattice import Flow, Record, http

class ById(Record, data="public"):
    id: str

class ByName(Record, data="public"):
    name: str

flow = Flow("items", version="1.0.0")
by_id = flow.trigger(http.get("/items/{id}", accepts=ById))
by_name = flow.trigger(http.get("/items/{name}", accepts=ByName))
flow.connect(by_id, flow.respond())
flow.connect(by_name, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class ById(Record, data="public"):
    id: str

class ByName(Record, data="public"):
    name: str

flow = Flow("items", version="1.0.0")
by_id = flow.trigger(http.get("/items/{id}", accepts=ById))
by_name = flow.trigger(http.get("/items/named/{name}", accepts=ByName))
flow.connect(by_id, flow.respond())
flow.connect(by_name, flow.respond())
```

## Fix

None: which route keeps the path is a decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG103"
SEVERITY: Severity = "error"

RESERVED: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find routes that are taken."""
    seen: dict[tuple[str, str], Node] = {}
    for node in flow.triggers():
        trigger = node.trigger
        if trigger is None or trigger.method is None or trigger.path is None:
            continue
        route = f"{trigger.method} {trigger.path}"
        if trigger.path in RESERVED:
            yield finding(CODE, f"{route} is the host's own", node.source, node=node.name, help="choose another path")
        key = (trigger.method, re.sub(r"\{[^{}]*\}", "{}", trigger.path))
        first = seen.setdefault(key, node)
        if first is not node:
            message = f"{route} is already the route of {first.name} (line {first.source.line})"
            yield finding(CODE, message, node.source, node=node.name, help="change the method or the path of one")
