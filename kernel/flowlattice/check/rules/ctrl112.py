"""A case of a switch leads nowhere.

Every record that a switch gets takes one of its ways, so every case needs an edge, and so does `default`, unless the
type of the switch's function says that it only returns the cases (`-> Literal["bug", "sale"]`). To let records end on
purpose, put a `Filter` before the switch.

## Bad

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

None: where the records are to go is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, listed
from flowlattice.check.routing import switches
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL112"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find cases, and defaults that can happen, without an edge."""
    for switch in switches(flow):
        taken = {edge.case for edge in flow.outgoing(switch.node.id)}
        missing = [case for case in dict.fromkeys(switch.cases) if case not in taken]
        if missing:
            message = f"the switch {switch.node.name} leads nowhere for {listed(map(repr, missing))}"
            yield finding(CODE, message, switch.node.source, node=switch.node.name, help="connect each case")
        exhaustive = switch.values is not None and set(switch.values) <= set(switch.cases)
        if "default" not in taken and not exhaustive:
            message = f"the switch {switch.node.name} leads nowhere for what is none of its cases"
            text = f"connect {switch.node.name}.default, or say which texts its function returns: -> Literal[...]"
            yield finding(CODE, message, switch.node.source, node=switch.node.name, help=text)
