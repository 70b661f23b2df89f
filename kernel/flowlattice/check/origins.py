"""Where key fields come from: followed back through the graph to a clock or a random source, or to the trigger."""

from __future__ import annotations

from uuid import UUID

from flowlattice.check.graph import Graph
from flowlattice.ir.model import FlowIR, Node

_UNSTABLE = "!"
_WHOLE = "*"


class Origins:
    """The origins of fields in one flow, over the derivations of its nodes."""

    def __init__(self, flow: FlowIR) -> None:
        self._graph = Graph(flow)

    def unstable(self, node: Node, field: str) -> Node | None:
        """The node that makes a field of another one's input from a clock or randomness; none if none does."""
        return self._before(node.id, field, set())

    def _before(self, node_id: UUID, field: str, seen: set[tuple[UUID, str]]) -> Node | None:
        if (node_id, field) in seen:
            return None
        seen.add((node_id, field))
        for edge in self._graph.incoming[node_id]:
            found = self._made_by(self._graph.nodes[edge.source_id], field, seen)
            if found is not None:
                return found
        return None

    def _made_by(self, node: Node, field: str, seen: set[tuple[UUID, str]]) -> Node | None:
        if node.kind == "trigger":
            return None
        if node.kind != "node":  # routing and merging hand on what they get
            return self._before(node.id, field, seen)
        if not node.derivations:
            return node if node.determinism == "nondeterministic" else None
        # Asked for the whole, every field counts.
        wanted = node.derivations.values() if field == _WHOLE else [node.derivations.get(field, ())]
        origins = {origin for sources in wanted for origin in sources}
        if _UNSTABLE in origins:
            return node
        for origin in sorted(origins):
            found = self._before(node.id, origin, seen)
            if found is not None:
                return found
        return None
