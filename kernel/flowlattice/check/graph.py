"""A flow's graph for rules that ask about paths."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flowlattice.ir.model import Edge, FlowIR, Node


class Graph:
    """Nodes and edges by id; ids that lead nowhere are left out."""

    def __init__(self, flow: FlowIR) -> None:
        self.nodes: dict[UUID, Node] = {node.id: node for node in flow.nodes}
        known = [edge for edge in flow.edges if edge.source_id in self.nodes and edge.target_id in self.nodes]
        self.outgoing: dict[UUID, list[Edge]] = {node_id: [] for node_id in self.nodes}
        self.incoming: dict[UUID, list[Edge]] = {node_id: [] for node_id in self.nodes}
        for edge in known:
            self.outgoing[edge.source_id].append(edge)
            self.incoming[edge.target_id].append(edge)

    def reachable(self, start: Iterable[UUID]) -> set[UUID]:
        """The nodes that can be reached from some nodes, these included."""
        found: set[UUID] = set()
        waiting = list(start)
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += [edge.target_id for edge in self.outgoing[current]]
        return found

    def cycles(self) -> list[list[Edge]]:
        """One cycle through every strongly connected part, as the edges along it."""
        found: list[list[Edge]] = []
        covered: set[UUID] = set()
        for node_id in self.nodes:
            if node_id not in covered and (cycle := self._cycle_through(node_id)):
                found.append(cycle)
                # Whatever can be reached from here and back is the same tangle, told once.
                covered |= {other for other in self.reachable([node_id]) if node_id in self.reachable([other])}
        return found

    def _cycle_through(self, start: UUID) -> list[Edge]:
        """The shortest way from a node back to itself; empty if there is none."""
        ways: dict[UUID, list[Edge]] = {}
        waiting = [(edge.target_id, [edge]) for edge in self.outgoing[start]]
        for node_id, way in waiting:
            if node_id == start:
                return way
            if node_id not in ways:
                ways[node_id] = way
                waiting += [(edge.target_id, [*way, edge]) for edge in self.outgoing[node_id]]
        return []
