"""A capability or a trigger is not bound.

A flow asks for capabilities by type; an environment binds each to a backend in `bindings.toml`. Without an environment
local doubles stand in, which change nothing outside: then this is a warning. With `--env NAME` a capability that the
environment does not bind, or binds to a backend of another kind, is an error; bound to `local` it is a double that was
asked for, and a warning again. Each binding is reported once. The clock, the random sources, token budgets and plugins
are the host's own and need no binding.

A trigger of a topic, a queue or a blob store needs a broker or a store too, and its name is the binding:
`flow.trigger(kafka("clicks", accepts=Click), name="ingest")` is bound by `[production.ingest]`. A kafka trigger takes a
kafka backend, a queue sqlite or postgres, a blob listing folder or s3; http and cron need none. A trigger and a
parameter of one name are bound together, so one backend has to serve both. Nothing can be bound by the name `vars`:
that table of an environment gives values to variables.

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
from typing import Final

from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.finding import finding, listed
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.bindings import VARIABLES, Asking, askings, common, table
from flowlattice.ir.model import FlowIR

CODE = "CAP101"
SEVERITY: Severity = "error"

LOCAL = "local"
_APART: Final = "no one backend serves all of it: give one of them another name"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find capabilities and triggers without a backend, each binding once."""
    for binding, asking in _bindings(flow).items():
        environment = context.environment
        if binding == VARIABLES:
            message = (
                f"{_said(binding, asking)} cannot be bound: in bindings.toml, {VARIABLES} is the table of variables"
            )
            yield finding(CODE, message, asking[0].source, node=asking[0].node.name, help="give it another name")
        elif environment is None:
            yield _unbound(binding, asking)
        elif environment.backends.get(binding) == LOCAL:
            yield _doubled(binding, asking, environment)
        else:
            yield from _unfit(binding, asking, environment)


def _unbound(binding: str, asking: list[Asking]) -> Diagnostic:
    """What is said where there is no environment; triggers have no double."""
    double = "" if all(one.is_trigger for one in asking) else ": a local double stands in"
    fits = common(one.backends for one in asking)
    text = "bind it in bindings.toml and name the environment with --env" if fits else _APART
    return _warning(f"{_said(binding, asking)} is bound to nothing{double}", asking, text)


def _doubled(binding: str, asking: list[Asking], environment: Environment) -> Diagnostic:
    """What is said of `backend = "local"`."""
    if all(one.is_trigger for one in asking):
        message = f"{_said(binding, asking)} is bound to local in {environment.name}: nothing comes in by it"
        return _warning(message, asking, "bind it to a backend when something has to")
    message = f"{_said(binding, asking)} is bound to a local double in {environment.name}"
    return _warning(message, asking, "nothing leaves the machine through it; bind it to a backend when it has to")


def _unfit(binding: str, asking: list[Asking], environment: Environment) -> Iterator[Diagnostic]:
    """What is wrong with a binding in an environment."""
    bound = environment.backends.get(binding)
    fits = common(one.backends for one in asking)
    unfit = next((one for one in asking if bound not in one.backends), None)
    if unfit is None:
        return
    if not fits:
        message = f"{_said(binding, asking)} cannot be bound in {environment.name}"
        yield finding(CODE, message, unfit.source, node=unfit.node.name, help=_APART)
        return
    kinds = " or ".join(unfit.backends)
    article = "an" if kinds[0] in "aeio" else "a"
    message = f"{binding} ({unfit.what}) is not bound to {article} {kinds} backend in {environment.name}"
    text = f'add {table(environment.name, binding)} with backend = "{fits[0]}" to bindings.toml'
    yield finding(CODE, message, unfit.source, node=unfit.node.name, help=text)


def _warning(message: str, asking: list[Asking], text: str) -> Diagnostic:
    return finding(CODE, message, asking[0].source, severity="warning", node=asking[0].node.name, help=text)


def _said(binding: str, asking: list[Asking]) -> str:
    return f"{binding} ({listed(sorted({one.what for one in asking}))})"


def _bindings(flow: FlowIR) -> Mapping[str, list[Asking]]:
    """Who asks for each binding that an environment has to give a backend."""
    found: dict[str, list[Asking]] = {}
    for asking in askings(flow):
        if asking.backends:
            found.setdefault(asking.binding, []).append(asking)
    return found
