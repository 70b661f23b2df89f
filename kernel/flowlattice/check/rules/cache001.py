"""A node that repeats exactly calls out again for what it has had before.

What a strict or stable node gives for a record it gives for every equal record. Where it has to leave the process for
that, to read a pinned object or to run a plugin, a cache saves the call, its price and its failures. The node then says
what identifies a result: `cache=Cache(by("digest"))`. What a pinned model answered is kept by the engine anyway.

Only such nodes are reported. A node that asks for nothing is fused with its neighbours and costs less than looking
anything up. One that is best_effort gives something else tomorrow, an effect has to happen, and a stream is no whole
that could be kept.

## Bad

```python
from flowlattice import BlobReadByHash, Flow, ObjectRef, Profile, Record, blob, node

class Page(Record, data="internal"):
    text: str

@node
async def fetch(ref: ObjectRef, pages: BlobReadByHash) -> Page:
    return Page(text=(await pages.get(ref.digest)).decode())

flow = Flow("pages", version="1.0.0", profile=Profile.QUEUE)
objects = flow.trigger(blob.listing("s3://pages/2025/"))
flow.connect(objects, fetch)
```

## Good

```python
from flowlattice import BlobReadByHash, Cache, Flow, ObjectRef, Profile, Record, blob, by, days, node

class Page(Record, data="internal"):
    text: str

@node(cache=Cache(by("digest"), tier="local", ttl=days(7)))
async def fetch(ref: ObjectRef, pages: BlobReadByHash) -> Page:
    return Page(text=(await pages.get(ref.digest)).decode())

flow = Flow("pages", version="1.0.0", profile=Profile.QUEUE)
objects = flow.trigger(blob.listing("s3://pages/2025/"))
flow.connect(objects, fetch)
```

## Fix

Unsafe: a cache by the node's idempotency key, or else by all fields of its input. What identifies a result, and where
and for how long it is kept, is a decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.fields import input_fields
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import defined, named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "CACHE001"
SEVERITY: Severity = "warning"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nodes that repeat, call out, and keep nothing."""
    for node in flow.nodes:
        repeats = node.determinism in {"strict", "stable"} and node.effects != "effectful" and not node.stream
        if node.kind not in {"node", "plugin"} or not repeats or node.cache is not None:
            continue
        # What somebody retries is a call out of the process; a credential or a seeded random source is none. Answers of
        # pinned models, and no others are stable, are kept by all that was asked.
        calls = next((use for use in node.capabilities if use.retry_owner is not None and use.name != "ai.read"), None)
        if calls is None:
            continue
        message = f"{node.name} is {node.determinism} and calls {calls.binding} ({calls.name}) again for equal records"
        text = 'keep its results: @node(cache=Cache(by("digest")))'
        fields = _key(flow, node)
        fix = offer("unsafe", f"keep its results by {', '.join(fields)}") if fields else None
        yield finding(CODE, message, defined(node), severity=SEVERITY, node=node.name, help=text, fix=fix)


def _key(flow: FlowIR, node: Node) -> list[str]:
    return list(node.idempotency.fields) if node.idempotency is not None else input_fields(flow, node)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Keep the node's results by what identifies them."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    fields = [] if node is None else _key(flow, node)
    if node is None or node.definition is None or not fields:
        return None
    value = f"Cache(by({', '.join(map(json.dumps, fields))}))"
    return codemods.set_node_option(module, node.definition, "cache", value, ["Cache", "by"])
