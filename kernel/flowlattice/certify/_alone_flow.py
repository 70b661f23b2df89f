"""The flow in which a node is alone: a trigger, the node, and what undoes it; its IR is cut out of the whole flow's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from flowlattice.errors import EngineUnavailable, FlowlatticeError, UsageError
from flowlattice.ir import model as ir
from flowlattice.ir.lower import vertices
from flowlattice.language import http
from flowlattice.language.combinators import Routing
from flowlattice.language.edges import EdgeControls
from flowlattice.language.ends import connection
from flowlattice.language.flow import Flow, Profile
from flowlattice.language.foreach import ForEach
from flowlattice.language.loading import Program
from flowlattice.language.nodes import Node, NodeOptions
from flowlattice.language.ports import Element
from flowlattice.language.triggers import TriggerNode
from flowlattice.plan import ExecPlan, PlanRefused, plan
from flowlattice.plan.base import Profile as PlanProfile
from flowlattice.plan.retries import Deliveries, RetryPlan, retry_plan
from flowlattice.record import Empty

_TRIGGER: Final = "alone"
_LONGEST_BACKOFF_MS: Final = 1
_KEPT: Final = frozenset({"error_handler"})


class NotAlone(FlowlatticeError):
    """A node that cannot be run alone; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class AloneFlow:
    """A flow of one node.

    Attributes:
        program: It, with the sources of the whole.
        ir: Its IR.
        plan: Its plan, on the dev profile.
        function: The node's function.
        retry: The node's attempts on the profile of the whole, their waits cut short.
    """

    program: Program
    ir: ir.FlowIR
    plan: ExecPlan
    function: Callable[..., object]
    retry: RetryPlan


def flow_of_one(program: Program, whole: ir.FlowIR, node: ir.Node) -> AloneFlow:
    """The flow in which a node is alone.

    Raises:
        NotAlone: The node is not in the loaded flow, or no engine here runs it.
    """
    element = _element(program, node)
    flow = Flow(whole.name, version=whole.version, profile=Profile.DEV)
    flow.variables = program.flow.variables
    trigger = TriggerNode(http.post("/", accepts=Empty), _free(whole), element.place)
    flow.triggers.append(cast("TriggerNode[Any]", trigger))
    flow.connections.append(connection(trigger, element, EdgeControls(), element.place))
    cut = _cut(flow, whole, node, element)
    retry = _retry(whole, node)
    try:
        planned = plan(cut, "dev")
    except (PlanRefused, UsageError, EngineUnavailable) as error:
        raise NotAlone(f"{node.name}: {error}") from error
    steps = tuple(
        step.model_copy(update={"retry": retry if step.node == node.name else _hurried(step.retry)})
        for step in planned.steps
    )
    return AloneFlow(
        program=replace(program, flow=flow),
        ir=cut,
        plan=planned.model_copy(update={"steps": steps}),
        function=element.function,
        retry=retry,
    )


def _element(program: Program, node: ir.Node) -> Node[Any, Any]:
    """The node in the loaded flow; what only routes or splits as the node that gives what its function returns."""
    found = next((one.element for one in vertices(program.flow) if one.id == node.id), None)
    if isinstance(found, Routing | ForEach):
        return Node(found.function, NodeOptions(), found.place, found.name)
    if not isinstance(found, Node):
        raise NotAlone(f"{node.name}: the flow that was loaded has no such node; certify it as it is")
    return found


def _cut(flow: Flow, whole: ir.FlowIR, node: ir.Node, element: Element) -> ir.FlowIR:
    ids = {vertex.name: vertex.id for vertex in vertices(flow)}
    trigger = ir.Node(
        id=ids[flow.triggers[0].name],
        name=flow.triggers[0].name,
        kind="trigger",
        out_schema=node.in_schema,
        trigger=ir.Trigger(kind="http", method="POST", path="/", body="json"),
        source=node.source,
    )
    kind: ir.NodeKind = "plugin" if node.kind == "plugin" else "node"
    cache = None if node.cache is None else node.cache.model_copy(update={"tier": _tier(node.cache)})
    undo = None if node.compensate is None else whole.node(node.compensate)
    undo_id = None if undo is None else ids[undo.name]
    here = node.model_copy(update={"id": ids[element.name], "kind": kind, "cache": cache, "compensate": undo_id})
    undoing = () if undo is None else (undo.model_copy(update={"id": undo_id, "compensate": None}),)
    return whole.model_copy(
        update={
            "profile": "dev",
            "nodes": (trigger, here, *undoing),
            "edges": (_edge(whole, node, trigger, here),),
            "surfaces": tuple(_handlers(whole, node, here)),
            "checkpoints": (),
            "exports": (),
            "slos": (),
            "subflows": {},
            "misplaced": (),
        }
    )


def _edge(whole: ir.FlowIR, node: ir.Node, trigger: ir.Node, here: ir.Node) -> ir.Edge:
    """The first edge that leads to the node, from its trigger now."""
    incoming = whole.incoming(node.id)
    timeout = incoming[0].timeout_ms if incoming else None
    return ir.Edge(source_id=trigger.id, target_id=here.id, timeout_ms=timeout, carries=node.in_schema)


def _handlers(whole: ir.FlowIR, node: ir.Node, here: ir.Node) -> list[ir.Surface]:
    return [
        surface.model_copy(update={"targets": (here.id,)})
        for surface in whole.surfaces
        if surface.kind in _KEPT and node.id in surface.targets
    ]


def _retry(whole: ir.FlowIR, node: ir.Node) -> RetryPlan:
    """The node's attempts on the profile of its flow; nobody is asked here what an escalation would ask."""
    handlers = [one for one in whole.surfaces if one.kind == "error_handler" and node.id in one.targets]
    lost = any(edge.delivery == "at_most_once" for edge in whole.incoming(node.id))
    profile: PlanProfile = whole.profile
    found = _hurried(retry_plan(node, handlers[0] if handlers else None, profile, Deliveries(lost)))
    return found.model_copy(update={"then": "fail"}) if found.then.startswith("escalate") else found


def _hurried(retry: RetryPlan) -> RetryPlan:
    return retry.model_copy(update={"backoff_ms": min(retry.backoff_ms, _LONGEST_BACKOFF_MS), "factor": 1.0})


def _tier(cache: ir.Cache) -> str:
    return "local" if cache.tier == "shared" else cache.tier  # a local double of what several workers share


def _free(whole: ir.FlowIR) -> str:
    """A name that no node has."""
    taken, name = {node.name for node in whole.nodes}, _TRIGGER
    while name in taken:
        name += "_"
    return name
