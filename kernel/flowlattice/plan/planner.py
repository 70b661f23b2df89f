"""Planning: Flow IR becomes an `ExecPlan` for a profile. Nothing is imported or run here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal
from uuid import UUID

from flowlattice.check.finding import finding
from flowlattice.check.hosting import unsupported
from flowlattice.diagnostics import Diagnostic
from flowlattice.errors import FlowlatticeError
from flowlattice.ir import model as ir
from flowlattice.ir.fields import UnboundParameter, UnreadableField, field_sources
from flowlattice.plan.model import (
    AnyUnit,
    Branch,
    Call,
    ExecPlan,
    Fan,
    Hop,
    Merge,
    Place,
    Placement,
    RateLimit,
    Respond,
    Segment,
    TriggerPlan,
    fans,
)

DEFAULT_MAX_IN_FLIGHT = 1024


class PlanRefused(FlowlatticeError):
    """A flow that the profile's host cannot run; `diagnostics` say what and where."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{d.code} {d.file}:{d.line} {d.message}" for d in diagnostics))


def plan(flow: ir.FlowIR, profile: str | None = None, *, fuse: bool = True) -> ExecPlan:
    """Plan a flow that the checker let through.

    Args:
        flow: Its IR.
        profile: `web` or `dev`; the flow's own where it is not given.
        fuse: Whether chains of pure synchronous nodes become one call; only tests and measurements say no.

    Raises:
        PlanRefused: The profile's host cannot run the flow (CTRL901), or it has a cycle (DAG200).

    """
    wanted = profile or flow.profile
    problems = list(_refusals(flow, wanted))
    if problems:
        raise PlanRefused(problems)
    return _Planner(flow, "dev" if wanted == "dev" else "web", fuse).exec_plan()


def _refusals(flow: ir.FlowIR, profile: str) -> Iterator[Diagnostic]:
    yield from unsupported(flow, profile)
    for node in flow.triggers():
        try:
            field_sources(node.trigger or ir.Trigger(kind="http"), flow.schemas.get(node.out_schema or ""))
        except UnboundParameter as error:
            yield finding("DAG202", str(error), node.source, node=node.name)
        except UnreadableField:
            pass  # CTRL901, above
    looped = _cycle(flow)
    if looped is not None:
        yield finding("DAG200", f"{looped.name} leads back to itself; a flow has no cycles", looped.source)


def _cycle(flow: ir.FlowIR) -> ir.Node | None:
    """A node on a cycle: what is left when nodes that nothing leads to are taken away again and again."""
    left = {node.id: node for node in flow.nodes}
    edges = [(edge.source_id, edge.target_id) for edge in flow.edges]
    while True:
        reached = {target for source, target in edges if source in left}
        free = [node for node in left if node not in reached]
        if not free:
            return next(iter(left.values()), None)
        for node in free:
            del left[node]


class _Planner:
    def __init__(self, flow: ir.FlowIR, profile: Literal["web", "dev"], fuse: bool) -> None:
        self.flow = flow
        self.profile = profile
        self.fuse = fuse
        self.nodes = {node.id: node for node in flow.nodes}
        self.outgoing = {node.id: flow.outgoing(node.id) for node in flow.nodes}
        self.incoming = {node.id: flow.incoming(node.id) for node in flow.nodes}
        self.names = self.unit_names()
        self.placements: dict[UUID, Placement] = {}
        self.units: dict[str, AnyUnit] = {}

    def exec_plan(self) -> ExecPlan:
        triggers = tuple(self.trigger(node) for node in self.flow.triggers())
        in_flight = self.flow.policies.get("max_in_flight")
        return ExecPlan(
            flow=self.flow.name,
            flow_id=self.flow.id,
            version=self.flow.version,
            profile=self.profile,
            rate_limits=tuple(
                RateLimit.model_validate(surface.config)
                for surface in self.flow.surfaces
                if surface.kind == "rate_limit"
            ),
            max_in_flight=in_flight if isinstance(in_flight, int) else DEFAULT_MAX_IN_FLIGHT,
            triggers=triggers,
            units=tuple(self.units.values()),
            placements=tuple(self.placements[node.id] for node in self.flow.nodes if node.id in self.placements),
        )

    def unit_names(self) -> dict[UUID, str]:
        """A unit is named after its first node; a name that stands twice is numbered."""
        seen: dict[str, int] = {}
        names = {}
        for node in self.flow.nodes:
            seen[node.name] = seen.get(node.name, 0) + 1
            names[node.id] = node.name if seen[node.name] == 1 else f"{node.name}#{seen[node.name]}"
        return names

    def trigger(self, node: ir.Node) -> TriggerPlan:
        given = node.trigger or ir.Trigger(kind="http")
        fan = self.fan(self.outgoing[node.id])
        self.place(node, self.names[node.id], "trigger", f"{given.method} {given.path} starts a run")
        return TriggerPlan(
            name=node.name,
            node=node.id,
            method=given.method or "POST",
            path=given.path or "/",
            respond=given.respond,
            deadline_ms=given.deadline_ms,
            body=given.body,
            max_body_bytes=given.max_body_bytes or 0,
            invalid=given.invalid,
            accepts=node.out_schema,
            fields=field_sources(given, self.flow.schemas.get(node.out_schema or "")),
            next=fan,
            awaits=any(isinstance(self.units[name], Call) for name in self.reached(fan)),
        )

    def fan(self, edges: Iterable[ir.Edge]) -> Fan:
        hops = tuple(
            Hop(to=self.unit(edge.target_id), max_items=edge.buffer.max_items, timeout_ms=edge.timeout_ms)
            for edge in edges
        )
        return Fan(hops=hops, concurrent=len(hops) > 1 and self.disjoint(hops))

    def disjoint(self, hops: tuple[Hop, ...]) -> bool:
        seen: set[str] = set()
        for hop in hops:
            reached = self.reached(Fan(hops=(hop,)))
            if seen & reached:
                return False
            seen |= reached
        return True

    def reached(self, fan: Fan) -> set[str]:
        """Every unit below a fan."""
        found: set[str] = set()
        waiting = [hop.to for hop in fan.hops]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [hop.to for below in fans(self.units[name]) for hop in below.hops]
        return found

    # Units, each made once.

    def unit(self, node_id: UUID) -> str:
        name = self.names[node_id]
        if name not in self.units:
            node = self.nodes[node_id]
            made = self.make(node, name)
            self.units[name] = made
        return name

    def make(self, node: ir.Node, name: str) -> AnyUnit:
        match node.kind:
            case "respond":
                self.place(node, name, "respond", "answers the caller")
                config = self.surface(node, "respond")
                return Respond.model_validate({"name": name, "node": node.id, **config})
            case "switch" | "if":
                self.place(node, name, "branch", "a pure function chooses the way")
                return Branch(name=name, node=node.id, cases=self.cases(node))
            case "merge":
                self.place(node, name, "merge", "records pass as they arrive")
                return Merge(name=name, node=node.id, next=self.fan(self.outgoing[node.id]))
            case _:
                return self.function(node, name)

    def cases(self, node: ir.Node) -> dict[str, Fan]:
        written = [edge.case or "true" for edge in self.outgoing[node.id]]
        return {
            case: self.fan(edge for edge in self.outgoing[node.id] if (edge.case or "true") == case)
            for case in dict.fromkeys(written)
        }

    def surface(self, node: ir.Node, kind: str) -> dict[str, object]:
        found = [s.config for s in self.flow.surfaces if s.kind == kind and node.id in s.targets]
        return dict(found[0]) if found else {}

    def function(self, node: ir.Node, name: str) -> Segment | Call:
        place, because = self.placed(node)
        if place in {"task", "thread"}:
            self.place(node, name, place, because)
            kind: Literal["task", "thread"] = "task" if place == "task" else "thread"
            next_fan = self.fan(self.outgoing[node.id])
            return Call(kind=kind, name=name, node=node.id, timeout_ms=node.timeout_ms, next=next_fan)
        chain = self.chain(node)
        for member in chain:
            if len(chain) > 1:
                self.place(member, name, "fused", f"{self.placed(member)[1]}; one call with its neighbours")
            else:
                self.place(member, name, "inline", self.placed(member)[1])
        return Segment(name=name, nodes=tuple(n.id for n in chain), next=self.fan(self.outgoing[chain[-1].id]))

    def chain(self, node: ir.Node) -> list[ir.Node]:
        """The node and those after it that can be called in the same call."""
        chain = [node]
        while self.fuse and _fusible(chain[-1]):
            edges = self.outgoing[chain[-1].id]
            if len(edges) != 1 or edges[0].timeout_ms is not None:
                break
            follower = self.nodes[edges[0].target_id]
            if not _fusible(follower) or len(self.incoming[follower.id]) != 1 or self.placed(follower)[0] != "inline":
                break
            chain.append(follower)
        return chain

    def placed(self, node: ir.Node) -> tuple[Place, str]:
        """Where a function runs, and why."""
        if node.is_async:
            return "task", "it is asynchronous"
        if node.takes_context:
            return "thread", "it takes a Context, so it has to see cancellation while it runs"
        if node.timeout_ms is not None or any(edge.timeout_ms is not None for edge in self.incoming[node.id]):
            return "thread", "it has a timeout, and only what runs beside the loop can be given up"
        if node.idempotency is not None and node.uses("dedupe"):
            return "thread", "what it returns is remembered by key, which waits for the store"
        if node.effects == "effectful":
            return "thread", "it is synchronous and effectful, so it may block"
        return "inline", f"it is synchronous and {node.effects}, so it runs to its end without waiting"

    def place(self, node: ir.Node, unit: str, place: Place, because: str) -> None:
        self.placements[node.id] = Placement(node=node.name, unit=unit, place=place, because=because)


def _fusible(node: ir.Node) -> bool:
    return node.kind == "node" and node.effects == "pure" and not node.capabilities
