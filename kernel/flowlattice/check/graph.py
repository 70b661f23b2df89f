"""A flow's graph for rules that ask about paths. Iterative throughout: a long chain must not exhaust the stack."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flowlattice.ir.model import Edge, FlowIR, Node


class Graph:
    """Nodes and edges by id; edges that lead nowhere are left out."""

    def __init__(self, flow: FlowIR) -> None:
        self.nodes: dict[UUID, Node] = {node.id: node for node in flow.nodes}
        self.outgoing: dict[UUID, list[Edge]] = {node_id: [] for node_id in self.nodes}
        self.incoming: dict[UUID, list[Edge]] = {node_id: [] for node_id in self.nodes}
        for edge in flow.edges:
            if edge.source_id in self.nodes and edge.target_id in self.nodes:
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
        """A shortest cycle through the first node of every strongly connected part, as the edges along it."""
        found = []
        order = {node_id: number for number, node_id in enumerate(self.nodes)}
        for part in self._connected_parts():
            first = min(part, key=order.__getitem__)
            cycle = self._cycle_through(first, part)
            if cycle:
                found.append(cycle)
        return found

    def _connected_parts(self) -> list[set[UUID]]:
        """The strongly connected parts, by Kosaraju's two passes."""
        parts: list[set[UUID]] = []
        placed: set[UUID] = set()
        for node_id in reversed(self._finished()):
            if node_id in placed:
                continue
            part: set[UUID] = set()
            waiting = [node_id]
            while waiting:
                current = waiting.pop()
                if current not in placed:
                    placed.add(current)
                    part.add(current)
                    waiting += [edge.source_id for edge in self.incoming[current]]
            parts.append(part)
        return parts

    def _finished(self) -> list[UUID]:
        """The nodes in the order in which a depth-first search leaves them."""
        order: list[UUID] = []
        seen: set[UUID] = set()
        for start in self.nodes:
            stack = [(start, False)]
            while stack:
                current, is_left = stack.pop()
                if is_left:
                    order.append(current)
                elif current not in seen:
                    seen.add(current)
                    stack.append((current, True))
                    stack += [(edge.target_id, False) for edge in self.outgoing[current]]
        return order

    def _cycle_through(self, start: UUID, part: set[UUID]) -> list[Edge]:
        """The shortest way from a node back to itself inside a part; empty if there is none."""
        came_by: dict[UUID, Edge] = {}
        waiting = [start]
        for current in waiting:
            for edge in self.outgoing[current]:
                if edge.target_id == start:
                    way = [edge]
                    while way[0].source_id != start:
                        way.insert(0, came_by[way[0].source_id])
                    return way
                if edge.target_id in part and edge.target_id not in came_by:
                    came_by[edge.target_id] = edge
                    waiting.append(edge.target_id)
        return []
