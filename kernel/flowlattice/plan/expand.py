"""Subflows opened up: a flow in which the nodes of its subflows stand in their place.

A subflow that becomes a workflow of its own keeps its node, and its nodes stand beside it without edges to the rest.
Names are `subflow/node`; a subflow whose inner flow is not in the IR stays closed. What handles its errors, `handling`
hands to its nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from flowlattice.ir import model as ir
from flowlattice.ir.subflows import between, inner_of, leaves
from flowlattice.language.checkpoints import rejected_case
from flowlattice.plan.handling import Handling


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
    inside, handling = between(inner, export), Handling(result.flow, node, inner, export)
    parts = _Parts(node, inner, export, {one: uuid5(node.id, str(one)) for one in inside}, handling)
    flow = result.flow.model_copy(update={"surfaces": tuple(handling.outside(result.flow.surfaces, parts.ids))})
    entry = parts.ids[export.entry]
    outer = flow if is_child else _joined(flow, parts)
    return Expanded(
        flow.model_copy(
            update={
                "nodes": (*outer.nodes, *parts.nodes(() if is_child else node.side_outputs)),
                "edges": (*outer.edges, *parts.edges()),
                "surfaces": (*outer.surfaces, *parts.surfaces()),
                "checkpoints": (*parts.checkpoints(), *outer.checkpoints),  # those within come first
                "schemas": {**inner.schemas, **flow.schemas},
            }
        ),
        {**result.within, **dict.fromkeys(parts.ids.values(), node.name)},
        {**result.entries, node.id: entry},
        result.children | {node.id} if is_child else result.children,
    )


@dataclass(frozen=True)
class _Parts:
    """What an export holds, as parts of the flow that uses it: with ids and names of its own in each use."""

    node: ir.Node
    inner: ir.FlowIR
    export: ir.Export
    ids: dict[UUID, UUID]
    handling: Handling

    def named(self, name: str) -> str:
        """What a part is called outside."""
        return f"{self.node.name}/{name}"

    def nodes(self, sides: tuple[str, ...]) -> Iterator[ir.Node]:
        """The nodes; `sides` are the side outputs of the subflow, which are those of all that may fail in it."""
        failing = self.handling.open
        for one in self.inner.nodes:
            if one.id in self.ids:
                trigger = one.trigger
                if trigger is not None and trigger.during is not None:
                    trigger = trigger.model_copy(update={"during": self.named(trigger.during)})
                update = {
                    "id": self.ids[one.id],
                    "name": self.named(one.name),
                    "compensate": None if one.compensate is None else self.ids[one.compensate],
                    "trigger": trigger,
                    "side_outputs": (*one.side_outputs, *(sides if one.id in failing else ())),
                }
                yield one.model_copy(update=update)

    def edges(self) -> Iterator[ir.Edge]:
        """The edges between them; what a checkpoint rejects leaves by the checkpoint's new name."""
        rejections = {
            (point.on, rejected_case(point.id)): rejected_case(self.named(point.id)) for point in self.inner.checkpoints
        }
        for edge in self.inner.edges:
            if edge.source_id in self.ids and edge.target_id in self.ids and not leaves(edge, self.export):
                ends = {"source_id": self.ids[edge.source_id], "target_id": self.ids[edge.target_id]}
                case = rejections.get((edge.source_id, edge.case or ""), edge.case)
                yield edge.model_copy(update={**ends, "case": case})

    def surfaces(self) -> Iterator[ir.Surface]:
        """What governs them; what governs a flow's triggers does not govern the schedules that come with an export."""
        starts = {node.id for node in self.inner.triggers()}
        for surface in self.inner.surfaces:
            targets = tuple(self.ids[one] for one in surface.targets if one in self.ids and one not in starts)
            if targets:
                yield self.handling.inside(surface).model_copy(update={"targets": targets})

    def checkpoints(self) -> Iterator[ir.Checkpoint]:
        """The checkpoints behind them."""
        for point in self.inner.checkpoints:
            if point.on in self.ids:
                yield point.model_copy(update={"id": self.named(point.id), "on": self.ids[point.on]})


def _joined(flow: ir.FlowIR, parts: _Parts) -> ir.FlowIR:
    """The flow around a subflow, connected with the nodes in it instead."""
    node, export = parts.node.id, parts.export
    entry, exit_ = parts.ids[export.entry], parts.ids[export.exit]
    way_out = {"source_id": exit_, "case": export.exit_case}
    failing = [parts.ids[one] for one in parts.handling.open]
    rejections = {rejected_case(point.id) for point in flow.checkpoints if point.on == node}
    edges: list[ir.Edge] = []
    for edge in flow.edges:
        into: dict[str, object] = {"target_id": entry} if edge.target_id == node else {}
        if edge.source_id != node:
            edges.append(edge.model_copy(update=into))
        elif edge.case is None:
            edges.append(edge.model_copy(update={**into, **way_out}))
        else:
            sources = [exit_] if edge.case in rejections else failing
            edges += [edge.model_copy(update={**into, "source_id": source}) for source in sources]
    points = [
        point.model_copy(update={"on": exit_, "case": export.exit_case}) if point.on == node else point
        for point in flow.checkpoints
    ]
    surfaces = [_redirected(surface, node, entry) for surface in flow.surfaces]
    return flow.model_copy(update={"edges": tuple(edges), "checkpoints": tuple(points), "surfaces": tuple(surfaces)})


def _redirected(surface: ir.Surface, node: UUID, entry: UUID) -> ir.Surface:
    """What governs a subflow, other than a handler of errors, governs its first node."""
    return surface.model_copy(update={"targets": tuple(entry if one == node else one for one in surface.targets)})
