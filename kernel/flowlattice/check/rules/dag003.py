"""A parameter asks for something that is no capability.

A node's first parameter is its input; every further one is a capability, chosen by its annotation and bound by the
host. A parameter with another annotation, or with none, can never be filled.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def stamp(req: Req, clock) -> Req:
    return Req(v=clock.now().isoformat())

flow = Flow("stamp", version="1.0.0")
hook = flow.trigger(http.post("/stamp", accepts=Req))
flow.connect(hook, stamp)
flow.connect(stamp, flow.respond())
```

## Good

```python
from flowlattice import Clock, Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def stamp(req: Req, clock: Clock) -> Req:
    return Req(v=clock.now().isoformat())

flow = Flow("stamp", version="1.0.0")
hook = flow.trigger(http.post("/stamp", accepts=Req))
flow.connect(hook, stamp)
flow.connect(stamp, flow.respond())
```

## Fix

None: which capability a node gets is its author's choice.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.capabilities.registry import own_types
from flowlattice.check.context import CheckContext
from flowlattice.check.fields import fields_of
from flowlattice.check.finding import finding, listed, nearest
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG003"
SEVERITY: Severity = "error"

KNOWN = tuple(own_types())


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find parameters that no capability can fill."""
    for node in flow.nodes:
        for unknown in node.unknown_capabilities:
            binding, _, annotation = unknown.partition(": ")
            source = next((p.source for p in node.parameters if p.name == binding), node.source)
            message, text = _told(flow, node, binding, annotation)
            yield finding(CODE, message, source, node=node.name, help=text)


def _told(flow: FlowIR, node: Node, binding: str, annotation: str) -> tuple[str, str]:
    """What is wrong and what to do; a parameter may stand for a field that nothing gives, as in a generated `Map`."""
    if binding in fields_of(flow, node.out_schema) and binding not in fields_of(flow, node.in_schema):
        message = f"nothing gives {node.name} its {binding}: {annotation}, which is no field of {node.in_schema}"
        return message, f"say where {binding} comes from: another field, a constant, or a variable (a class of Vars)"
    message = f"{node.name} asks for {binding}: {annotation}, which is no capability{nearest(annotation, KNOWN)}"
    return message, f"capabilities are {listed([*KNOWN, 'Context'])}"
