"""The cases of a switch are faulty.

A switch names its cases once: at least one, none twice, each a text that is not empty and not `default`, which is the
way of everything else. Where the type of its function says which texts it returns (`Literal["bug", "sale"]`), a case
that is none of them can never be chosen.

## Bad

```python
from flowlattice import Flow, Record, Switch, http

class Ticket(Record, data="public"):
    kind: str

def by_kind(ticket: Ticket) -> str:
    return ticket.kind

flow = Flow("tickets", version="1.0.0")
hook = flow.trigger(http.post("/tickets", accepts=Ticket))
kinds = Switch(by_kind, cases=["bug", "sale", "bug"])
flow.connect(hook, kinds)
flow.connect(kinds.case("bug"), flow.respond(status=201, name="bug"))
flow.connect(kinds.case("sale"), flow.respond(status=202, name="sale"))
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

None: which cases are meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, listed
from flowlattice.check.routing import switches
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CTRL110"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find cases that are none."""
    for switch in switches(flow):
        for problem in _problems(switch.cases, switch.values):
            message = f"the switch {switch.node.name} {problem}"
            yield finding(CODE, message, switch.node.source, node=switch.node.name)


def _problems(cases: tuple[str, ...], values: tuple[str, ...] | None) -> Iterator[str]:
    if not cases:
        yield "has no cases"
    for case in dict.fromkeys(case for case in cases if cases.count(case) > 1):
        yield f"has the case {case!r} twice"
    if "" in cases:
        yield "has a case without a name"
    if "default" in cases:
        yield "has a case 'default', which is the name of the way of everything else"
    never = [case for case in dict.fromkeys(cases) if values is not None and case not in values]
    if never and values is not None:
        yield f"has the case {listed(map(repr, never))}, but its function returns only {listed(map(repr, values))}"
