"""A flow as planning sees it: what is reached, in which order, and how its edges divide into ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from flowlattice.ir import model as ir
from flowlattice.ir.subflows import reminds
from flowlattice.language.checkpoints import rejected_case
from flowlattice.plan.expand import Expanded


class Layout:
    """The opened flow by id.

    Attributes:
        flow: The flow, its subflows opened.
        names: What units are called: after their first node, numbered where a name stands twice.
        reminders: The schedules that run while records of a node wait at its checkpoints, by the node.
        reached: The nodes that triggers lead to and those that undo effects, in an order in which edges go forward;
            before them the subflows that were opened. A schedule during a checkpoint in a subflow starts something
            where the subflow is reached.

    """

    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded
        self.flow = expanded.flow
        self.nodes = {node.id: node for node in self.flow.nodes}
        self.outgoing: dict[UUID, list[ir.Edge]] = {node_id: [] for node_id in self.nodes}
        self.incoming: dict[UUID, list[ir.Edge]] = {node_id: [] for node_id in self.nodes}
        for edge in self.flow.edges:
            if edge.source_id in self.nodes and edge.target_id in self.nodes:
                self.outgoing[edge.source_id].append(edge)
                self.incoming[edge.target_id].append(edge)
        self.names = _names(self.flow.nodes)
        self.reminders = self._reminders()
        self.reached = self._reached()
        self._starts = self._starts_by_node()

    def in_order(self) -> Iterable[ir.Node]:
        """The reached nodes as the flow lists them."""
        reached = set(self.reached)
        return (node for node in self.flow.nodes if node.id in reached)

    def is_opened(self, node_id: UUID) -> bool:
        """Whether a subflow's nodes stand in its place, so that it is no unit of its own."""
        return node_id in self.expanded.entries and node_id not in self.expanded.children

    def first(self, node_id: UUID) -> UUID:
        """The node that is run first where one is: that of an opened subflow, else itself."""
        while self.is_opened(node_id):
            node_id = self.expanded.entries[node_id]
        return node_id

    def child_entry(self, node_id: UUID) -> UUID | None:
        """The first node of the child workflow that a subflow stands for; none if it is none or not at hand."""
        entry = self.expanded.entries.get(node_id) if node_id in self.expanded.children else None
        return None if entry is None else self.first(entry)

    def below(self, node_id: UUID) -> list[UUID]:
        """The nodes that a node leads to directly; a child workflow's first node counts as one of its subflow."""
        entry = self.child_entry(node_id)
        inner = [] if entry is None else [entry]
        return [*inner, *(edge.target_id for edge in self.outgoing[node_id])]

    def happening(self) -> list[ir.Node]:
        """What triggers lead to, in an order in which it happens: reminders before what follows their checkpoint."""
        starts = [self.nodes[node_id] for node_id in self.reached if self.nodes[node_id].trigger is not None]
        starts.sort(key=lambda node: node.trigger is not None and node.trigger.during is not None)
        done: list[UUID] = []
        self._visit(
            [node.id for node in starts],
            set(),
            done,
            lambda node_id: [*self.reminders.get(node_id, ()), *self.below(node_id)],
        )
        return [self.nodes[node_id] for node_id in reversed(done)]

    def checkpoints(self, node_id: UUID, case: str | None) -> list[ir.Checkpoint]:
        """The checkpoints that records on a way out wait at, in their order."""
        return [point for point in self.flow.checkpoints if point.on == node_id and point.case == case]

    def starts_of(self, node_id: UUID) -> set[UUID]:
        """The triggers that lead to a node, or to one whose effect it undoes."""
        return self._starts.get(node_id, set())

    def is_side(self, edge: ir.Edge) -> bool:
        """Whether an edge leaves a side output, or what a checkpoint rejected."""
        node = self.nodes[edge.source_id]
        return edge.case is not None and (edge.case in node.side_outputs or self.is_rejection(edge))

    def is_rejection(self, edge: ir.Edge) -> bool:
        """Whether an edge carries what a checkpoint rejected."""
        points = self.flow.checkpoints
        return any(point.on == edge.source_id and edge.case == rejected_case(point.id) for point in points)

    def surface(self, node_id: UUID, kind: ir.SurfaceKind) -> ir.Surface | None:
        """The surface of a kind that governs a node."""
        return next((one for one in self.flow.surfaces if one.kind == kind and node_id in one.targets), None)

    def _reminders(self) -> dict[UUID, list[UUID]]:
        found: dict[UUID, list[UUID]] = {}
        for point in self.flow.checkpoints:
            found.setdefault(point.on, []).extend(one.id for one in self.flow.triggers() if reminds(one, point))
        return found

    def _reached(self) -> list[UUID]:
        """Depth-first from every start, last to first: each node stands before those it leads to."""
        starts = [node.id for node in self.flow.triggers() if node.id not in self.expanded.within]
        done: list[UUID] = []
        seen: set[UUID] = set()
        while starts:
            self._visit(starts, seen, done, self.below)
            undone = [undo for node in self._seen(seen) if (undo := node.compensate) is not None]
            reminding = [one for node_id in done for one in self.reminders.get(node_id, ())]
            starts = [one for one in (*undone, *reminding) if one in self.nodes and one not in seen]
        opened = [node_id for node_id in self.nodes if self.is_opened(node_id) and self.first(node_id) in seen]
        return [*opened, *done[::-1]]

    def _starts_by_node(self) -> dict[UUID, set[UUID]]:
        found: dict[UUID, set[UUID]] = {node.id: {node.id} for node in self.flow.triggers()}
        undoing = [node for node in self._seen(set(self.reached)) if node.compensate is not None]
        for _ in range(2 if undoing else 1):  # what undoes comes in wherever that which it undoes stands
            for node_id in self.reached:
                for target in self.below(node_id):
                    found.setdefault(target, set()).update(found.get(node_id, set()))
            for node in undoing:
                if node.compensate is not None:
                    found.setdefault(node.compensate, set()).update(found.get(node.id, set()))
        return found

    def _seen(self, seen: set[UUID]) -> list[ir.Node]:
        return [node for node in self.flow.nodes if node.id in seen]

    def _visit(
        self, starts: Iterable[UUID], seen: set[UUID], done: list[UUID], below: Callable[[UUID], list[UUID]]
    ) -> None:
        stack = [(start, False) for start in starts if start in self.nodes][::-1]
        while stack:
            current, is_left = stack.pop()
            if is_left:
                done.append(current)
            elif current not in seen:
                seen.add(current)
                stack.append((current, True))
                stack += [(target, False) for target in below(current)]


def _names(nodes: Iterable[ir.Node]) -> dict[UUID, str]:
    seen: dict[str, int] = {}
    names = {}
    for node in nodes:
        seen[node.name] = seen.get(node.name, 0) + 1
        names[node.id] = node.name if seen[node.name] == 1 else f"{node.name}#{seen[node.name]}"
    return names
