"""Code that runs inside a workflow does not repeat.

On Temporal a workflow is replayed: after a crash, or on another worker, its code runs again over the recorded history
and has to take the same decisions. What decides where records go, how they are split, paired and added up, and what a
person is shown of them runs there as it is; only nodes become activities, whose results are recorded. A clock, a random
source, the order of a set or a call that cannot be read would take another decision on replay, and the workflow would
stop with an error for good. (Elsewhere the same is DET301 and EFFECT201, since these functions are declared strict and
pure by where they stand.)

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

from flowlattice.check.claims import at_claim, runs_in_workflow
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "WFLOW010"
SEVERITY: Severity = "error"

_HELP = "do it in a node before it, whose result is recorded"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find what would differ on replay, each place once."""
    for node in flow.nodes:
        told = set()
        # A clock is both read and different each time; that it differs is what breaks the replay.
        for reason in sorted(node.reasons if runs_in_workflow(flow, node) else (), key=lambda reason: reason.of):
            # What is only stable depends on the order of records, which the history keeps.
            if reason.level != "stable" and reason.source not in told:
                told.add(reason.source)
                cause = at_claim(node, reason)
                message = f"{node.name} runs inside the workflow and is {reason.level}: it {cause.because}"
                yield finding(CODE, message, cause.source, node=node.name, help=_HELP)
    for checkpoint in flow.checkpoints if flow.profile == "temporal" else ():
        for reason in checkpoint.view_reasons:
            what = f"the view of {checkpoint.id} is made inside the workflow and is {reason.level}"
            yield finding(CODE, f"{what}: it {reason.because}", reason.source, help=_HELP)
