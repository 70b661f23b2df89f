"""A capability is not bound.

A flow asks for capabilities by type; an environment binds each to a backend in `bindings.toml`. Without an environment
local doubles stand in, which change nothing outside: then this is a warning. With `--env NAME` a capability that the
environment does not bind, or binds to a backend of another kind, is an error. The clock and the random source are
always there.

## Bad

```python
from flowlattice import Flow, KvRead, Record, http, node

class Req(Record, data="public"):
    key: str

@node
async def look_up(req: Req, table: KvRead) -> Req:
    return Req(key=await table.get(req.key) or "")

flow = Flow("table", version="1.0.0")
hook = flow.trigger(http.get("/table/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

TABLE = {"a": "alpha"}

class Req(Record, data="public"):
    key: str

@node
def look_up(req: Req) -> Req:
    return Req(key=TABLE.get(req.key, ""))

flow = Flow("table", version="1.0.0")
hook = flow.trigger(http.get("/table/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
```

## Fix

None: bind it in `bindings.toml` beside the flow, and check with `--env`:

```toml
[production.table]
backend = "sqlite"
path = "table.sqlite"
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "CAP101"
SEVERITY: Severity = "error"

# Which kinds of backend serve which capability; what is not here needs no binding.
_BACKENDS: Final = {
    "http.read": "http",
    "http.write": "http",
    "kv.read": "sqlite",
    "kv.write": "sqlite",
    "dedupe": "sqlite",
}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find capabilities without a backend, each binding once."""
    seen: set[tuple[str, str]] = set()
    for node in flow.nodes:
        for use in node.capabilities:
            needed = _BACKENDS.get(use.name)
            if needed is None or (use.binding, needed) in seen:
                continue
            seen.add((use.binding, needed))
            source = next((p.source for p in node.parameters if p.name == use.binding), node.source)
            environment = context.environment
            if environment is None:
                message = f"{use.binding} ({use.name}) is bound to nothing: a local double stands in"
                text = "bind it in bindings.toml and name the environment with --env"
                yield finding(CODE, message, source, severity="warning", node=node.name, help=text)
            elif environment.backends.get(use.binding) != needed:
                message = f"{use.binding} ({use.name}) is not bound to a {needed} backend in {environment.name}"
                text = f'add [{environment.name}.{use.binding}] with backend = "{needed}" to bindings.toml'
                yield finding(CODE, message, source, node=node.name, help=text)
