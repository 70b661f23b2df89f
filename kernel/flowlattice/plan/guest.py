"""What only WebAssembly has: a guest without sockets, and a device around it that keeps things and checks records."""

from __future__ import annotations

from collections.abc import Iterable

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel
from flowlattice.plan.graph import Graph


class HostCall(PlanModel):
    """A capability whose calls leave the guest for the device."""

    capability: str
    binding: str
    nodes: tuple[str, ...]


class Kept(PlanModel):
    """What the device's store keeps of a node: its results under a key, until `ttl_ms` have passed."""

    node: str
    key: tuple[str, ...]
    ttl_ms: int | None = None


class GuestPlan(PlanModel):
    """How a flow is divided between guest and device.

    Attributes:
        inside: The nodes that run in the guest.
        calls: What they call on the device; there are no sockets.
        kept: Results that the offline store keeps.
        enters: Schemas that the device checks before a record goes in.
        leaves: Schemas that it checks when one comes out.

    """

    inside: tuple[str, ...]
    calls: tuple[HostCall, ...]
    kept: tuple[Kept, ...]
    enters: tuple[str, ...]
    leaves: tuple[str, ...]


def guest_plan(graph: Graph) -> GuestPlan:
    """The division of a flow: the device checks records at both edges, for pydantic does not exist inside."""
    layout = graph.layout
    inside = [node for node in layout.in_order() if graph.placements[node.id].place != "host"]
    ends = [node for node in inside if not layout.outgoing[node.id] and node.kind != "subflow"]
    return GuestPlan(
        inside=tuple(layout.names[node.id] for node in inside if node.kind != "subflow"),
        calls=_calls(inside),
        kept=tuple(
            Kept(node=node.name, key=node.cache.fields, ttl_ms=node.cache.ttl_ms)
            for node in inside
            if node.cache is not None
        ),
        enters=_schemas(one.accepts for one in graph.consumers),
        leaves=_schemas(node.out_schema for node in ends),
    )


def _schemas(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _calls(inside: list[ir.Node]) -> tuple[HostCall, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for node in inside:
        if node.kind != "subflow":
            for use in node.capabilities:
                found.setdefault((use.name, use.binding), []).append(node.name)
    return tuple(
        HostCall(capability=name, binding=binding, nodes=tuple(nodes))
        for (name, binding), nodes in sorted(found.items())
    )
