"""Steps: every node that is waited for, with its retries, its time and its limits. On Temporal these are activities."""

from __future__ import annotations

from typing import Final

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel, Profile
from flowlattice.plan.graph import Graph
from flowlattice.plan.measures import duration
from flowlattice.plan.placement import Place
from flowlattice.plan.retries import Deliveries, RetryPlan, retry_plan
from flowlattice.plan.triggers import MAX_DELIVERIES, VISIBILITY_MS

ACTIVITY_MS: Final = 30_000
"""Start-to-close of an activity that says nothing: longer than a healthy call, short enough to see a lost worker."""
AI_MS: Final = 120_000
"""The same of one that asks a language model, which may write for a minute."""
IN_PROCESS: Final[frozenset[Profile]] = frozenset({"web", "queue", "dev"})
"""Profiles whose hosts run a node in their own process."""
GOVERNING: Final[tuple[ir.SurfaceKind, ...]] = ("error_handler", "rate_limit")
PLACES: Final[frozenset[Place]] = frozenset({"task", "thread", "batch", "activity"})


class Step(PlanModel):
    """A node that is waited for.

    Attributes:
        node: Its name.
        retry: Who tries again, and how often.
        timeout_ms: One attempt takes no longer; on Temporal its start-to-close. None: nothing bounds it.
        timeout_because: Where that comes from.
        key: The fields that identify its effect, remembered for `key_ttl_ms` in the binding `dedupe`.
        compensate: The node that undoes it.
        concurrency: How many records it works on at once.
        batch: How many records it takes at once, waiting `within_ms` for them.
        cache: The fields its results are kept under, and in which tier.
        qps: Records a second at most; `burst` at once.

    """

    node: str
    place: Place
    retry: RetryPlan
    timeout_ms: int | None = None
    timeout_because: str
    key: tuple[str, ...] = ()
    key_ttl_ms: int | None = None
    dedupe: str | None = None
    compensate: str | None = None
    concurrency: int | None = None
    batch: int | None = None
    within_ms: int | None = None
    cache: tuple[str, ...] = ()
    cache_tier: str | None = None
    qps: float | None = None
    burst: int | None = None


def steps(graph: Graph, profile: Profile) -> tuple[Step, ...]:
    """The steps of a flow, in its order."""
    return tuple(
        _step(node, graph, profile)
        for node in graph.layout.in_order()
        if graph.placements[node.id].place in PLACES
        or _is_guest_call(node, graph)
        or _is_governed(node, graph, profile)
    )


def _is_governed(node: ir.Node, graph: Graph, profile: Profile) -> bool:
    """Whether a node that is called in place may be called again, or has to wait its turn."""
    if node.kind != "node" or profile not in IN_PROCESS or graph.placements[node.id].place != "inline":
        return False
    return any(graph.layout.surface(node.id, kind) is not None for kind in GOVERNING)


def _is_guest_call(node: ir.Node, graph: Graph) -> bool:
    return graph.placements[node.id].place == "guest" and node.effects != "pure"


def _step(node: ir.Node, graph: Graph, profile: Profile) -> Step:
    layout = graph.layout
    starts = layout.starts_of(node.id)
    sources = [one.max_deliveries or MAX_DELIVERIES for one in graph.consumers if one.node in starts]
    sources += [MAX_DELIVERIES for one in graph.routes if one.node in starts]
    redelivered = max(sources, default=None) if profile == "queue" else None
    lost = any(edge.delivery == "at_most_once" for edge in layout.incoming[node.id])
    limit = layout.surface(node.id, "rate_limit")
    key, cache, batch = node.idempotency, node.cache, node.batch
    undo = None if node.compensate is None else layout.names.get(node.compensate)
    timeout, because = _timeout(node, graph, profile)
    return Step.model_validate(
        {
            "node": layout.names[node.id],
            "place": graph.placements[node.id].place,
            "retry": retry_plan(node, layout.surface(node.id, "error_handler"), profile, Deliveries(lost, redelivered)),
            "timeout_ms": timeout,
            "timeout_because": because,
            "key": () if key is None else key.fields,
            "key_ttl_ms": None if key is None else key.ttl_ms,
            "dedupe": next((use.binding for use in node.capabilities if use.name == "dedupe"), None),
            "compensate": undo,
            "concurrency": node.concurrency,
            "batch": None if batch is None else batch.size,
            "within_ms": None if batch is None else batch.within_ms,
            "cache": () if cache is None else cache.fields,
            "cache_tier": None if cache is None else cache.tier,
            "qps": None if limit is None else limit.config.get("qps"),
            "burst": None if limit is None else limit.config.get("burst"),
        }
    )


def _timeout(node: ir.Node, graph: Graph, profile: Profile) -> tuple[int | None, str]:
    """How long one attempt may take, and where that comes from."""
    starts = graph.layout.starts_of(node.id)
    on_edges = [edge.timeout_ms for edge in graph.layout.incoming[node.id] if edge.timeout_ms is not None]
    stated = [bound for bound in (node.timeout_ms, *on_edges) if bound is not None]
    if stated:
        return min(stated), "the flow says so"
    if profile == "temporal":
        if node.ai is not None or node.uses("ai.read"):
            return AI_MS, f"the default for language models, {AI_MS // 1000} s"
        cpu = None if node.cost is None else node.cost.cpu_ms
        if cpu is not None and 2 * cpu > ACTIVITY_MS:
            return 2 * cpu, "twice the CPU time that it may take"
        return ACTIVITY_MS, f"the default, {ACTIVITY_MS // 1000} s"
    if profile == "queue":
        hidden = [one.visibility_timeout_ms or VISIBILITY_MS for one in graph.consumers if one.node in starts]
        return None, f"only its delivery, which is hidden for {duration(min(hidden, default=VISIBILITY_MS))}"
    deadlines = [one.deadline_ms for one in graph.routes if one.node in starts]
    known = [deadline for deadline in deadlines if deadline is not None]
    if known and len(known) == len(starts):
        return None, f"only the deadline of its run, {duration(max(known))}"
    return None, "nothing bounds it"
