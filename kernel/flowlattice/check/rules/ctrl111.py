"""An edge leaves a switch by a case it does not have.

The ways out of a switch are its cases and `default`. An edge for another case never carries anything, and an edge that
names no case does not say when it is taken.

## Bad

```python
from flowlattice import Flow, Record, Switch, http

class Ticket(Record, data="public"):
    kind: str

def by_kind(ticket: Ticket) -> str:
    return ticket.kind

flow = Flow("tickets", version="1.0.0")
hook = flow.trigger(http.post("/tickets", accepts=Ticket))
kinds = Switch(by_kind, cases=["bug"])
flow.connect(hook, kinds)
flow.connect(kinds.case("bug"), flow.respond(status=201, name="bug"))
flow.connect(kinds.case("sales"), flow.respond(status=202, name="sale"))
flow.connect(kinds.default, flow.respond(status=404, name="other"))
```

## Good

```python
from flowlattice import Flow, Record, Switch, http

class Ticket(Record, data="public"):
    kind: str

def by_kind(ticket: Ticket) -> str:
    return ticket.kind

flow = Flow("tickets", version="1.0.0")
hook = flow.trigger(http.post("/tickets", accepts=Ticket))
kinds = Switch(by_kind, cases=["bug", "sale"])
flow.connect(hook, kinds)
flow.connect(kinds.case("bug"), flow.respond(status=201, name="bug"))
flow.connect(kinds.case("sale"), flow.respond(status=202, name="sale"))
flow.connect(kinds.default, flow.respond(status=404, name="other"))
```

## Fix

None: whether the case or the edge is wrong is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding, listed, nearest
from flowlattice.check.routing import switches
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL111"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges for cases that do not exist."""
    for switch in switches(flow):
        name = switch.node.name
        for edge in flow.outgoing(switch.node.id):
            if edge.case is None:
                message = f"an edge leaves the switch {name} without naming a case"
                text = f'write {name}.case("...") or {name}.default'
            elif edge.case not in {*switch.cases, "default", *switch.node.side_outputs}:
                message = f"the switch {name} has no case {edge.case!r}{nearest(edge.case, switch.cases)}"
                text = f"its cases are {listed([*map(repr, switch.cases), 'default'])}"
            else:
                continue
            yield finding(CODE, message, edge_source(flow, edge), edge=edge_name(flow, edge), help=text)
