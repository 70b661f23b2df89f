"""A route has a path that ends without an answer.

A trigger that answers when its work is done (`respond="on_last"` or `"explicit"`) needs a respond at the end of every
way that a record can take. Where ways run side by side, one of them has to end in a respond. A `Filter` ends a record
on purpose: the caller gets 204. Side outputs, such as what a trigger rejects, are no ways that have to be answered.

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

from flowlattice.check import hosting
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
    for node in flow.triggers() if hosting.can("respond", flow.profile) else ():  # else nobody may wait: DAG102
        waits = node.trigger is not None and node.trigger.kind == "http" and node.trigger.respond != "immediate"
        if waits and any(edge.case not in node.side_outputs for edge in graph.outgoing[node.id]):  # else it is DAG101
            ends |= {end.id: end for end in answers.missing(node.id)}
    responds = [node for node in flow.nodes if node.kind == "respond"]
    for end in ends.values():
        fixable = len(ends) == 1 and not responds and end.kind == "node"
        fix = offer("safe", f"connect {end.name} to a respond") if fixable else None
        message = f"a route ends at {end.name} without an answer"
        text = f"connect it: flow.connect({end.name}, flow.respond())"
        yield finding(CODE, message, end.source, node=end.name, help=text, fix=fix)


class _Answers:
    """After which nodes every record is answered, whichever way it takes."""

    def __init__(self, graph: Graph, filters: set[UUID]) -> None:
        self._graph = graph
        # A branching node without branches is told by its own rules.
        ends_well = {node.id for node in graph.nodes.values() if node.kind in {"respond", "switch", "if"}} | filters
        self._answered = {n for n in graph.nodes if n in ends_well and not graph.outgoing[n]}
        self._answered |= {node.id for node in graph.nodes.values() if node.kind == "respond"}
        waiting = [*self._answered]
        while waiting:
            for edge in graph.incoming[waiting.pop()]:
                if edge.source_id not in self._answered and self._every_way_answers(edge.source_id):
                    self._answered.add(edge.source_id)
                    waiting.append(edge.source_id)

    def missing(self, start: UUID) -> list[Node]:
        """The nodes after one where ways end without an answer; a circle without an end is DAG200."""
        found: dict[UUID, Node] = {}
        seen: set[UUID] = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current in seen or current in self._answered:
                continue
            seen.add(current)
            if not self._ways(current):
                found[current] = self._graph.nodes[current]
            waiting += [edge.target_id for way in self._ways(current) for edge in way if not self._is_answered(way)]
        return list(found.values())

    def _ways(self, node_id: UUID) -> list[list[Edge]]:
        """The ways out of a node that exclude each other, each the edges that run side by side; no side outputs."""
        ways: dict[str | None, list[Edge]] = {}
        for edge in self._graph.outgoing[node_id]:
            if edge.case not in self._graph.nodes[node_id].side_outputs:
                ways.setdefault(edge.case, []).append(edge)
        return list(ways.values())

    def _is_answered(self, way: list[Edge]) -> bool:
        return any(edge.target_id in self._answered for edge in way)

    def _every_way_answers(self, node_id: UUID) -> bool:
        ways = self._ways(node_id)
        return bool(ways) and all(map(self._is_answered, ways))


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Connect the node that ends all ways to a respond."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    return None if node is None else codemods.connect_to_respond(module, node.source)
