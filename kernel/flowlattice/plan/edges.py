"""Edges: what is promised of them, what may wait on them, and what may be spilled in all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel


class EdgePlan(PlanModel):
    """An edge between two units.

    Attributes:
        source: The node that it leaves.
        target: The node that it reaches.
        partition_key: The fields whose values keep records apart and in order.
        max_items: How many records may wait on it.
        on_full: What happens when they do.
        spill_bytes: How many bytes of those that find it full may be put aside.
        spill_bytes_per_s: How fast that may be done.
        spill_blob: Where they are put.

    """

    source: str
    target: str
    case: str | None = None
    into: Literal["left", "right"] | None = None
    ordering: Literal["ordered", "unordered"] = "ordered"
    delivery: Literal["at_least_once", "at_most_once", "exactly_once"] = "at_least_once"
    partition_key: tuple[str, ...] = ()
    max_items: int = 64
    on_full: Literal["backpressure", "drop_newest", "drop_oldest", "spill"] = "backpressure"
    spill_bytes: int | None = None
    spill_bytes_per_s: int | None = None
    spill_blob: str | None = None
    timeout_ms: int | None = None


class SpillBudget(PlanModel):
    """What one worker may put aside, over all edges.

    Attributes:
        edges: How many edges spill.
        bytes: Bytes on disk or in blobs at most.
        bytes_per_s: What is written and read back a second at most; none where an edge states no cap.

    """

    edges: int
    bytes: int
    bytes_per_s: int | None = None


def edge_plan(edge: ir.Edge, source: str, target: str) -> EdgePlan:
    """The plan of an edge."""
    buffer = edge.buffer
    return EdgePlan(
        source=source,
        target=target,
        case=edge.case,
        into=edge.into,
        ordering=edge.ordering,
        delivery=edge.delivery,
        partition_key=tuple((edge.partition_key or "").split(",")) if edge.partition_key else (),
        max_items=buffer.max_items,
        on_full=buffer.on_full,
        spill_bytes=buffer.spill_bytes,
        spill_bytes_per_s=buffer.spill_bytes_per_s,
        spill_blob=buffer.spill_blob,
        timeout_ms=edge.timeout_ms,
    )


def spill_budget(edges: Iterable[EdgePlan]) -> SpillBudget | None:
    """The sum over the edges that spill; none where none does.

    The bandwidth is a worker's, whatever the number of edges: the greatest that one of them states.
    """
    spilling = [edge for edge in edges if edge.on_full == "spill"]
    if not spilling:
        return None
    speeds = [edge.spill_bytes_per_s for edge in spilling]
    known = [speed for speed in speeds if speed is not None]
    return SpillBudget(
        edges=len(spilling),
        bytes=sum(edge.spill_bytes or 0 for edge in spilling),
        bytes_per_s=max(known) if known and len(known) == len(speeds) else None,
    )
