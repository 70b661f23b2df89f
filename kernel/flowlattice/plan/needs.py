"""What a flow needs to run: what has to be bound, hosts, credentials, and what has to be installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.ir import model as ir
from flowlattice.ir.bindings import trigger_backends, trigger_words
from flowlattice.plan.base import PlanModel, Profile
from flowlattice.plan.graph import Graph
from flowlattice.plan.waiting import CheckpointPlan

KERNEL: Final = ">=0.1"
"""The versions of flowlattice whose engines know this form of plans."""
PYTHON: Final = ">=3.11"
LEAST_DEDUPE_MS: Final = 300_000
"""Keys are kept at least so long (EXACT003)."""


class Need(PlanModel):
    """A capability, or what a trigger stands on, under one binding.

    Attributes:
        capability: Its type; of a trigger, `kafka trigger`.
        binding: Its name in `bindings.toml`.
        hosts: What it reaches.
        scopes: What its credential has to be granted.
        nodes: Who asks for it; none of a trigger, which is bound by its own name.

    """

    capability: str
    binding: str
    hosts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


class Dedupe(PlanModel):
    """A store of keys, and how long it has to keep them: longer than the last delivery of a record can be away."""

    binding: str
    nodes: tuple[str, ...]
    least_ms: int


class Needs(PlanModel):
    """What has to be there.

    Attributes:
        models: Language models.
        spills: Blob bindings that take what edges cannot hold.
        kernel: Versions of flowlattice.
        python: Versions of Python.
        extras: Extras of flowlattice to install.
        services: What has to run beside it.

    """

    capabilities: tuple[Need, ...] = ()
    dedupe: tuple[Dedupe, ...] = ()
    credentials: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    residency: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    spills: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    kernel: str = KERNEL
    python: str = PYTHON
    extras: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def needs(graph: Graph, profile: Profile, points: tuple[CheckpointPlan, ...]) -> Needs:
    """What a flow needs on a profile."""
    flow = graph.layout.flow
    used = [node for node in graph.layout.in_order() if node.kind != "subflow"]
    return Needs(
        capabilities=(*_capabilities(used), *_triggers(used)),
        dedupe=tuple(_dedupe(used, graph)),
        credentials=tuple(one.name for one in flow.credentials),
        variables=tuple(one.name for one in flow.variables),
        residency=flow.residency,
        connectors=tuple(one.name if one.version is None else f"{one.name} {one.version}" for one in flow.connectors),
        models=tuple(dict.fromkeys(node.ai.model for node in used if node.ai is not None and node.ai.model)),
        spills=tuple(dict.fromkeys(edge.buffer.spill_blob for edge in flow.edges if edge.buffer.spill_blob)),
        artifacts=flow.artifacts,
        extras=tuple(sorted(set(_extras(used, graph, profile)))),
        services=tuple(_services(graph, profile, points)),
    )


def _capabilities(nodes: list[ir.Node]) -> Iterator[Need]:
    found: dict[tuple[str, str], list[tuple[ir.Node, ir.CapabilityUse]]] = {}
    for node in nodes:
        for use in node.capabilities:
            found.setdefault((use.name, use.binding), []).append((node, use))
    for (name, binding), uses in sorted(found.items()):
        yield Need(
            capability=name,
            binding=binding,
            hosts=tuple(sorted({host for _, use in uses for host in use.egress})),
            scopes=tuple(sorted({scope for _, use in uses for scope in use.scopes})),
            nodes=tuple(dict.fromkeys(node.name for node, _ in uses)),
        )


def _triggers(nodes: list[ir.Node]) -> Iterator[Need]:
    for node in nodes:
        if trigger_backends(node):
            yield Need(capability=trigger_words(node), binding=node.name)


def _dedupe(nodes: list[ir.Node], graph: Graph) -> Iterator[Dedupe]:
    spans = [(one.visibility_timeout_ms or 0) * (one.max_deliveries or 0) for one in graph.consumers]
    least = max([LEAST_DEDUPE_MS, *spans])
    bindings = {use.binding: None for node in nodes for use in node.capabilities if use.name == "dedupe"}
    for binding in bindings:
        asking = [n for n in nodes if any((use.name, use.binding) == ("dedupe", binding) for use in n.capabilities)]
        ttls = [n.idempotency.ttl_ms or 0 for n in asking if n.idempotency is not None]
        yield Dedupe(binding=binding, nodes=tuple(n.name for n in asking), least_ms=max([least, *ttls]))


def _extras(nodes: list[ir.Node], graph: Graph, profile: Profile) -> Iterator[str]:
    if profile in {"temporal", "wasm"}:
        yield profile
    if any(one.source == "kafka" for one in graph.consumers) or any(node.uses("kafka.write") for node in nodes):
        yield "kafka"


def _services(graph: Graph, profile: Profile, points: tuple[CheckpointPlan, ...]) -> Iterator[str]:
    """Engines beside the process; in dev everything is in it."""
    if profile == "dev":
        return
    if profile == "temporal":
        yield "a Temporal server"
    if profile == "wasm":
        yield "a device that runs WebAssembly components, with its own store"
    if any(one.source == "kafka" for one in graph.consumers):
        yield "a Kafka broker"
    if profile == "queue" and any(one.source != "kafka" for one in graph.consumers):
        yield "a queue store (SQLite, or PostgreSQL for several machines)"
    if graph.routes and profile != "web":
        yield "a web process that takes the requests"
    if points:
        yield "people who look at flows hitl list"
