"""What a subflow node stands for: the export of an inner flow, and the nodes that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flowlattice.ir.model import Edge, Export, FlowIR, Node


def inner_of(node: Node, known: Mapping[str, FlowIR]) -> tuple[FlowIR, Export] | None:
    """The flow and the export that a node stands for, if it stands for one and they are known.

    Args:
        node: A node.
        known: Flows by `name@version`, as `FlowIR.subflows` has them.

    """
    use = node.subflow
    inner = None if use is None else known.get(f"{use.flow}@{use.version}")
    if use is None or inner is None:
        return None
    export = next((one for one in inner.exports if one.name == use.export), None)
    return None if export is None else (inner, export)


def between(inner: FlowIR, export: Export) -> set[UUID]:
    """The nodes that an export runs: what its entry leads to, without what comes after its exit."""
    found: set[UUID] = set()
    waiting = [export.entry]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [edge.target_id for edge in inner.outgoing(current) if not leaves(edge, export)]
    return found


def leaves(edge: Edge, export: Export) -> bool:
    """Whether an edge is the way out of an export."""
    return edge.source_id == export.exit and edge.case == export.exit_case
