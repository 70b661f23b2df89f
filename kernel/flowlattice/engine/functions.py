"""The code behind a plan's nodes: each function with its grants, its attempts and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast
from uuid import UUID

from flowlattice.engine.attempts import Attempts, Retries
from flowlattice.engine.nodes import BoundCall, BoundInline, Ways, bind_inline
from flowlattice.engine.streams import BoundStream
from flowlattice.engine.throttle import Throttle
from flowlattice.engine.traced import TracedCall, TracedStream
from flowlattice.engine.variables import Given, with_variables
from flowlattice.ir import model as ir
from flowlattice.language.combinators import Routing
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element
from flowlattice.plan import Call, ExecPlan, Segment
from flowlattice.plan.steps import Step

Choose: TypeAlias = Callable[[object], object]


@dataclass(frozen=True)
class Functions:
    """The code behind a plan's nodes, by node id.

    Attributes:
        inline: Nodes that are called in place.
        calls: Nodes that are waited for.
        choices: What chooses a case.
        throttles: The limits of single nodes.
    """

    inline: Mapping[UUID, BoundInline]
    calls: Mapping[UUID, BoundCall | BoundStream]
    choices: Mapping[UUID, Choose]
    throttles: tuple[Throttle, ...] = ()


def functions_of(plan: ExecPlan, flow: ir.FlowIR, elements: dict[UUID, Element], given: Given, ways: Ways) -> Functions:
    """The functions of a plan's nodes.

    Raises:
        NotRunYet: No engine of this version runs such a node.
        UsageError: A capability is not bound.
    """
    nodes = {node.id: node for node in flow.nodes}
    steps = {step.node: step for step in plan.steps}
    inline: dict[UUID, BoundInline] = {}
    calls: dict[UUID, BoundCall | BoundStream] = {}
    throttles: list[Throttle] = []
    for unit in plan.units:
        if not isinstance(unit, Segment | Call):
            continue
        step = steps.get(unit.name)
        if isinstance(unit, Segment) and step is None:
            for node_id in unit.nodes:
                inline[node_id] = bind_inline(nodes[node_id], _function(elements[node_id], given), ways.bindings)
            continue
        node_id = unit.nodes[0] if isinstance(unit, Segment) else unit.node
        node, function = nodes[node_id], _function(elements[node_id], given)
        throttle = _throttle(step)
        throttles += [] if throttle is None else [throttle]
        attempts = _attempts(step, throttle)
        calls[node_id] = _bound(node, function, ways, attempts, in_place=isinstance(unit, Segment))
    choices = {
        id_: cast("Callable[[object], object]", with_variables(e.function, given))
        for id_, e in elements.items()
        if isinstance(e, Routing)
    }
    return Functions(inline, calls, choices, tuple(throttles))


def _bound(
    node: ir.Node, function: Callable[..., object], ways: Ways, attempts: Attempts | None, *, in_place: bool
) -> BoundCall | BoundStream:
    tracer = ways.tracer
    if node.stream:
        if tracer is None:
            return BoundStream(node, function, ways, attempts=attempts)
        return TracedStream(node, function, ways, attempts=attempts, tracer=tracer)
    if tracer is None:
        return BoundCall(node, function, ways, in_place=in_place, attempts=attempts)
    return TracedCall(node, function, ways, in_place=in_place, attempts=attempts, tracer=tracer)


def _throttle(step: Step | None) -> Throttle | None:
    return None if step is None or step.qps is None else Throttle(step.node, step.qps, step.burst or 1)


def _attempts(step: Step | None, throttle: Throttle | None) -> Attempts | None:
    """How a node is attempted; none where that is once, whenever it comes."""
    if step is None or (step.retry.attempts == 1 and throttle is None):
        return None
    retry = step.retry
    return Attempts(Retries(retry.attempts, retry.backoff_ms / 1000, retry.factor), throttle)


def _function(element: Element, given: Given) -> Callable[..., object]:
    return with_variables(cast("Node[object, object]", element).function, given)
