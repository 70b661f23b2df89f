"""Something is named that is bound to nothing.

A name that refers to another part of the flow has to meet it: `flow.egress("stripe", ...)` a parameter of a node, the
parameter of a path (`/items/{id}`) a field of the record that the trigger accepts, and so does each field that an
answer to invalid input is for; the fields that a flow is partitioned by those of the records. A side output that
something is connected to (`charge.side("failed")`) has to be given out by a `DeadLetter("failed")`, and a variable that
a node asks for has to be given by the flow, `flow.vars(Limits())`. One that meets nothing is a slip of the pen, and
what it was to do is not done.

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
from flowlattice.check.dataflow import texts
from flowlattice.check.fields import fields_of, input_fields
from flowlattice.check.finding import edge_name, edge_source, finding, listed, nearest
from flowlattice.check.places import defined
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
    for node in flow.nodes:
        yield from _of_variables(flow, node)
        yield from _of_cache(flow, node)
        yield from _of_tenant(flow, node)
    yield from _of_side_outputs(flow)
    yield from _of_partitions(flow)


def _of_variables(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """Variables that a node asks for and the flow does not give."""
    given = {variable.name for variable in flow.variables}
    missing = [name for name in node.variables if name not in given]
    if missing:
        others = {use.binding for use in node.capabilities} | {u.partition(": ")[0] for u in node.unknown_capabilities}
        asked = [p for p in node.parameters[1:] if p.name not in others and p.annotation != "Context"]
        source = asked[0].source if len(asked) == 1 else defined(node)
        record = (asked[0].annotation if len(asked) == 1 else None) or "Limits"
        many = "variables" if len(missing) > 1 else "variable"
        message = f"{node.name} asks for the {many} {listed(missing)}, which the flow does not give"
        yield finding(CODE, message, source, node=node.name, help=f"give it: flow.vars({record}(...))")


def _of_cache(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """Fields and variables that a cache goes by and that are not there."""
    if node.cache is None:
        return
    known, variables = input_fields(flow, node), [variable.name for variable in flow.variables]
    for name in (name for name in node.cache.fields if name not in known):
        message = f"results of {node.name} are kept by {name}, no field of {node.in_schema}{nearest(name, known)}"
        yield finding(CODE, message, defined(node), node=node.name, help=f"its fields are {listed(known)}")
    for name in (name for name in node.cache.invalidate if name not in {"version", *variables}):
        message = f"results of {node.name} are void when {name} changes, no variable{nearest(name, variables)}"
        text = 'name the version of the flow or one of its variables: invalidate=("version",)'
        yield finding(CODE, message, defined(node), node=node.name, help=text)


def _of_tenant(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """A field that names whom a budget is for and that is not there."""
    budget = None if node.ai is None else node.ai.budget
    known = input_fields(flow, node)
    if budget is not None and budget.tenant is not None and budget.tenant not in known:
        name = budget.tenant
        message = f"the budget of {node.name} is for each {name}, no field of {node.in_schema}{nearest(name, known)}"
        yield finding(CODE, message, defined(node), node=node.name, help=f"its fields are {listed(known)}")


def _of_side_outputs(flow: FlowIR) -> Iterator[Diagnostic]:
    """Edges from side outputs that a node does not have."""
    for edge in flow.edges:
        node = flow.node(edge.source_id)
        if edge.case is None or node.kind in {"switch", "if"} or edge.case in node.side_outputs:
            continue
        message = f"{node.name} has no side output {edge.case}{nearest(edge.case, node.side_outputs)}"
        text = f'send what fails there: flow.on_error({node.name}, DeadLetter("{edge.case}"))'
        yield finding(CODE, message, edge_source(flow, edge), edge=edge_name(flow, edge), help=text)


def _of_partitions(flow: FlowIR) -> Iterator[Diagnostic]:
    """Fields that a partition goes by and its records have not."""
    for surface in (surface for surface in flow.surfaces if surface.kind == "partition"):
        node = flow.node(surface.targets[0])
        carried = {edge.carries for edge in flow.incoming(node.id) if edge.carries is not None}
        for schema in sorted(carried):
            known = list(fields_of(flow, schema))
            for name in (name for name in texts(surface.config.get("fields")) if name not in known):
                message = f"{node.name} is partitioned by {name}, no field of {schema}{nearest(name, known)}"
                text = f"its fields are {listed(known)}"
                yield finding(CODE, message, surface.source or node.source, node=node.name, help=text)


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
