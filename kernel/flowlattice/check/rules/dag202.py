"""Something is named that is bound to nothing.

A name that refers to another part of the flow has to meet it: `flow.egress("stripe", ...)` a parameter of a node, the
parameter of a path (`/items/{id}`) a field of the record that the trigger accepts, and so does each field that an
answer to invalid input is for. One that meets nothing is a slip of the pen, and what it was to do is not done.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo/{name}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo/{v}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

None: which of the two names is meant is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.fields import fields_of
from flowlattice.check.finding import finding, listed, nearest
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG202"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find names that meet nothing."""
    bindings = sorted({use.binding for node in flow.nodes for use in node.capabilities})
    for grant in flow.egress:
        if grant.binding not in bindings:
            message = (
                f"egress is declared for {grant.binding}, which no node asks for{nearest(grant.binding, bindings)}"
            )
            yield finding(CODE, message, grant.source, help="name the parameter of the node that is to reach the hosts")
    for node in flow.triggers():
        yield from _of_trigger(flow, node)


def _of_trigger(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    trigger = node.trigger
    if trigger is None or node.out_schema is None:
        return
    known = list(fields_of(flow, node.out_schema))
    for name in re.findall(r"\{([^{}]*)\}", trigger.path or ""):
        if name not in known:
            message = f"the path's {{{name}}} is no field of {node.out_schema}{nearest(name, known)}"
            yield finding(CODE, message, node.source, node=node.name, help=f"its fields are {listed(known)}")
    for name in (name for reply in trigger.invalid for name in reply.fields):
        if name not in known:
            message = f"an answer to invalid input is for {name}, no field of {node.out_schema}{nearest(name, known)}"
            yield finding(CODE, message, node.source, node=node.name, help=f"its fields are {listed(known)}")
