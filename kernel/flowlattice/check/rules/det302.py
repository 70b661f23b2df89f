"""A capability of a node contradicts its determinism.

Whether a node repeats is derived from the capabilities it asks for: what another service or a store answers can differ
from time to time, a clock and a random source always do. A declaration may confirm that or promise less; one that
claims more would let a host replay or cache the node where the result differs. (A claim to be stable over a language
model without a pin is CACHE002.)

## Bad

```python
from flowlattice import Clock, Determinism, Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node(determinism=Determinism.STRICT)
def stamp(req: Req, clock: Clock) -> Req:
    return Req(v=f"{req.v} {clock.now().isoformat()}")

flow = Flow("stamp", version="1.0.0")
hook = flow.trigger(http.post("/stamp", accepts=Req))
flow.connect(hook, stamp)
flow.connect(stamp, flow.respond())
```

## Good

```python
from flowlattice import Clock, Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def stamp(req: Req, clock: Clock) -> Req:
    return Req(v=f"{req.v} {clock.now().isoformat()}")

flow = Flow("stamp", version="1.0.0")
hook = flow.trigger(http.post("/stamp", accepts=Req))
flow.connect(hook, stamp)
flow.connect(stamp, flow.respond())
```

## Fix

Safe: the declaration is weakened to what is derived; it then promises less and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.claims import broken, is_unpinned_model, weaken
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DET302"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find claims of more determinism than the capabilities allow."""
    for node, reason in broken(flow, "determinism"):
        if reason.capability is not None and not is_unpinned_model(node, reason):
            message = f"{node.name} is declared {node.declared.determinism} but is {reason.level}: it {reason.because}"
            fix = offer("safe", f"declare it {node.determinism}")
            yield finding(CODE, message, reason.source, node=node.name, help="promise less, or ask for less", fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Weaken the declaration to what is derived."""
    return weaken(found, flow, module, "determinism")
