"""A credential is bound to nothing.

Credentials belong to bindings: an environment gives them to the capability, and no flow ever sees them. A credential
that is written into a body, such as the password of a URL or a token in its query, is one that no environment can
bind, change or withdraw, and that everybody who reads the flow has. With `--env`, a binding that refers to a
credential which has no value is found too. A node asks for a credential as `Creds`; the flow has to declare it with
`flow.creds(...)`, or a connector that it takes the node from does.

## Bad

```python
from flowlattice import Flow, HttpRead, Record, http, node

class Req(Record, data="public"):
    city: str

@node
async def weather(req: Req, meteo: HttpRead) -> Req:
    answer = await meteo.get("https://api.meteo.example/now?api_key=5ecre7", params={"city": req.city})
    return Req(city=answer.text)

flow = Flow("weather", version="1.0.0")
hook = flow.trigger(http.get("/weather", accepts=Req))
flow.connect(hook, weather)
flow.connect(weather, flow.respond())
flow.egress("meteo", "api.meteo.example")
```

## Good

```python
from flowlattice import Flow, HttpRead, Record, http, node

class Req(Record, data="public"):
    city: str

@node
async def weather(req: Req, meteo: HttpRead) -> Req:
    answer = await meteo.get("https://api.meteo.example/now", params={"city": req.city})
    return Req(city=answer.text)

flow = Flow("weather", version="1.0.0")
hook = flow.trigger(http.get("/weather", accepts=Req))
flow.connect(hook, weather)
flow.connect(weather, flow.respond())
flow.egress("meteo", "api.meteo.example")
```

## Fix

None: a credential that is written into a body has to be taken out by hand, given to the binding (a header in
`bindings.toml` that names an environment variable), and changed, since it has been seen. Who issues one that is asked
for, and what it may do, is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.places import asked
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.bindings import askings
from flowlattice.ir.model import FlowIR

CODE = "DAG203"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find credentials in bodies, and credentials of the environment without a value."""
    declared = {credential.name for credential in flow.credentials}
    declared |= {name for connector in flow.connectors for name in connector.scopes}
    for node in flow.nodes:
        for url in node.urls:
            if url.credential:
                message = f"{node.name} writes a credential for {url.host} into its body"
                text = "give it to the binding in bindings.toml, and change it: it has been seen"
                yield finding(CODE, message, url.source, node=node.name, help=text)
        for use in (use for use in node.capabilities if use.name == "creds" and use.binding not in declared):
            message = f"{node.name} asks for the credential {use.binding}, which is not declared"
            text = f'declare it: flow.creds("{use.binding}", provider="...", scopes=(...))'
            yield finding(CODE, message, asked(node, use.binding), node=node.name, help=text)
    yield from _without_value(flow, context)


def _without_value(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Credentials that the environment refers to and that are not there, each binding once."""
    missing = {} if context.environment is None else dict(context.environment.missing_credentials)
    for asking in askings(flow):
        for name in missing.pop(asking.binding, ()):
            message = f"the credential {name} of {asking.binding} has no value in this environment"
            text = f"write it into {name}" if "/" in name else f"set the environment variable {name}"
            yield finding(CODE, message, asking.source, node=asking.node.name, help=text)
