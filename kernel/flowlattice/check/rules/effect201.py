"""A node does more than it is declared to do.

What a node does to the world is derived: from the capabilities it asks for, and from reading its body. A declaration
may confirm that or promise less; one that claims fewer effects than are derived is wrong, and would let a host run the
node again, or twice at once, where it must not. The functions of `Map`, `If`, `Switch` and `Filter` are declared pure
by where they stand. Calling a method that a capability does not offer (`post` on an `HttpRead`) is the same fault.

## Bad

```python
from flowlattice import Effects, Flow, KvRead, Record, http, node

class Req(Record, data="public"):
    key: str

@node(effects=Effects.PURE)
async def look_up(req: Req, table: KvRead) -> Req:
    return Req(key=await table.get(req.key) or "")

flow = Flow("table", version="1.0.0")
hook = flow.trigger(http.get("/table/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
```

## Good

```python
from flowlattice import Effects, Flow, KvRead, Record, http, node

class Req(Record, data="public"):
    key: str

@node(effects=Effects.READ_ONLY)
async def look_up(req: Req, table: KvRead) -> Req:
    return Req(key=await table.get(req.key) or "")

flow = Flow("table", version="1.0.0")
hook = flow.trigger(http.get("/table/{key}", accepts=Req))
flow.connect(hook, look_up)
flow.connect(look_up, flow.respond())
```

## Fix

Where a clock is the cause and the input has exactly one field that is a time, that is taken: safe if a window of such
records goes by it, else unsafe, and so of two records that are joined. Elsewhere, safe: the declaration is weakened to
what is derived; it then promises less and nothing else changes. What a combinator or a misused capability does
wrong else has no fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice import capabilities
from flowlattice.capabilities.registry import own_types
from flowlattice.check.claims import broken, weaken
from flowlattice.check.context import CheckContext
from flowlattice.check.event_time import event_time, take_event_time
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "EFFECT201"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find claims of fewer effects than are derived, and methods that capabilities do not have."""
    for node, reason in broken(flow, "effects"):
        is_claim = node.kind in {"node", "plugin"} and node.function is not None
        message = f"{node.name} is declared {node.declared.effects} but is {reason.level}: it {reason.because}"
        time = event_time(flow, node, reason)
        weaker = offer("safe", f"declare it {node.effects}") if is_claim else None
        fix = weaker if time is None else time.fix
        yield finding(CODE, message, reason.source, node=node.name, help="promise less, or do less", fix=fix)
    for node in flow.nodes:
        for misuse in node.misused:
            message = f"{node.name} calls {misuse.binding}.{misuse.method}(), which {misuse.capability} does not have"
            having = _having(misuse.capability, misuse.method)
            text = f"ask for {having}, which has it" if having else "do without it, or ask for another capability"
            yield finding(CODE, message, misuse.source, node=node.name, help=text)


def _having(capability: str, method: str) -> str | None:
    """The plainest capability of the same family that offers a method."""
    family = capability.partition(".")[0]
    types = {name: found for name, found in own_types().items() if found.name.partition(".")[0] == family}
    return min((name for name in types if hasattr(getattr(capabilities, name), method)), key=len, default=None)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take the event's time, or weaken the declaration to what is derived."""
    return take_event_time(found, flow, module) or weaken(found, flow, module, "effects")
