"""A scope is denied.

A node says which scopes it needs of a credential (`Annotated[Creds, scopes("charges:write")]`), and the flow says which
the credential is granted (`flow.creds(..., scopes=...)`), or a connector does for its own. A call that needs a scope
which is not granted is refused by the provider, every time. With `--env`, what the environment's credential allows
counts too.

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
flow.creds("stripe_key", provider="stripe", scopes=())
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

Unsafe, where the flow declares the credential: the scope is granted. What a flow may do is a decision, and the provider
has to grant it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, listed, offer
from flowlattice.check.places import asked
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import CapabilityUse, Credential, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG331"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find scopes that a node needs and nobody grants."""
    for node in flow.nodes:
        for use in (use for use in node.capabilities if use.name == "creds"):
            granted = _granted(flow, use)
            denied = [scope for scope in use.scopes if granted is not None and scope not in granted]
            if denied:
                message = (
                    f"{node.name} needs {listed(denied)} of {use.binding}, which is granted {listed(granted or ())}"
                )
                text = "grant it where the credential is declared, or do without it"
                is_own = _declared(flow, use.binding) is not None
                fix = offer("unsafe", f"grant {listed(denied)}") if is_own else None
                yield finding(CODE, message, asked(node, use.binding), node=node.name, help=text, fix=fix)
                continue
            allowed = None if context.environment is None else context.environment.scopes.get(use.binding)
            beyond = [scope for scope in use.scopes if allowed is not None and scope not in allowed]
            if beyond and context.environment is not None:
                message = f"{node.name} needs {listed(beyond)} of {use.binding}, which {context.environment.name} lacks"
                text = "bind a credential that allows it, and list its scopes in bindings.toml"
                yield finding(CODE, message, asked(node, use.binding), node=node.name, help=text)


def _declared(flow: FlowIR, name: str) -> Credential | None:
    return next((credential for credential in flow.credentials if credential.name == name), None)


def _granted(flow: FlowIR, use: CapabilityUse) -> tuple[str, ...] | None:
    """What a credential is granted; none where nobody declares it, which is DAG203."""
    declared = _declared(flow, use.binding)
    if declared is not None:
        return declared.scopes
    return next((c.scopes[use.binding] for c in flow.connectors if use.binding in c.scopes), None)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Grant all scopes that nodes need of the credential."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for node in flow.nodes:
        for use in (use for use in node.capabilities if asked(node, use.binding) == place):
            declared = _declared(flow, use.binding)
            if declared is not None and declared.source.file == found.file:
                wanted = [s for n in flow.nodes for u in n.capabilities if u.binding == use.binding for s in u.scopes]
                value = "".join(
                    f"{json.dumps(s, ensure_ascii=False)}, " for s in dict.fromkeys((*declared.scopes, *wanted))
                )
                return codemods.set_call_keyword(module, declared.source, "scopes", f"({value.rstrip()})")
    return None
