"""A checkpoint waits for ever, or nothing happens then.

People are away, and a list may be read by nobody. A checkpoint therefore says how long a record waits (`ttl=hours(24)`)
and what happens when nobody has decided by then: it is rejected (`on_timeout="reject"`), or somebody else is asked
(`on_timeout=Escalate(to="head_of_finance")`). It never counts as approved.

## Bad

```python
from flowlattice import Flow, Profile, Record, http, node

class Order(Record, data="internal"):
    order_id: str

class Card(Record, data="internal"):
    order_id: str

@node
def check_order(order: Order) -> Order:
    return order

@node
def accept(order: Order) -> Order:
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, check_order)
flow.connect(check_order, accept)
flow.hitl("review", on=check_order, view=Card)
```

## Good

```python
from flowlattice import Flow, Profile, Record, hours, http, node

class Order(Record, data="internal"):
    order_id: str

class Card(Record, data="internal"):
    order_id: str

@node
def check_order(order: Order) -> Order:
    return order

@node
def accept(order: Order) -> Order:
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=Order, respond="immediate"))
flow.connect(hook, check_order)
flow.connect(check_order, accept)
flow.hitl("review", on=check_order, view=Card, ttl=hours(24), on_timeout="reject")
```

## Fix

Safe, where the spec states how long it waits and what happens then: it says so. Else none: how long people have, and
who decides in the end, is a decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.facts import Approval, stated
from flowlattice.check.finding import finding
from flowlattice.check.values import duration
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Checkpoint, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "HITL101"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find checkpoints without an end."""
    for checkpoint in flow.checkpoints:
        missing = list(_missing(checkpoint))
        if missing:
            known = context.facts.approvals.get(checkpoint.id)
            fix = stated("say how long it waits") if known is not None and _values(known, checkpoint) else None
            message = f"the checkpoint {checkpoint.id} {' and '.join(missing)}"
            text = 'say it: ttl=hours(24), on_timeout="reject" or Escalate(to="head_of_finance")'
            source = checkpoint.source or flow.source
            yield finding(CODE, message, source, node=flow.node(checkpoint.on).name, help=text, fix=fix)


def _missing(checkpoint: Checkpoint) -> Iterator[str]:
    if checkpoint.ttl_s is None:
        yield "waits for ever"
    if checkpoint.on_timeout is None:
        yield "does not say what happens when nobody decides"


def _values(known: Approval, checkpoint: Checkpoint) -> dict[str, str]:
    """What is missing and stated, as code by the argument's name."""
    values = {}
    if checkpoint.ttl_s is None and known.ttl_ms is not None:
        values["ttl"] = duration(known.ttl_ms)[0]
    if checkpoint.on_timeout is None and known.on_timeout == "reject":
        values["on_timeout"] = '"reject"'
    if checkpoint.on_timeout is None and known.escalate_to is not None:
        values["on_timeout"] = f"Escalate(to={json.dumps(known.escalate_to, ensure_ascii=False)})"
    return values


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Say what the spec states."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for checkpoint in flow.checkpoints:
        known = context.facts.approvals.get(checkpoint.id)
        if known is not None and checkpoint.source == place:
            values = _values(known, checkpoint)
            names = [*([duration(known.ttl_ms)[1]] if known.ttl_ms is not None and "ttl" in values else []), "Escalate"]
            used = [name for name in names if any(value.startswith(name) for value in values.values())]
            return codemods.set_call_keywords(module, place, values, used)
    return None
