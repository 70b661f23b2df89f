"""What edges with delivery `exactly_once` promise of which effects, and how long a record can come again.

A record goes unchanged through switches, ifs, merges and `distinct`, so the promise of an edge into one of them holds
for the effects behind it; a node that makes another record ends it. An edge that delivers at most once ends it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flowlattice.check.finding import edge_name
from flowlattice.check.graph import Graph
from flowlattice.check.insides import inside
from flowlattice.check.places import controlled, defined
from flowlattice.ir.model import Edge, FlowIR, Node, Source

SHORTEST_TTL_MS: Final = 300_000
DEFAULT_TTL_MS: Final = 86_400_000
"""What the engine takes where a key has no TTL."""

_HANDS_ON: Final = frozenset({"switch", "if", "merge", "distinct"})


@dataclass(frozen=True, kw_only=True)
class Promised:
    """An effect that is promised to happen exactly once.

    Attributes:
        node: The effectful node; one of the inner flow's where the edge leads into a subflow.
        within: The node of this flow that it is, or that it is inside of.
        edge: The edge that promises it, in words.
        source: Where a finding about it points: its function, or the edge where that is in another flow.
        is_inner: Whether the node is in a subflow, so that nothing in this flow's files can be fixed.
    """

    node: Node
    within: str
    edge: str
    source: Source
    is_inner: bool = False

    @property
    def name(self) -> str:
        """How a message names the node: `charge`, or `payment.charge` where it is in a subflow."""
        return f"{self.within}.{self.node.name}" if self.is_inner else self.node.name


def promised(flow: FlowIR) -> Iterator[Promised]:
    """Every effectful node of which an edge promises exactly once, each once."""
    graph = Graph(flow)
    seen: set[UUID] = set()
    for edge in flow.edges:
        if edge.delivery != "exactly_once":
            continue
        for node in _reached(graph, edge):
            if node.id not in seen:
                seen.add(node.id)
                yield from _effects(flow, edge, node)


class Returns:
    """For how long records that reach the nodes of a flow can come again, so that their effects are to be remembered.

    That is the visibility timeout times the deliveries of each trigger before a node, and never under 300 s.
    """

    def __init__(self, flow: FlowIR) -> None:
        graph = Graph(flow)
        self._reached: list[tuple[int, set[UUID]]] = []
        for start in flow.triggers():
            given = start.trigger
            if given is not None and given.visibility_timeout_ms is not None:
                longest = given.visibility_timeout_ms * max(given.max_deliveries or 1, 1)
                self._reached.append((longest, graph.reachable([start.id])))

    def longest_ms(self, node: Node) -> int:
        """For how long at least the effects of a node are to be remembered, milliseconds."""
        return max(SHORTEST_TTL_MS, *(ms for ms, reached in self._reached if node.id in reached), 0)


def _reached(graph: Graph, edge: Edge) -> Iterator[Node]:
    """The effectful nodes that a record of an edge reaches as it is."""
    seen: set[UUID] = set()
    waiting = [edge.target_id]
    while waiting:
        node = graph.nodes.get(waiting.pop())
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        if node.effects == "effectful" and node.kind != "respond":
            yield node
        elif node.kind in _HANDS_ON:
            waiting += [e.target_id for e in graph.outgoing[node.id] if e.delivery != "at_most_once"]


def _effects(flow: FlowIR, edge: Edge, node: Node) -> Iterator[Promised]:
    words = edge_name(flow, edge)
    if node.subflow is None:
        yield Promised(node=node, within=node.name, edge=words, source=defined(node))
        return
    place = controlled(flow, edge, "delivery")
    for part in inside(node, flow.subflows):
        if part.effects == "effectful" and part.kind != "respond":
            yield Promised(node=part, within=node.name, edge=words, source=place, is_inner=True)
