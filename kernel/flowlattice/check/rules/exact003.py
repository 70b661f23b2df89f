"""An effect is forgotten before its record can come again.

A record that was not acknowledged comes again after the visibility timeout, and so on until it was delivered
`max_deliveries` times. As long as that can take, the key of its effect has to be remembered, and never for less than
300 s: callers repeat requests too. With a shorter TTL the last delivery finds nothing and the effect happens again.
Without one, keys are remembered for a day.

## Bad

```python
from flowlattice import DbWrite, DedupeStore, Flow, Profile, Record, by, minutes, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id", ttl=minutes(10)))
async def store(order: Order, orders: DbWrite, seen: DedupeStore) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order, visibility_timeout=minutes(5), max_deliveries=5))
flow.connect(jobs, store)
```

## Good

```python
from flowlattice import DbWrite, DedupeStore, Flow, Profile, Record, by, hours, minutes, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id", ttl=hours(1)))
async def store(order: Order, orders: DbWrite, seen: DedupeStore) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order, visibility_timeout=minutes(5), max_deliveries=5))
flow.connect(jobs, store)
```

## Fix

Safe: the TTL is raised to what is needed, which is remembering longer and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.exactly_once import DEFAULT_TTL_MS, Returns
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import defined, named
from flowlattice.check.values import duration, in_words
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Idempotency

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "EXACT003"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find keys that are forgotten too soon."""
    returns = Returns(flow)
    for node in flow.nodes:
        if node.idempotency is None or not node.uses("dedupe"):
            continue
        needed, kept = returns.longest_ms(node), _kept(node.idempotency)
        if 0 < kept < needed:  # no time at all is CTRL101
            time = in_words(needed)
            message = f"{node.name} remembers its effects for {in_words(kept)}, but records can come again for {time}"
            fix, text = offer("safe", f"remember them for {time}"), f"by(..., ttl={duration(needed)[0]})"
            yield finding(CODE, message, defined(node), node=node.name, help=text, fix=fix)


def _kept(key: Idempotency) -> int:
    return DEFAULT_TTL_MS if key.ttl_ms is None else key.ttl_ms


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Raise the TTL to what is needed."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    if node is None or node.definition is None:
        return None
    ttl, unit = duration(Returns(flow).longest_ms(node))
    return codemods.set_option_keyword(module, node.definition, "idempotency", "ttl", ttl, names=[unit])
