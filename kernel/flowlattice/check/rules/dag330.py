"""A provider is missing.

A credential is issued by somebody, `flow.creds("stripe_key", provider="stripe", ...)`: a binding of the flow by which
it reaches hosts, or a connector that it takes nodes from. One that nobody issues can be had from nowhere. A connector
is code of others: a flow takes it as it was pinned in `connectors.toml`, by a digest of its files, and not as it may
have become since.

## Bad

```python
from typing import Annotated

from flowlattice import Creds, Flow, HttpWrite, Record, by, http, node, scopes

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def charge(
    order: Order, stripe: HttpWrite, stripe_key: Annotated[Creds, scopes("charges:write")]
) -> Order:
    await stripe.post("https://api.stripe.com/v1/charges", form={"order": order.order_id}, auth=stripe_key)
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, charge)
flow.connect(charge, flow.respond())
flow.egress("stripe", "api.stripe.com")
flow.creds("stripe_key", scopes=("charges:write",))
```

## Good

```python
from typing import Annotated

from flowlattice import Creds, Flow, HttpWrite, Record, by, http, node, scopes

class Order(Record, data="internal"):
    order_id: str

@node(idempotency=by("order_id"))
async def charge(
    order: Order, stripe: HttpWrite, stripe_key: Annotated[Creds, scopes("charges:write")]
) -> Order:
    await stripe.post("https://api.stripe.com/v1/charges", form={"order": order.order_id}, auth=stripe_key)
    return order

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, charge)
flow.connect(charge, flow.respond())
flow.egress("stripe", "api.stripe.com")
flow.creds("stripe_key", provider="stripe", scopes=("charges:write",))
```

## Fix

Unsafe, where the nodes that ask for the credential reach hosts by one binding: that is the provider. Who issues a
credential is a decision, and so is trust in a connector that changed: read it, then `flows pin` it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, listed, nearest, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import ConnectorUse, Credential, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG330"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find credentials that nobody issues, and connectors that are not as they were pinned."""
    providers = sorted({grant.binding for grant in flow.egress} | {connector.name for connector in flow.connectors})
    for credential in flow.credentials:
        if credential.provider in providers:
            continue
        if credential.provider is None:
            message = f"it is not said who issues {credential.name}"
        else:
            near = nearest(credential.provider, providers)
            message = f"{credential.name} is issued by {credential.provider}, which the flow does not reach{near}"
        text = f"name one of {listed(providers)}" if providers else "declare its hosts: flow.egress(...)"
        reached = _reached(flow, credential)
        fix = None if reached is None else offer("unsafe", f"let {reached} issue it")
        yield finding(CODE, message, credential.source, help=text, fix=fix)
    for connector in flow.connectors:
        problem = _changed(connector)
        if problem is not None:
            text = "read it, then pin it: flows pin PATH"
            yield finding(CODE, f"the connector {connector.name} {problem}", connector.source, help=text)


def _reached(flow: FlowIR, credential: Credential) -> str | None:
    """The one binding by which all nodes that ask for a credential reach hosts; none where there is not one."""
    asking = [node for node in flow.nodes if any(use.binding == credential.name for use in node.capabilities)]
    bindings = {use.binding for node in asking for use in node.capabilities if use.egress}
    return bindings.pop() if len(bindings) == 1 else None


def _changed(connector: ConnectorUse) -> str | None:
    if connector.digest is None:
        return "is not pinned in connectors.toml"
    return None if connector.digest == connector.found else "is not as it was pinned in connectors.toml"


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Name the binding by which the credential's nodes reach hosts."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for credential in flow.credentials:
        reached = _reached(flow, credential)
        if credential.source == place and reached is not None:
            return codemods.set_call_keyword(module, place, "provider", json.dumps(reached))
    return None
