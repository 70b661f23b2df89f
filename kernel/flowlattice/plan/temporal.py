"""What only Temporal has: the task queue, signals' timers, child workflows, the order of undoing, histories."""

from __future__ import annotations

from flowlattice.plan.base import PlanModel
from flowlattice.plan.children import ChildPlan, children
from flowlattice.plan.graph import Graph
from flowlattice.plan.history import CONTINUE_EVENTS, CONTINUE_MS, Growth, History, histories
from flowlattice.plan.triggers import Consumer
from flowlattice.plan.waiting import CheckpointPlan, Timer, timers

UNPINNED = "<digest>"
"""Stands for the digest of a flow's sources where they are not at hand."""


class Compensation(PlanModel):
    """A node whose effect is undone, and the node that undoes it."""

    node: str
    by: str


class TemporalPlan(PlanModel):
    """How a flow runs as a workflow.

    Attributes:
        task_queue: Its workers' queue; they run this digest of the sources and no other.
        continue_events: The history's length at which a workflow continues as new.
        continue_ms: The age at which it does.
        timers: With their jitter.
        children: Child workflows.
        saga: What is undone, in this order, when a run fails: the last effect first. The run's own workflow does it,
            for its children too.
        histories: Of the workflow and its children.

    """

    task_queue: str
    continue_events: int = CONTINUE_EVENTS
    continue_ms: int = CONTINUE_MS
    timers: tuple[Timer, ...]
    children: tuple[ChildPlan, ...]
    saga: tuple[Compensation, ...]
    histories: tuple[History, ...]


def temporal_plan(graph: Graph, points: tuple[CheckpointPlan, ...], digest: str | None) -> TemporalPlan:
    """The plan of a workflow; `digest` is that of the flow's sources."""
    flow = graph.layout.flow
    undone = saga(graph)
    growth = Growth(
        starts=(*(one.next for one in graph.routes), *(one.next for one in graph.consumers if not _reminds(one))),
        reminders={one.name: one.next for one in graph.consumers if _reminds(one)},
        stays=any(one.source in {"queue", "blob"} for one in graph.consumers),
        undone=len(undone),
    )
    return TemporalPlan(
        task_queue=f"{flow.name}::{UNPINNED if digest is None else digest[:12]}",
        timers=timers(graph, points),
        children=children(graph),
        saga=undone,
        histories=histories(graph.units, growth),
    )


def _reminds(one: Consumer) -> bool:
    return one.source == "reminder"


def saga(graph: Graph) -> tuple[Compensation, ...]:
    """What is undone when a run fails, the last effect first."""
    layout = graph.layout
    return tuple(
        Compensation(node=layout.names[node.id], by=layout.names[node.compensate])
        for node in reversed(layout.happening())
        if node.compensate is not None and node.compensate in layout.names
    )
