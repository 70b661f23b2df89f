"""Where key fields come from: followed back through the graph to a clock or a random source, or to the trigger."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flowlattice.check.graph import Graph
from flowlattice.ir.model import Edge, FlowIR, Node
from flowlattice.language.checkpoints import rejected_case

_UNSTABLE = "!"
_WHOLE = "*"
_MAKING: Final = frozenset({"node", "foreach", "join", "zip", "aggregate", "subflow", "plugin"})
"""Kinds that make records; all others, and side outputs, hand on what they get."""
_SIDES: Final = frozenset({"left", "right"})


class Origins:
    """The origins of fields in one flow, over the derivations of its nodes."""

    def __init__(self, flow: FlowIR) -> None:
        self._graph = Graph(flow)
        # What a checkpoint rejects is what came out of the node, not what went in.
        self._waited: dict[tuple[UUID, str | None], str | None] = {
            (point.on, rejected_case(point.id)): point.case for point in flow.checkpoints
        }

    def unstable(self, node: Node, field: str) -> Node | None:
        """The node that makes a field of another one's input from a clock or randomness; none if none does."""
        return self._before(node.id, field, set())

    def _before(self, node_id: UUID, field: str, seen: set[tuple[UUID, str]]) -> Node | None:
        if (node_id, field) in seen:
            return None
        seen.add((node_id, field))
        for edge in self._graph.incoming[node_id]:
            carried = _on(edge, field)
            found = None if carried is None else self._made_by(edge, carried, seen)
            if found is not None:
                return found
        return None

    def _made_by(self, edge: Edge, field: str, seen: set[tuple[UUID, str]]) -> Node | None:
        node = self._graph.nodes[edge.source_id]
        if node.kind == "trigger":
            return None
        case = self._waited.get((node.id, edge.case), edge.case)
        if node.kind not in _MAKING or case in node.side_outputs:
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


def _on(edge: Edge, field: str) -> str | None:
    """A field of what a node takes as the edge carries it; none where it comes in on the other side."""
    side, _, own = field.partition(".")
    if edge.into is None or side not in _SIDES:
        return field
    return own if side == edge.into else None
