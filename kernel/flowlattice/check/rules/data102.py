"""Data would be kept where it must not be.

`flow.residency("eu")` says in which regions the flow's data may be: in `eu`, and in all whose names start with it, such
as `eu-central-1`. With `--env`, a capability or a trigger that is bound in another region is found, and one that is
bound to a server that does not say where it is, as a warning. A tag that is no region's name allows nothing.

## Bad

```python
from flowlattice import Flow, KvRead, Record, http, node

class Req(Record, data="pii"):
    key: str

@node
async def look_up(req: Req, people: KvRead) -> Req:
    return Req(key=await people.get(req.key) or "")

flow = Flow("people", version="1.0.0")
hook = flow.trigger(http.get("/people/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
flow.residency("EU, mostly")
```

## Good

```python
from flowlattice import Flow, KvRead, Record, http, node

class Req(Record, data="pii"):
    key: str

@node
async def look_up(req: Req, people: KvRead) -> Req:
    return Req(key=await people.get(req.key) or "")

flow = Flow("people", version="1.0.0")
hook = flow.trigger(http.get("/people/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
flow.residency("eu")
```

## Fix

None: bind it elsewhere, or allow the region; both are decisions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.finding import finding, listed
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.bindings import Asking, askings, table
from flowlattice.ir.model import FlowIR

CODE = "DATA102"
SEVERITY: Severity = "error"


_REGION: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HERE: Final = frozenset({"sqlite", "folder", "local", "secret"})
"""Backends that are where the process is."""


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find residency tags that are no regions, and capabilities and triggers that are bound outside of them."""
    for tag in flow.residency:
        if not _REGION.fullmatch(tag):
            message = f"{tag!r} is no region"
            yield finding(CODE, message, flow.places.get("residency", flow.source), help="write eu or eu-central-1")
    seen: set[str] = set()
    for asking in askings(flow) if flow.residency else ():
        if asking.binding not in seen and context.environment is not None:
            seen.add(asking.binding)
            yield from _bound(flow, asking, context.environment)


def _bound(flow: FlowIR, asking: Asking, environment: Environment) -> Iterator[Diagnostic]:
    binding, source, node = asking.binding, asking.source, asking.node.name
    backend, region = environment.backends.get(binding), environment.regions.get(binding)
    allowed = listed(flow.residency)
    if region is not None and not any(_lies_in(region, tag) for tag in flow.residency):
        message = f"{binding} is bound in {region}, but the data may only be in {allowed}"
        text = f"bind it in {allowed}, or allow {region}: flow.residency(...)"
        yield finding(CODE, message, source, node=node, help=text)
    elif region is None and backend is not None and backend not in _HERE:
        message = f"{environment.name} does not say in which region {binding} is; the data may only be in {allowed}"
        text = f'say region = "..." in {table(environment.name, binding)} of bindings.toml'
        yield finding(CODE, message, source, severity="warning", node=node, help=text)


def _lies_in(region: str, tag: str) -> bool:
    return region.lower() == tag or region.lower().startswith(f"{tag}-")
