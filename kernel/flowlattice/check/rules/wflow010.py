"""Code that runs inside a workflow does not repeat.

On Temporal a workflow is replayed: after a crash, or on another worker, its code runs again over the recorded history
and has to take the same decisions. What decides where records go or how they are split, paired and added up runs there
as it is; only nodes become activities, whose results are recorded. A clock, a random source, the order of a set or a
call that cannot be read would take another decision on replay, and the workflow would stop with an error for good.

## Bad

```python
from datetime import UTC, datetime

from flowlattice import Flow, If, Profile, Record, http, node

class Invoice(Record, data="internal"):
    invoice_id: str

def is_early(invoice: Invoice) -> bool:
    return datetime.now(UTC).hour < 12

@node
def accept(invoice: Invoice) -> Invoice:
    return invoice

@node
def postpone(invoice: Invoice) -> Invoice:
    return invoice

flow = Flow("invoices", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/invoices", accepts=Invoice, respond="immediate"))
gate = If(is_early)
flow.connect(hook, gate)
flow.connect(gate.true, accept)
flow.connect(gate.false, postpone)
```

## Good

```python
from datetime import datetime

from flowlattice import Clock, Flow, If, Profile, Record, http, node

class Invoice(Record, data="internal"):
    invoice_id: str

class Stamped(Record, data="internal"):
    invoice_id: str
    at: datetime

@node
def stamp(invoice: Invoice, clock: Clock) -> Stamped:
    return Stamped(invoice_id=invoice.invoice_id, at=clock.now())

def is_early(invoice: Stamped) -> bool:
    return invoice.at.hour < 12

@node
def accept(invoice: Stamped) -> Stamped:
    return invoice

@node
def postpone(invoice: Stamped) -> Stamped:
    return invoice

flow = Flow("invoices", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/invoices", accepts=Invoice, respond="immediate"))
gate = If(is_early)
flow.connect(hook, stamp)
flow.connect(stamp, gate)
flow.connect(gate.true, accept)
flow.connect(gate.false, postpone)
```

## Fix

None: what does not repeat has to move into a node before it, whose result is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.check.claims import at_claim
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "WFLOW010"
SEVERITY: Severity = "error"

_INLINE: Final = frozenset({"switch", "if", "foreach", "zip", "join", "distinct", "window", "aggregate", "merge"})
"""Kinds of nodes whose functions run in the workflow itself."""


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find what would differ on replay."""
    for node in flow.nodes if flow.profile == "temporal" else ():
        if node.kind in _INLINE and (node.effects != "pure" or node.determinism != "strict"):
            yield from _causes(node)


def _causes(node: Node) -> Iterator[Diagnostic]:
    text = "do it in a node before it, whose result is recorded"
    for reason in node.reasons:
        told = at_claim(node, reason)
        message = f"{node.name} runs inside the workflow and is {reason.level}: it {told.because}"
        yield finding(CODE, message, told.source, node=node.name, help=text)
