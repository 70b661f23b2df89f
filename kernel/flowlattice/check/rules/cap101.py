"""A capability is not bound.

A flow asks for capabilities by type; an environment binds each to a backend in `bindings.toml`. Without an environment
local doubles stand in, which change nothing outside: then this is a warning. With `--env NAME` a capability that the
environment does not bind, or binds to a backend of another kind, is an error; bound to `local` it is a double that was
asked for, and a warning again. Each binding is reported once. The clock, the random sources, token budgets and plugins
are the host's own and need no binding.

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

from collections.abc import Iterator, Mapping

from flowlattice.capabilities import registry
from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.finding import finding, listed
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import CapabilityUse, FlowIR, Node

CODE = "CAP101"
SEVERITY: Severity = "error"

LOCAL = "local"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find capabilities without a backend, each binding once."""
    for binding, asking in _bindings(flow).items():
        node, _ = asking[0]
        source = next((p.source for p in node.parameters if p.name == binding), node.source)
        names = listed(sorted({use.name for _, use in asking}))
        environment = context.environment
        if environment is None:
            message = f"{binding} ({names}) is bound to nothing: a local double stands in"
            text = "bind it in bindings.toml and name the environment with --env"
            yield finding(CODE, message, source, severity="warning", node=node.name, help=text)
        elif environment.backends.get(binding) == LOCAL:
            message = f"{binding} ({names}) is bound to a local double in {environment.name}"
            text = "nothing leaves the machine through it; bind it to a backend when it has to"
            yield finding(CODE, message, source, severity="warning", node=node.name, help=text)
        else:
            yield from _unfit(binding, asking, environment)


def _unfit(binding: str, asking: list[tuple[Node, CapabilityUse]], environment: Environment) -> Iterator[Diagnostic]:
    """What is wrong with a binding in an environment."""
    bound = environment.backends.get(binding)
    for node, use in asking:
        fitting = _backends(use)
        if bound not in fitting:
            source = next((p.source for p in node.parameters if p.name == binding), node.source)
            kinds = " or ".join(fitting)
            article = "an" if kinds[0] in "aeio" else "a"
            message = f"{binding} ({use.name}) is not bound to {article} {kinds} backend in {environment.name}"
            text = f'add [{environment.name}.{binding}] with backend = "{fitting[0]}" to bindings.toml'
            yield finding(CODE, message, source, node=node.name, help=text)
            return


def _bindings(flow: FlowIR) -> Mapping[str, list[tuple[Node, CapabilityUse]]]:
    """Who asks for each binding that an environment has to give a backend."""
    found: dict[str, list[tuple[Node, CapabilityUse]]] = {}
    for node in flow.nodes:
        for use in node.capabilities:
            if _backends(use):
                found.setdefault(use.binding, []).append((node, use))
    return found


def _backends(use: CapabilityUse) -> tuple[str, ...]:
    declared = registry.named(use.name)
    return () if declared is None else declared.backends
