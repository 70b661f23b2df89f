"""The code behind a plan's nodes: each function with its grants, its attempts and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast
from uuid import UUID

from flowlattice.engine.attempts import Attempts, Retries
from flowlattice.engine.nodes import BoundCall, BoundInline, Ways, bind_inline
from flowlattice.engine.results import Results, results_of
from flowlattice.engine.runnable import NotRunYet
from flowlattice.engine.saga import Compensation
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

    @property
    def undoes(self) -> bool:
        """Whether effects are undone where a run fails."""
        return any(isinstance(bound, BoundCall) and bound.compensation is not None for bound in self.calls.values())


def functions_of(plan: ExecPlan, flow: ir.FlowIR, elements: dict[UUID, Element], given: Given, ways: Ways) -> Functions:
    """The functions of a plan's nodes.

    Raises:
        NotRunYet: No engine of this version runs such a node.
        UsageError: A capability is not bound.
    """
    binder = _Binder(flow, elements, given, ways)
    steps = {step.node: step for step in plan.steps}
    for unit in plan.units:
        step = steps.get(unit.name)
        if isinstance(unit, Segment) and step is None:
            binder.inline |= {node_id: binder.called_in_place(node_id) for node_id in unit.nodes}
        elif isinstance(unit, Segment | Call):
            node_id = unit.nodes[0] if isinstance(unit, Segment) else unit.node
            binder.calls[node_id] = binder.waited_for(node_id, step, in_place=isinstance(unit, Segment))
    binder.compensate(steps)
    choices = {
        id_: cast("Callable[[object], object]", with_variables(e.function, given))
        for id_, e in elements.items()
        if isinstance(e, Routing)
    }
    return Functions(binder.inline, binder.calls, choices, tuple(binder.throttles))


class _Binder:
    """Binds the nodes of one flow."""

    def __init__(self, flow: ir.FlowIR, elements: Mapping[UUID, Element], given: Given, ways: Ways) -> None:
        self._flow = flow
        self._nodes = {node.id: node for node in flow.nodes}
        self._elements = elements
        self._given = given
        self._ways = ways
        self.inline: dict[UUID, BoundInline] = {}
        self.calls: dict[UUID, BoundCall | BoundStream] = {}
        self.throttles: list[Throttle] = []

    def called_in_place(self, node_id: UUID) -> BoundInline:
        """A node that a segment calls."""
        node, function, results = self._parts(node_id)
        return bind_inline(node, function, self._ways.bindings, results)

    def waited_for(self, node_id: UUID, step: Step | None, *, in_place: bool) -> BoundCall | BoundStream:
        """A node that is awaited."""
        node, function, results = self._parts(node_id)
        throttle = _throttle(step)
        if throttle is not None:
            self.throttles.append(throttle)
        attempts, ways = _attempts(step, throttle), self._ways
        if node.stream:
            if ways.tracer is None:
                return BoundStream(node, function, ways, attempts=attempts)
            return TracedStream(node, function, ways, attempts=attempts, tracer=ways.tracer)
        if ways.tracer is None:
            return BoundCall(node, function, ways, in_place=in_place, attempts=attempts, results=results)
        return TracedCall(
            node, function, ways, in_place=in_place, attempts=attempts, results=results, tracer=ways.tracer
        )

    def compensate(self, steps: Mapping[str, Step]) -> None:
        """Say of each node what undoes its effect.

        Raises:
            NotRunYet: That is none of the nodes that are awaited here.
        """
        for node_id, bound in self.calls.items():
            undo = self._nodes[node_id].compensate
            if undo is None:
                continue
            by = self.calls.get(undo)
            if not isinstance(bound, BoundCall) or not isinstance(by, BoundCall):
                raise NotRunYet(f"compensations (of {bound.name})")
            step = steps.get(by.name)
            timeout = None if step is None or step.timeout_ms is None else step.timeout_ms / 1000
            bound.compensation = Compensation(bound.name, by.name, by.call, timeout)

    def _parts(self, node_id: UUID) -> tuple[ir.Node, Callable[..., object], Results | None]:
        node, function = self._nodes[node_id], _function(self._elements[node_id], self._given)
        return node, function, results_of(node, function, self._flow, self._given)


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
