"""An effect is to happen exactly once where nobody can promise that.

After a crash between an effect and its record nobody knows whether it happened. It can be repeated where the receiver
does the same thing once for the same key, or where effect and key are written in one transaction; then exactly once is
true. A plain POST and a message to Kafka carry a key that nobody need look at, a mail carries none: repeating them
repeats the effect.

Where the receiver honours the key by contract, the node says so: `honours_key=True`. That is a promise about somebody
else, and the author's to make. Mail has no keys, so there nobody can make it.

A database writes a row over where it is told by which columns (`upsert`); `insert` adds another row each time it is
called, with whatever key. It happens once only where row and key are in one database, so that one transaction has
both. Without an environment nobody knows which databases they are, and nothing is said; with one, this is an error
where the DedupeStore is bound to another database than the rows: another file or server, or a double in memory. A
file is told by its path as `bindings.toml` has it; of rows that a double keeps nothing is said. Where the table itself
takes a key only once, the node says `honours_key=True`.

Whether an `upsert` names the columns that the key is made of is not looked at, nor what a body reads before it writes.

## Bad

```python
from flowlattice import DedupeStore, Flow, HttpWrite, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def announce(order: Order, shop: HttpWrite, seen: DedupeStore) -> Order:
    await shop.post("https://shop.example/orders", json=order.order_id)
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, announce, delivery="exactly_once")
flow.egress("shop", "shop.example")
```

## Good

```python
from flowlattice import DedupeStore, Flow, HttpWrite, Profile, Record, by, node, queue

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"), honours_key=True)
async def announce(order: Order, shop: HttpWrite, seen: DedupeStore) -> Order:
    await shop.post("https://shop.example/orders", json=order.order_id)
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("orders", accepts=Order))
flow.connect(jobs, announce, delivery="exactly_once")
flow.egress("shop", "shop.example")
```

## Fix

None: whether the receiver honours the key, and whether at least once is enough, only people know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.capabilities.registry import named
from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.exactly_once import Promised, promised
from flowlattice.check.finding import finding
from flowlattice.check.places import asked
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Source
from flowlattice.ir.repeating import KEYLESS

CODE = "EXACT005"
SEVERITY: Severity = "error"

_TOGETHER: Final = (
    "bind both to one database, or write the row over by its key (upsert), or say honours_key=True if the table takes "
    "a key only once"
)


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find effects that are promised once and can be repeated."""
    for given in promised(flow):
        for what, source, text in (*_repeatable(given), *_apart(given, context.environment)):
            message = f"{given.edge} promises the effect of {given.name} exactly once, but {what}"
            yield finding(CODE, message, source, node=given.within, edge=given.edge, help=text)


def _repeatable(given: Promised) -> Iterator[tuple[str, Source, str]]:
    """What a node does that a repetition would do again, where it asks for that, and what to do about it."""
    node = given.node
    honoured = node.idempotency is not None and node.idempotency.honoured
    for use in node.capabilities:
        is_keyless = use.name in KEYLESS
        if use.idempotent is not False or (honoured and not is_keyless):
            continue
        source = given.source if given.is_inner else asked(node, use.binding)
        what = "knows no keys" if is_keyless else "is not said to honour its key"
        text = 'take delivery="at_least_once"' + ("" if is_keyless else ", or honours_key=True if the receiver does")
        yield f"{use.binding} ({use.name}) {what}", source, text
    if not honoured and all(use.idempotent is None for use in node.capabilities):
        cause = next((r for r in node.reasons if r.of == "effects" and r.level == "effectful"), None)
        source = given.source if cause is None or given.is_inner else cause.source
        because = "it is declared effectful" if cause is None else f"it {cause.because}"
        yield f"{because}, which is no sink with a key", source, "do it through a capability that is one"


def _apart(given: Promised, environment: Environment | None) -> Iterator[tuple[str, Source, str]]:
    """Methods that repeat their effect, and write where what remembers is not; without that, EXACT001 has the word."""
    node = given.node
    if environment is None or (node.idempotency is not None and node.idempotency.honoured):
        return
    stores = {use.binding: environment.databases.get(use.binding) for use in node.capabilities if use.name == "dedupe"}
    for use in node.capabilities:
        declared, kept_in = named(use.name), environment.databases.get(use.binding)
        repeating = [] if declared is None else [name for name in use.methods if name in declared.repeats]
        is_double = environment.backends.get(use.binding) == "local"
        if not repeating or not stores or kept_in is None or is_double or {kept_in, None} & set(stores.values()):
            continue
        where = " and ".join(f"{binding} to {database}" for binding, database in stores.items())
        what = (
            f"{use.binding}.{repeating[0]} does it again at each call, and {environment.name} binds {use.binding} to "
            f"{kept_in}, {where}: no transaction has both"
        )
        yield what, given.source if given.is_inner else asked(node, use.binding), _TOGETHER
