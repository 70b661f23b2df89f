"""The graph of units: nodes are placed by the table, chains are fused, edges become hops between units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flowlattice.ir import model as ir
from flowlattice.language.checkpoints import rejected_case
from flowlattice.plan.base import Profile
from flowlattice.plan.layout import Layout
from flowlattice.plan.placement import Facts, Placement, facts_of, row_for, words_of
from flowlattice.plan.triggers import Consumer, TriggerPlan, consumer, route
from flowlattice.plan.units import AnyUnit, Branch, Call, Child, Fan, Hop, Merge, Operator, Respond, Segment, Wait, fans

_OPERATORS = frozenset({"foreach", "zip", "join", "distinct", "window", "aggregate"})
_CALLS = frozenset({"task", "thread", "batch", "activity"})


@dataclass(frozen=True)
class Graph:
    """What is run, and where.

    Attributes:
        layout: The flow that it was made from.
        routes: Its HTTP triggers.
        consumers: Its other triggers.
        units: By name.
        placements: By node.
        unit_of: The name of the unit that runs a node.
        checkpoints: Each with its unit and its placement.

    """

    layout: Layout
    routes: tuple[TriggerPlan, ...]
    consumers: tuple[Consumer, ...]
    units: dict[str, AnyUnit]
    placements: dict[UUID, Placement]
    unit_of: dict[UUID, str]
    checkpoints: tuple[tuple[ir.Checkpoint, str, Placement], ...]


def graph(layout: Layout, profile: Profile, *, fuse: bool) -> Graph:
    """Make the units of a flow that the profile honours."""
    return _Builder(layout, profile, fuse).build()


class _Builder:
    def __init__(self, layout: Layout, profile: Profile, fuse: bool) -> None:
        self.layout = layout
        self.profile = profile
        self.places = {node_id: self._place(layout.nodes[node_id]) for node_id in layout.reached}
        self.chains = self._chains() if fuse else {}
        self.units: dict[str, AnyUnit] = {}
        self.below: dict[str, set[str]] = {}
        self.waits: list[tuple[ir.Checkpoint, str, Placement]] = []
        self.partitioned = self._partitioned()

    def build(self) -> Graph:
        members = {member for chain in self.chains.values() for member in chain[1:]}
        routes: dict[UUID, TriggerPlan] = {}
        consumers: dict[UUID, Consumer] = {}
        for node_id in reversed(self.layout.reached):
            node = self.layout.nodes[node_id]
            if node.kind == "trigger":
                ways = self._ways(node)
                if node.trigger is None or node.trigger.kind == "http":
                    routes[node_id] = route(self.layout.flow, node, ways, awaits=self._awaits(ways[0]))
                else:
                    consumers[node_id] = consumer(self.layout.flow, node, ways, self.profile)
            elif node_id not in members and not self.layout.is_opened(node_id):
                self._add(self._unit(node))
        order = [node.id for node in self.layout.in_order()]
        return Graph(
            layout=self.layout,
            routes=tuple(routes[node_id] for node_id in order if node_id in routes),
            consumers=tuple(consumers[node_id] for node_id in order if node_id in consumers),
            units=self._in_order(order),
            placements={node_id: self._placement(node_id) for node_id in order},
            unit_of={node_id: self._unit_of(node_id) for node_id in order},
            checkpoints=tuple(reversed(self.waits)),
        )

    def _in_order(self, order: list[UUID]) -> dict[str, AnyUnit]:
        """Units as the flow lists their nodes; what stands before a node (a wait, a child) after all of them."""
        names = [self.layout.names[node_id] for node_id in order]
        known = [name for name in names if name in self.units]
        rest = [name for name in reversed(self.units) if name not in set(known)]
        return {name: self.units[name] for name in (*known, *rest)}

    # Placing.

    def _place(self, node: ir.Node) -> tuple[str, str]:
        facts = facts_of(node, tuple(self.layout.incoming[node.id]))
        row = row_for(self.profile, facts)
        return row.place, row.because.format_map(words_of(node))

    def _placement(self, node_id: UUID) -> Placement:
        node = self.layout.nodes[node_id]
        place, because = self.places[node_id]
        chain = self.chains.get(node_id, ())
        if len(chain) > 1 and place == "inline":
            place, because = "fused", f"{because}; one call with its neighbours"
        elif len(chain) > 1:
            because = f"{because}; one call with its neighbours"
        undone = [one.name for one in self.layout.in_order() if one.compensate == node_id]
        because = f"{because}; undoes {', '.join(undone)}" if undone else because
        return Placement.model_validate(
            {
                "node": node.name,
                "unit": self._unit_of(node_id),
                "place": place,
                "because": because,
                "within": self.layout.expanded.within.get(node_id),
            }
        )

    def _unit_of(self, node_id: UUID) -> str:
        first = self.layout.first(node_id)
        chain = self.chains.get(first)
        return self.layout.names[first if chain is None else chain[0]]

    # Fusing.

    def _chains(self) -> dict[UUID, tuple[UUID, ...]]:
        """By node, the chain of nodes that are called with it."""
        chains: dict[UUID, tuple[UUID, ...]] = {}
        for node_id in self.layout.reached:
            if node_id not in chains and self._fusible(node_id):
                chain = self._chain(node_id)
                chains |= dict.fromkeys(chain, chain)
        return chains

    def _chain(self, first: UUID) -> tuple[UUID, ...]:
        chain = [first]
        while (follower := self._follower(chain[-1])) is not None:
            chain.append(follower)
        return tuple(chain)

    def _follower(self, node_id: UUID) -> UUID | None:
        """The node that can be called in the same call as the one before it."""
        edges = self.layout.outgoing[node_id]
        if (
            self._is_governed(node_id)
            or len(edges) != 1
            or edges[0].timeout_ms is not None
            or edges[0].case is not None
        ):
            return None
        target = edges[0].target_id
        alone = len(self.layout.incoming[target]) == 1 and not self.layout.checkpoints(node_id, None)
        return target if alone and self._fusible(target) and not self._is_governed(target) else None

    def _fusible(self, node_id: UUID) -> bool:
        node = self.layout.nodes[node_id]
        pure = node.kind == "node" and node.effects == "pure" and not node.capabilities
        in_one_call = self.places[node_id][0] == "inline" or (self._is_plain_guest(node))
        return pure and in_one_call

    def _is_plain_guest(self, node: ir.Node) -> bool:
        facts: Facts = facts_of(node, tuple(self.layout.incoming[node.id]))
        return self.places[node.id][0] == "guest" and (facts.mode, facts.held) == ("sync", "free")

    def _is_governed(self, node_id: UUID) -> bool:
        """Whether something counts, splits or catches what reaches just this node."""
        kinds: tuple[ir.SurfaceKind, ...] = ("partition", "rate_limit", "error_handler")
        return any(self.layout.surface(node_id, kind) is not None for kind in kinds)

    # Units.

    def _add(self, unit: AnyUnit) -> None:
        self.units[unit.name] = unit
        hops = [hop.to for fan in fans(unit) for hop in fan.hops]
        self.below[unit.name] = {unit.name}.union(*(self.below.get(to, {to}) for to in hops))

    def _unit(self, node: ir.Node) -> AnyUnit:
        name = self.layout.names[node.id]
        match node.kind:
            case "respond":
                return Respond.model_validate({"name": name, "node": node.id, **self._config(node, "respond")})
            case "switch" | "if":
                return Branch(name=name, node=node.id, cases=self._cases(node))
            case "merge":
                return Merge(name=name, node=node.id, next=self._ways(node)[0])
            case "subflow":
                return self._subflow(node, name)
            case "foreach" | "zip" | "join" | "distinct" | "window" | "aggregate":
                fan, side = self._ways(node)
                kind: Literal["foreach", "zip", "join", "distinct", "window", "aggregate"] = node.kind
                config = self._config(node, kind)
                return Operator.model_validate(
                    {"kind": kind, "name": name, "node": node.id, "config": config, "next": fan, "side": side}
                )
            case _:
                return self._function(node, name)

    def _config(self, node: ir.Node, kind: ir.SurfaceKind) -> dict[str, object]:
        found = self.layout.surface(node.id, kind)
        return {} if found is None else dict(found.config)

    def _function(self, node: ir.Node, name: str) -> Segment | Call:
        place = self.places[node.id][0]
        if place == "guest" and not self._is_plain_guest(node):
            place = "task"
        if place in _CALLS:
            fan, side = self._ways(node)
            return Call.model_validate(
                {"kind": place, "name": name, "node": node.id, "timeout_ms": node.timeout_ms, "next": fan, "side": side}
            )
        chain = self.chains.get(node.id, (node.id,))
        fan, side = self._ways(self.layout.nodes[chain[-1]])
        return Segment(name=name, nodes=chain, next=fan, side=side)

    def _subflow(self, node: ir.Node, name: str) -> Call | Child:
        fan, side = self._ways(node)
        if self.places[node.id][0] == "child":
            entry = self.layout.child_entry(node.id)
            body = Fan() if entry is None else Fan(hops=(Hop(to=self._target(entry), max_items=1),))
            return Child(of="subflow", name=name, node=node.id, body=body, next=fan, side=side)
        kind: Literal["activity", "task"] = "activity" if self.profile == "temporal" else "task"
        return Call(kind=kind, name=name, node=node.id, timeout_ms=node.timeout_ms, next=fan, side=side)

    def _cases(self, node: ir.Node) -> dict[str, Fan]:
        edges = [edge for edge in self.layout.outgoing[node.id] if not self.layout.is_side(edge)]
        points = [point.case for point in self.layout.flow.checkpoints if point.on == node.id]
        written = dict.fromkeys([*(edge.case for edge in edges), *points])
        return {case or "true": self._fan(node, case, [e for e in edges if e.case == case]) for case in written}

    # Ways out.

    def _ways(self, node: ir.Node) -> tuple[Fan, dict[str, Fan]]:
        """The main way out of a node, and its side outputs."""
        edges = self.layout.outgoing[node.id]
        main = [edge for edge in edges if not self.layout.is_side(edge)]
        rest = [edge for edge in edges if self.layout.is_side(edge) and not self.layout.is_rejection(edge)]
        cases = dict.fromkeys(edge.case or "" for edge in rest)
        side = {case: self._fan(node, case, [edge for edge in rest if edge.case == case]) for case in cases}
        return self._fan(node, None, main), side

    def _fan(self, node: ir.Node, case: str | None, edges: Iterable[ir.Edge]) -> Fan:
        """Where records go on one way out: through its checkpoints, then along its edges."""
        fan = self._hops(edges)
        for point in reversed(self.layout.checkpoints(node.id, case)):
            rejected = self._hops(e for e in self.layout.outgoing[node.id] if e.case == rejected_case(point.id))
            name = self._free(point.id)
            self._add(Wait(name=name, next=fan, rejected=rejected))
            row = row_for(self.profile, Facts(kind="checkpoint"))
            within = self.layout.expanded.within.get(node.id)
            placed = Placement(node=point.id, unit=name, place=row.place, because=row.because, within=within)
            self.waits.append((point, name, placed))
            fan = Fan(hops=(Hop(to=name, max_items=1),))
        return fan

    def _free(self, name: str) -> str:
        """A name that no node's unit has."""
        return f"{name} (checkpoint)" if name in set(self.layout.names.values()) | set(self.units) else name

    def _hops(self, edges: Iterable[ir.Edge]) -> Fan:
        hops = tuple(
            Hop(
                to=self._target(edge.target_id),
                max_items=edge.buffer.max_items,
                timeout_ms=edge.timeout_ms,
                into=edge.into,
            )
            for edge in edges
        )
        return Fan(hops=hops, concurrent=len(hops) > 1 and self._disjoint(hops))

    def _target(self, node_id: UUID) -> str:
        """The unit that a record for a node goes to: in front of a partitioned one stands its child workflow."""
        name = self._unit_of(node_id)
        if node_id not in self.partitioned:
            return name
        child = f"{name} by partition"
        if child not in self.units:
            body = Fan(hops=(Hop(to=name, max_items=1),))
            self._add(Child(of="partition", name=child, node=node_id, body=body))
        return child

    def _partitioned(self) -> set[UUID]:
        """The nodes in front of which a workflow of its own begins for each partition: those of Temporal."""
        if self.profile != "temporal":
            return set()
        surfaces = (surface for surface in self.layout.flow.surfaces if surface.kind == "partition")
        return {target for surface in surfaces for target in surface.targets}

    def _disjoint(self, hops: tuple[Hop, ...]) -> bool:
        seen: set[str] = set()
        for hop in hops:
            reached = self.below.get(hop.to, {hop.to})
            if seen & reached:
                return False
            seen |= reached
        return True

    def _awaits(self, fan: Fan) -> bool:
        """Whether anything below a fan has to be waited for."""
        reached: set[str] = set().union(*(self.below.get(hop.to, set()) for hop in fan.hops))
        plain = (Segment, Branch, Merge, Respond)
        return any(not isinstance(self.units[name], plain) for name in reached if name in self.units)
