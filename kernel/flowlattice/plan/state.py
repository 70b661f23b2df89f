"""What is kept between records: windows, groups, unmatched and repeated records, and what a partition is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from pydantic import Field, JsonValue

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel
from flowlattice.plan.children import partition_ids
from flowlattice.plan.graph import Graph
from flowlattice.plan.layout import Layout
from flowlattice.plan.measures import duration


class State(PlanModel):
    """What a node keeps.

    Attributes:
        node: Its name.
        keeps: What, in words.
        until: When it lets go of it.
        watermark: How the watermark moves; none where time plays no part.
        late: Where what comes too late goes; none where nothing can.
        partitioned_by: The fields whose values have states of their own.

    """

    node: str
    keeps: str
    until: str
    watermark: str | None = None
    late: str | None = None
    partitioned_by: tuple[str, ...] = ()


class Partition(PlanModel):
    """Records are split in front of a node; those of one key stay in order.

    Attributes:
        node: Its name.
        fields: What makes the key.
        max_parallel_shards: How many keys one worker works on at once; none: as many as it can.
        weights: The share of a key where others wait, 1 where it is not named.
        child_id: Temporal: the id of the workflow of a partition.

    """

    node: str
    fields: tuple[str, ...]
    max_parallel_shards: int | None = None
    weights: dict[str, float] = Field(default_factory=dict)
    child_id: str | None = None


def states(graph: Graph) -> tuple[State, ...]:
    """What the nodes of a flow keep, in its order."""
    return tuple(state for node in graph.layout.in_order() if (state := _state(node, graph.layout)) is not None)


def partitions(graph: Graph) -> tuple[Partition, ...]:
    """Where records are split, in the order in which the flow says so."""
    layout = graph.layout
    ids = partition_ids(graph)
    found = [
        _partition(surface, layout.names[target], ids.get(target))
        for surface in layout.flow.surfaces
        if surface.kind == "partition"
        for target in surface.targets
        if target in layout.names
    ]
    return tuple(found)


def _partition(surface: ir.Surface, node: str, child_id: str | None) -> Partition:
    config = surface.config
    return Partition.model_validate(
        {
            "node": node,
            "fields": config.get("fields") or (),
            "max_parallel_shards": config.get("max_parallel_shards"),
            "weights": config.get("weights") or {},
            "child_id": child_id,
        }
    )


def _state(node: ir.Node, layout: Layout) -> State | None:
    surface = layout.surface(node.id, node.kind) if node.kind in _KEEPING else None
    config = {} if surface is None else surface.config
    name = layout.names[node.id]
    match node.kind:
        case "window":
            return _window(name, config, node, layout)
        case "aggregate":
            keys = _texts(config.get("keys"))
            keeps = f"one value for each {' and '.join(keys)}" if keys else "one value for all records"
            return State(node=name, keeps=keeps, until="its window closes", partitioned_by=keys)
        case "join":
            until = f"their partner comes, or {duration(config.get('within_ms'))} have passed"
            return State(node=name, keeps="records of both sides", until=until, late=_side(node, layout, "unmatched"))
        case "distinct":
            fields = _texts(config.get("fields"))
            return State(
                node=name,
                keeps=f"each {' and '.join(fields)} that was seen",
                until=f"{duration(config.get('within_ms'))} have passed",
            )
        case "zip":
            return State(node=name, keeps="records whose partner has not come", until="it comes")
        case _:
            return None


_KEEPING: Final[tuple[ir.SurfaceKind, ...]] = ("window", "aggregate", "join", "distinct", "zip")


def _window(name: str, config: dict[str, JsonValue], node: ir.Node, layout: Layout) -> State:
    lateness = config.get("lateness_ms") or 0
    highest = f"the highest {config.get('event_time')} seen{f' less {duration(lateness)}' if lateness else ''}"
    idle = config.get("idle_ms")
    leaving = "" if idle is None else f"; a partition without a record for {duration(idle)} does not hold it back"
    return State(
        node=name,
        keeps=f"the records of each open {_shape(config)}",
        until="the watermark reaches its end; it closes once",
        watermark=f"{highest}, the lowest over partitions{leaving}",
        late=_side(node, layout, "late_events"),
        partitioned_by=_partition_key(node.id, layout),
    )


def _shape(config: dict[str, JsonValue]) -> str:
    match config.get("shape"):
        case "sliding":
            return f"window of {duration(config.get('size_ms'))}, one every {duration(config.get('slide_ms'))}"
        case "session":
            return f"session, which ends after {duration(config.get('gap_ms'))} without a record"
        case _:
            return f"window of {duration(config.get('size_ms'))}"


def _partition_key(node_id: UUID, layout: Layout) -> tuple[str, ...]:
    keys = {edge.partition_key for edge in layout.incoming[node_id] if edge.partition_key}
    return tuple(keys.pop().split(",")) if len(keys) == 1 else ()


def _side(node: ir.Node, layout: Layout, case: str) -> str:
    """Where a side output leads; records of one that leads nowhere are counted and dropped."""
    targets = [layout.names[edge.target_id] for edge in layout.outgoing[node.id] if edge.case == case]
    return f"{case} -> {', '.join(targets)}" if targets else f"{case}, which leads nowhere: counted, then dropped"


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
