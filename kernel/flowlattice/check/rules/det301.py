"""The body of a node contradicts its determinism.

Whether a node repeats is derived from reading its body: clocks, randomness, the environment, the order of a set,
globals that change and calls that cannot be read all weaken it. A declaration may confirm that or promise less; one
that claims more would let a host replay or cache the node where the result differs. The functions of `Map`, `If`,
`Switch` and `Filter` are declared strict by where they stand.

## Bad

```python
from flowlattice import Determinism, Flow, Record, http, node

class Req(Record, data="public"):
    words: list[str]

class Res(Record, data="public"):
    text: str

@node(determinism=Determinism.STRICT)
def join(req: Req) -> Res:
    return Res(text=" ".join(set(req.words)))

flow = Flow("words", version="1.0.0")
hook = flow.trigger(http.post("/words", accepts=Req))
flow.connect(hook, join)
flow.connect(join, flow.respond())
```

## Good

```python
from flowlattice import Determinism, Flow, Record, http, node

class Req(Record, data="public"):
    words: list[str]

class Res(Record, data="public"):
    text: str

@node(determinism=Determinism.STRICT)
def join(req: Req) -> Res:
    return Res(text=" ".join(sorted(set(req.words))))

flow = Flow("words", version="1.0.0")
hook = flow.trigger(http.post("/words", accepts=Req))
flow.connect(hook, join)
flow.connect(join, flow.respond())
```

## Fix

Where the order of a set is the cause, it is put into `sorted(...)`: safe if the elements are known to be text or whole
numbers, else unsafe, since not everything can be sorted. Where a clock is the cause and the input has exactly one field
that is a time, that is taken: safe if a window of such records goes by it, else unsafe, and so of two records that are
joined, since which time is meant is a decision. Elsewhere, safe: the declaration is weakened to what is derived.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check.claims import broken, set_that_orders, weaken
from flowlattice.check.context import CheckContext
from flowlattice.check.event_time import event_time, take_event_time
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import FlowIR, Node, Reason

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DET301"
SEVERITY: Severity = "error"

SORT = "sort the set"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find claims of more determinism than the body has."""
    for node, reason in broken(flow, "determinism"):
        if reason.capability is None:
            message = f"{node.name} is declared {node.declared.determinism} but is {reason.level}: it {reason.because}"
            fix = _offered(flow, node, reason)
            yield finding(CODE, message, reason.source, node=node.name, help="promise less, or do less", fix=fix)


def _offered(flow: FlowIR, node: Node, reason: Reason) -> Fix | None:
    held, time = set_that_orders(reason), event_time(flow, node, reason)
    if held is not None:
        return offer("safe" if held else "unsafe", SORT)
    if time is not None:
        return time.fix
    return offer("safe", f"declare it {node.determinism}") if node.kind in {"node", "plugin"} else None


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Sort the set, take the event's time, or weaken the declaration to what is derived."""
    from flowlattice.check import codemods

    if found.fix is not None and found.fix.title == SORT:
        return codemods.sort_at(module, found)
    taken = take_event_time(found, flow, module)
    return taken or weaken(found, flow, module, "determinism")
