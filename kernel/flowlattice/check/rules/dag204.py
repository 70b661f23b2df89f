"""A route has a path that ends without an answer.

A trigger that answers when its work is done (`respond="on_last"` or `"explicit"`) needs a respond at the end of every
way that a record can take. Where ways run side by side, one of them has to end in a respond. A `Filter` ends a record
on purpose: the caller gets 204.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Req:
    return Req(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Fix

Safe, where one node ends all ways and the flow has no respond yet: `flow.connect(node, flow.respond())`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.check.graph import Graph
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Edge, FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG204"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find the nodes where a way ends that had to be answered."""
    graph = Graph(flow)
    answers = _Answers(graph, {s.targets[0] for s in flow.surfaces if s.kind == "if" and s.config.get("filter")})
    ends: dict[UUID, Node] = {}
    for node in flow.triggers():
        waits = node.trigger is not None and node.trigger.kind == "http" and node.trigger.respond != "immediate"
        if waits and graph.outgoing[node.id]:  # one that leads nowhere is DAG101
            ends |= {end.id: end for end in answers.missing(node.id)}
    responds = [node for node in flow.nodes if node.kind == "respond"]
    for end in ends.values():
        fixable = len(ends) == 1 and not responds and end.kind == "node"
        fix = offer("safe", f"connect {end.name} to a respond") if fixable else None
        message = f"a route ends at {end.name} without an answer"
        text = f"connect it: flow.connect({end.name}, flow.respond())"
        yield finding(CODE, message, end.source, node=end.name, help=text, fix=fix)


class _Answers:
    """Which nodes every record is answered after, whichever way it takes."""

    def __init__(self, graph: Graph, filters: set[UUID]) -> None:
        self._graph = graph
        self._filters = filters
        self._known: dict[UUID, bool] = {}

    def missing(self, start: UUID, seen: frozenset[UUID] = frozenset()) -> list[Node]:
        """The nodes after one where ways end without an answer."""
        if start in seen or self._answered(start):
            return []
        node = self._graph.nodes[start]
        if not self._graph.outgoing[start]:
            return [node]
        ways = [way for way in self._ways(start) if not any(self._answered(edge.target_id) for edge in way)]
        return [end for way in ways for edge in way for end in self.missing(edge.target_id, seen | {start})]

    def _ways(self, node_id: UUID) -> list[list[Edge]]:
        """The ways out of a node that exclude each other, each the edges that run side by side."""
        ways: dict[str | None, list[Edge]] = {}
        for edge in self._graph.outgoing[node_id]:
            ways.setdefault(edge.case, []).append(edge)
        return list(ways.values())

    def _answered(self, node_id: UUID) -> bool:
        if node_id not in self._known:
            self._known[node_id] = True  # a cycle is DAG200
            node = self._graph.nodes[node_id]
            ways = self._ways(node_id)
            # A branching node without branches is told by its own rules.
            ends_well = node.kind in {"respond", "switch", "if"} or node_id in self._filters
            self._known[node_id] = (
                all(any(self._answered(edge.target_id) for edge in way) for way in ways) if ways else ends_well
            )
        return self._known[node_id]


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module) -> Rewrite | None:
    """Connect the node that ends all ways to a respond."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    return None if node is None else codemods.connect_to_respond(module, node.source)
