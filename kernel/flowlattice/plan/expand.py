"""Subflows opened up: a flow in which the nodes of its subflows stand in their place.

A subflow that becomes a workflow of its own keeps its node, and its nodes stand beside it without edges to the rest.
Names are `subflow/node`; a subflow whose inner flow is not in the IR stays closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from flowlattice.ir import model as ir
from flowlattice.ir.subflows import between, inner_of, leaves


@dataclass(frozen=True)
class Expanded:
    """A flow without closed subflows.

    Attributes:
        flow: It.
        within: The subflow that a node comes from, by the node's id.
        entries: The first inner node of each subflow that was opened.
        children: Those of them whose nodes make a workflow of their own.

    """

    flow: ir.FlowIR
    within: dict[UUID, str] = field(default_factory=dict)
    entries: dict[UUID, UUID] = field(default_factory=dict)
    children: frozenset[UUID] = frozenset()


def expand(flow: ir.FlowIR, is_child: Callable[[ir.Node], bool]) -> Expanded:
    """Open all subflows of a flow.

    Args:
        flow: The flow.
        is_child: Whether a subflow's node stands for a workflow of its own.

    """
    known = {**flow.subflows}
    result = Expanded(flow)
    while (opened := _next(result, known)) is not None:
        node, inner, export = opened
        known |= {name: one for name, one in inner.subflows.items() if name not in known}
        result = _opened(result, node, inner, export, is_child=is_child(node))
    return result


def _next(result: Expanded, known: dict[str, ir.FlowIR]) -> tuple[ir.Node, ir.FlowIR, ir.Export] | None:
    for node in result.flow.nodes:
        if node.kind == "subflow" and node.id not in result.entries:
            found = inner_of(node, known)
            if found is not None and not _is_inside_itself(node, result):
                return node, *found
    return None


def _is_inside_itself(node: ir.Node, result: Expanded) -> bool:
    """Whether a subflow stands, at any depth, inside of another use of the same export; opening it would not end."""
    ids = {one.name: one for one in result.flow.nodes}
    within = result.within.get(node.id)
    while within is not None:
        outer = ids[within]
        if outer.subflow == node.subflow:
            return True
        within = result.within.get(outer.id)
    return False


def _opened(result: Expanded, node: ir.Node, inner: ir.FlowIR, export: ir.Export, *, is_child: bool) -> Expanded:
    flow = result.flow
    inside = between(inner, export)
    ids = {one: uuid5(node.id, str(one)) for one in inside}
    nodes = [_inner_node(one, node, ids) for one in inner.nodes if one.id in inside]
    edges = [_moved(edge, ids) for edge in inner.edges if edge.source_id in inside and not leaves(edge, export)]
    edges = [edge for edge in edges if edge.target_id in ids.values()]
    outer = list(flow.edges)
    checkpoints = [
        point.model_copy(update={"id": f"{node.name}/{point.id}", "on": ids[point.on]})
        for point in inner.checkpoints
        if point.on in inside
    ]
    own_checkpoints = list(flow.checkpoints)
    if not is_child:
        way_in, way_out = ids[export.entry], {"source_id": ids[export.exit], "case": export.exit_case}
        outer = [edge.model_copy(update={"target_id": way_in}) if edge.target_id == node.id else edge for edge in outer]
        outer = [edge.model_copy(update=way_out) if edge.source_id == node.id else edge for edge in outer]
        own_checkpoints = [
            point.model_copy(update={"on": ids[export.exit], "case": export.exit_case})
            if point.on == node.id
            else point
            for point in own_checkpoints
        ]
    return Expanded(
        flow.model_copy(
            update={
                "nodes": (*flow.nodes, *nodes),
                "edges": (*outer, *edges),
                "surfaces": (*_redirected(flow.surfaces, node.id, ids[export.entry], is_child), *_surfaces(inner, ids)),
                "checkpoints": (*own_checkpoints, *checkpoints),
                "schemas": {**inner.schemas, **flow.schemas},
            }
        ),
        {**result.within, **dict.fromkeys(ids.values(), node.name)},
        {**result.entries, node.id: ids[export.entry]},
        result.children | {node.id} if is_child else result.children,
    )


def _inner_node(inner: ir.Node, outer: ir.Node, ids: dict[UUID, UUID]) -> ir.Node:
    compensate = None if inner.compensate is None else ids.get(inner.compensate, inner.compensate)
    return inner.model_copy(
        update={"id": ids[inner.id], "name": f"{outer.name}/{inner.name}", "compensate": compensate}
    )


def _moved(edge: ir.Edge, ids: dict[UUID, UUID]) -> ir.Edge:
    return edge.model_copy(
        update={"source_id": ids[edge.source_id], "target_id": ids.get(edge.target_id, edge.target_id)}
    )


def _surfaces(inner: ir.FlowIR, ids: dict[UUID, UUID]) -> Iterable[ir.Surface]:
    for surface in inner.surfaces:
        targets = tuple(ids[target] for target in surface.targets if target in ids)
        if targets:
            yield surface.model_copy(update={"targets": targets})


def _redirected(surfaces: Iterable[ir.Surface], node: UUID, entry: UUID, is_child: bool) -> Iterable[ir.Surface]:
    """What governs a subflow governs its first node, unless the subflow keeps its own."""
    for surface in surfaces:
        if is_child or node not in surface.targets:
            yield surface
        else:
            targets = tuple(entry if target == node else target for target in surface.targets)
            yield surface.model_copy(update={"targets": targets})
