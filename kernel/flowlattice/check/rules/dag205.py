"""Two parts of the flow have one name.

A name stands once in a flow: it is what metrics, keys, logs and people tell nodes apart by. The name of a node is that
of its function, so using one function twice, two lambdas, or two merges needs a name for the second. Checkpoints and
credentials are told apart by their names too.

## Bad

```python
from flowlattice import Flow, Map, Record, http

class Req(Record, data="public"):
    v: str

def trim(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
first = Map(trim)
second = Map(trim)
flow.connect(hook, first)
flow.connect(first, second)
flow.connect(second, flow.respond())
```

## Good

```python
from flowlattice import Flow, Map, Record, http

class Req(Record, data="public"):
    v: str

def trim(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
first = Map(trim)
second = Map(trim, name="trim_2")
flow.connect(hook, first)
flow.connect(first, second)
flow.connect(second, flow.respond())
```

## Fix

Safe: the second one gets its name with a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node, Source

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG205"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find names that are taken."""
    first: dict[str, Node] = {}
    for node in flow.nodes:
        other = first.setdefault(node.name, node)
        if other is not node:
            message = f"the name {node.name} is taken by what is in {other.source.file}, line {other.source.line}"
            is_call = node.source != node.definition  # else it is a function, whose name others may use
            fix = offer("safe", f"name it {_free(flow, node)}") if is_call else None
            yield finding(CODE, message, node.source, node=node.name, help="give it a name of its own", fix=fix)
    for what, name, source, before in _repeated(flow):
        message = f"the {what} {name} is taken by what is in {before.file}, line {before.line}"
        yield finding(CODE, message, source, help="give it a name of its own")


def _repeated(flow: FlowIR) -> Iterator[tuple[str, str, Source, Source]]:
    """Names of checkpoints and credentials that are taken, with where they are and where the first one is."""
    first: dict[tuple[str, str], Source] = {}
    named = [("checkpoint", checkpoint.id, checkpoint.source or flow.source) for checkpoint in flow.checkpoints]
    named += [("credential", credential.name, credential.source) for credential in flow.credentials]
    for what, name, source in named:
        before = first.setdefault((what, name), source)
        if before is not source:
            yield what, name, source, before


def _free(flow: FlowIR, node: Node) -> str:
    taken = {other.name for other in flow.nodes}
    return next(name for number in count(2) if (name := f"{node.name}_{number}") not in taken)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Give the second one a name."""
    from flowlattice.check import codemods

    node = next((n for n in flow.nodes if n.name == found.node and n.source.line == found.line), None)
    return None if node is None else codemods.set_name(module, node.source, _free(flow, node))
