"""Two triggers take the same requests, or the same records.

A method and a path lead to one trigger. Two paths that differ only in the names of their parameters are the same
route, and a host's own paths (`/healthz`, `/readyz`, `/metrics`) are taken.

A record of a queue goes to one consumer, and so does a record of a topic in one consumer group, which is the flow's
name where a trigger names none. Of two triggers on the same one each would see some of the records, at random. Two
queues of one name in two databases are two queues, if the environment that is checked (`--env`) says so.

## Bad

```python
from flowlattice import Flow, Record, http

class ById(Record, data="public"):
    id: str

class ByName(Record, data="public"):
    name: str

flow = Flow("items", version="1.0.0")
by_id = flow.trigger(http.get("/items/{id}", accepts=ById))
by_name = flow.trigger(http.get("/items/{name}", accepts=ByName))
flow.connect(by_id, flow.respond())
flow.connect(by_name, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class ById(Record, data="public"):
    id: str

class ByName(Record, data="public"):
    name: str

flow = Flow("items", version="1.0.0")
by_id = flow.trigger(http.get("/items/{id}", accepts=ById))
by_name = flow.trigger(http.get("/items/named/{name}", accepts=ByName))
flow.connect(by_id, flow.respond())
flow.connect(by_name, flow.respond())
```

## Fix

None: which route keeps the path is a decision, and so is who is to have the records: one trigger can lead to both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG103"
SEVERITY: Severity = "error"

RESERVED: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find routes that are taken, and sources that are read already."""
    yield from _routes(flow)
    yield from _sources(flow, context.environment)


def _routes(flow: FlowIR) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Node] = {}
    for node in flow.triggers():
        trigger = node.trigger
        if trigger is None or trigger.method is None or trigger.path is None:
            continue
        route = f"{trigger.method} {trigger.path}"
        if trigger.path in RESERVED:
            yield finding(CODE, f"{route} is the host's own", node.source, node=node.name, help="choose another path")
        key = (trigger.method, re.sub(r"\{[^{}]*\}", "{}", trigger.path))
        first = seen.setdefault(key, node)
        if first is not node:
            message = f"{route} is already the route of {first.name} (line {first.source.line})"
            yield finding(CODE, message, node.source, node=node.name, help="change the method or the path of one")


def _sources(flow: FlowIR, environment: Environment | None) -> Iterator[Diagnostic]:
    seen: dict[tuple[str | None, ...], Node] = {}
    for node in flow.triggers():
        trigger = node.trigger
        if trigger is None or trigger.kind not in {"kafka", "queue"}:
            continue
        if trigger.kind == "queue":
            source: tuple[str | None, ...] = (trigger.topic, _database(node, environment))
            what, way = f"the queue {trigger.topic}", "read it once, and connect the one trigger to both"
        else:
            source = (trigger.topic, trigger.group or flow.name)
            what = f"the topic {trigger.topic} in the group {trigger.group or flow.name}"
            way = "read it once, and connect the one trigger to both; or give each a group of its own: group=..."
        first = seen.setdefault((trigger.kind, *source), node)
        if first is not node:
            message = (
                f"{what} is already read by {first.name} (line {first.source.line}); each record goes to one of them"
            )
            yield finding(CODE, message, node.source, node=node.name, help=way)


def _database(node: Node, environment: Environment | None) -> str | None:
    """Where a trigger's queue is, as far as that is known."""
    return None if environment is None else environment.databases.get(node.name)
