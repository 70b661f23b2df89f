"""Planning: Flow IR becomes an `ExecPlan` for a profile. Nothing is imported or run here."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.finding import finding, listed
from flowlattice.check.hosting import unsupported
from flowlattice.diagnostics import Diagnostic
from flowlattice.errors import FlowlatticeError, UsageError
from flowlattice.ir import model as ir
from flowlattice.ir.fields import UnboundParameter, UnreadableField, field_sources
from flowlattice.plan.base import PROFILES, Profile
from flowlattice.plan.edges import EdgePlan, edge_plan, spill_budget
from flowlattice.plan.expand import expand
from flowlattice.plan.graph import Graph, graph
from flowlattice.plan.guest import guest_plan
from flowlattice.plan.layout import Layout
from flowlattice.plan.model import ExecPlan, RateLimit
from flowlattice.plan.needs import needs
from flowlattice.plan.placement import facts_of, row_for
from flowlattice.plan.state import partitions, states
from flowlattice.plan.steps import steps
from flowlattice.plan.temporal import temporal_plan
from flowlattice.plan.waiting import checkpoints

DEFAULT_MAX_IN_FLIGHT = 1024


class PlanRefused(FlowlatticeError):
    """A flow that the profile cannot honour; `diagnostics` say what and where."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{d.code} {d.file}:{d.line} {d.message}" for d in diagnostics))


def plan(flow: ir.FlowIR, profile: str | None = None, *, fuse: bool = True, digest: str | None = None) -> ExecPlan:
    """Plan a flow that the checker let through.

    Args:
        flow: Its IR.
        profile: The flow's own where it is not given.
        fuse: Whether chains of pure nodes become one call; only tests and measurements say no.
        digest: That of its sources, to which workers are pinned.

    Raises:
        PlanRefused: The profile cannot honour the flow (CTRL901), or it has a cycle (DAG200).
        UsageError: There is no such profile.

    """
    wanted = profile_of(profile or flow.profile)
    problems = list(_refusals(flow, wanted))
    if problems:
        raise PlanRefused(problems)
    layout = Layout(expand(flow, lambda node: row_for(wanted, facts_of(node)).place == "child"))
    return _exec_plan(graph(layout, wanted, fuse=fuse), wanted, digest)


def profile_of(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: There is none.
    """
    for profile in PROFILES:
        if profile == name:
            return profile
    raise UsageError(f"there is no profile {name}; there is {listed(PROFILES)}")


def _refusals(flow: ir.FlowIR, profile: Profile) -> Iterator[Diagnostic]:
    yield from unsupported(flow, profile)
    for node in flow.triggers():
        if node.trigger is None or node.trigger.kind != "http":
            continue
        try:
            field_sources(node.trigger, flow.schemas.get(node.out_schema or ""))
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


def _exec_plan(made: Graph, profile: Profile, digest: str | None) -> ExecPlan:
    flow = made.layout.flow
    in_flight = flow.policies.get("max_in_flight")
    edges = tuple(_edges(made))
    points = checkpoints(made)
    return ExecPlan(
        flow=flow.name,
        flow_id=flow.id,
        version=flow.version,
        profile=profile,
        rate_limits=tuple(_rate_limits(made.layout)),
        max_in_flight=in_flight if isinstance(in_flight, int) else DEFAULT_MAX_IN_FLIGHT,
        triggers=made.routes,
        consumers=made.consumers,
        units=tuple(made.units.values()),
        placements=tuple(made.placements[node.id] for node in made.layout.in_order()),
        steps=steps(made, profile),
        edges=edges,
        spill=spill_budget(edges),
        partitions=partitions(made),
        states=states(made),
        checkpoints=points,
        temporal=temporal_plan(made, points, digest) if profile == "temporal" else None,
        guest=guest_plan(made) if profile == "wasm" else None,
        needs=needs(made, profile, points),
    )


def _rate_limits(layout: Layout) -> Iterator[RateLimit]:
    """The limits of the whole flow: those that govern its triggers."""
    starts = {node.id for node in layout.flow.triggers()}
    for surface in layout.flow.surfaces:
        if surface.kind == "rate_limit" and starts.issuperset(surface.targets):
            yield RateLimit.model_validate(surface.config)


def _edges(made: Graph) -> Iterator[EdgePlan]:
    """The edges between units; those inside a unit are calls."""
    names, unit_of = made.layout.names, made.unit_of
    for edge in made.layout.flow.edges:
        source, target = edge.source_id, edge.target_id
        if source in unit_of and target in unit_of and unit_of[source] != unit_of[target]:
            yield edge_plan(edge, names[source], names[target])
