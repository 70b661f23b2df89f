"""A secret opens more than is needed.

A credential is granted scopes at its provider, and the flow says which: `flow.creds("stripe_key", scopes=(...))`. Each
node says which of them it needs. A scope that no node needs is only of use to whoever gets hold of the secret.

A credential that a node asks for without saying its scopes is not judged: nothing is known of what it needs.

## Bad

```python
from typing import Annotated

from flowlattice import Creds, Flow, HttpRead, Record, http, node, scopes

class Order(Record, data="internal"):
    order_id: str

@node
async def look_up(order: Order, shop: HttpRead, shop_key: Annotated[Creds, scopes("orders:read")]) -> Order:
    answer = await shop.get(f"https://shop.example/orders/{order.order_id}", auth=shop_key)
    return Order(order_id=answer.text)

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.get("/orders/{order_id}", accepts=Order))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
flow.egress("shop", "shop.example")
flow.creds("shop_key", provider="shop", scopes=("orders:read", "orders:write"))
```

## Good

```python
from typing import Annotated

from flowlattice import Creds, Flow, HttpRead, Record, http, node, scopes

class Order(Record, data="internal"):
    order_id: str

@node
async def look_up(order: Order, shop: HttpRead, shop_key: Annotated[Creds, scopes("orders:read")]) -> Order:
    answer = await shop.get(f"https://shop.example/orders/{order.order_id}", auth=shop_key)
    return Order(order_id=answer.text)

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.get("/orders/{order_id}", accepts=Order))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
flow.egress("shop", "shop.example")
flow.creds("shop_key", provider="shop", scopes=("orders:read",))
```

## Fix

Safe: the scopes that no node needs are dropped. The flow then asks for less; nothing that it does changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, listed, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Credential, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "SECR201"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find credentials with scopes that nobody needs."""
    for credential in flow.credentials:
        needed = _needed(flow, credential)
        spare = [] if needed is None else [scope for scope in credential.scopes if scope not in needed]
        if spare:
            message = f"{credential.name} is granted {listed(spare)}, which no node needs"
            fix = offer("safe", f"drop {listed(spare)}")
            text = "grant what the nodes say they need: Annotated[Creds, scopes(...)]"
            yield finding(CODE, message, credential.source, help=text, fix=fix)


def _needed(flow: FlowIR, credential: Credential) -> set[str] | None:
    """The scopes that nodes need of a credential; none if one does not say."""
    uses = [u for n in flow.nodes for u in n.capabilities if u.name == "creds" and u.binding == credential.name]
    if not all(use.scopes for use in uses):
        return None
    return {scope for use in uses for scope in use.scopes}


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Drop what nobody needs."""
    from flowlattice.check import codemods

    for credential in flow.credentials:
        source, needed = credential.source, _needed(flow, credential)
        if needed is not None and (source.line, source.column) == (found.line, found.column):
            kept = [json.dumps(scope, ensure_ascii=False) for scope in credential.scopes if scope in needed]
            value = f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
            return codemods.set_call_keyword(module, source, "scopes", value)
    return None
