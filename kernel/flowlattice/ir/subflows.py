"""What a subflow node stands for: the export of an inner flow, and the nodes that come with it.

Records that go in run what lies on their way out. With that comes what no edge leads to: what undoes it, and the
schedules that remind of checkpoints on the way; and so does all that these lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from flowlattice.ir.model import Checkpoint, Edge, Export, FlowIR, Node


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
    """All nodes that come with an export: what records run, what undoes that, and what reminds of its checkpoints."""
    return set(held(inner.nodes, inner.edges, inner.checkpoints, export))


def on_the_way(inner: FlowIR, export: Export) -> set[UUID]:
    """The nodes that records run between an export's entry and its exit."""
    return _closure(inner.edges, export, lambda _: ())


def held(nodes: Sequence[Node], edges: Iterable[Edge], checkpoints: Iterable[Checkpoint], export: Export) -> list[UUID]:
    """The same as `between` of a flow whose parts these are, in the order of the nodes."""
    beside: dict[UUID, list[UUID]] = {node.id: [node.compensate] for node in nodes if node.compensate is not None}
    for point in checkpoints:
        beside.setdefault(point.on, []).extend(one.id for one in nodes if reminds(one, point))
    found = _closure(edges, export, lambda node_id: beside.get(node_id, ()))
    return [node.id for node in nodes if node.id in found]


def reminds(node: Node, point: Checkpoint) -> bool:
    """Whether a node is a schedule that runs while records wait at a checkpoint."""
    return node.trigger is not None and node.trigger.during == point.id


def leaves(edge: Edge, export: Export) -> bool:
    """Whether an edge is the way out of an export."""
    return edge.source_id == export.exit and edge.case == export.exit_case


def _closure(edges: Iterable[Edge], export: Export, beside: Callable[[UUID], Iterable[UUID]]) -> set[UUID]:
    following: dict[UUID, list[UUID]] = {}
    for edge in edges:
        if not leaves(edge, export):
            following.setdefault(edge.source_id, []).append(edge.target_id)
    found: set[UUID] = set()
    waiting = [export.entry]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [*following.get(current, ()), *beside(current)]
    return found
