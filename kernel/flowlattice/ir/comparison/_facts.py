"""What a flow is that is new: what it may do, promises and accepts."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.ceilings import CEILINGS
from flowlattice.ir.comparison._change import Change, Kind, Weight
from flowlattice.ir.cost import route_of, worst_case
from flowlattice.ir.model import Ai, Checkpoint, FlowIR, Node
from flowlattice.ir.records import records_of


def facts(ir: FlowIR) -> Iterator[Change]:
    """The facts of a flow, most important first."""
    for trigger in ir.triggers():
        yield _fact("route", route_of(trigger), route_fact(trigger))
    nodes = [node for node in ir.nodes if node.kind in {"node", "plugin", "subflow"}]
    effectful = [node for node in nodes if node.effects != "pure"]
    if not effectful:
        yield _fact("effects", ir.name, "has no effect: reads nothing, writes nothing, reaches no host")
    for node in effectful:
        yield _fact("effects", node.name, node_fact(node), "riskier" if node.effects == "effectful" else "neutral")
    for node in ir.nodes:
        for said in node.vouched:
            yield _fact("effects", node.name, f"of node {node.name} somebody vouches: {said}", "riskier")
    yield from _determinism(ir, nodes)
    for point in ir.checkpoints:
        yield _fact("approval", point.id, f"{waiting(ir, point)} waits for a person ({point.id})")
    for node in nodes:
        if node.ai is not None:
            yield _fact("ai", node.name, f"node {node.name} asks the model {node.ai.model}{_within(node.ai)}")
    yield from _limits(ir)
    yield from _replies(ir)
    if ir.residency:
        yield _fact("flow", ir.name, f"its data may be in {', '.join(ir.residency)} alone")
    classes = sorted({field.data_class or "none" for record in records_of(ir.schemas) for field in record.fields})
    yield _fact("data", ir.name, f"handles data of class {', '.join(classes)}" if classes else "handles no data")
    for route, cost in worst_case(ir).routes.items():
        if cost.calls:
            counted = ", ".join(f"{count} to {host}" for host, count in cost.calls.items())
            yield _fact("cost", route, f"one run of {route} makes these outside calls at worst, loops aside: {counted}")


def _limits(ir: FlowIR) -> Iterator[Change]:
    names = {node.id: node.name for node in ir.nodes if node.kind != "trigger"}
    for surface in ir.surfaces:
        if surface.kind == "rate_limit":
            qps, burst = surface.config.get("qps"), surface.config.get("burst")
            rate = f"{qps:g}" if isinstance(qps, int | float) else qps
            governed = ", ".join(names[target] for target in surface.targets if target in names)
            more = f" at {governed}" if governed else "; more get 429"
            what = "records" if governed else "requests"
            yield _fact("limit", ir.name, f"at most {rate} {what} a second and {burst} at once{more}")
    for name, words in CEILINGS.items():
        if name in ir.policies:
            most = words.format(ir.policies[name])
            yield _fact("limit", ir.name, f"all nodes together spend at most {most} on models")


def _replies(ir: FlowIR) -> Iterator[Change]:
    routes = [node.trigger for node in ir.triggers() if node.trigger is not None and node.trigger.kind == "http"]
    statuses = sorted({str(s.config.get("status")) for s in ir.surfaces if s.kind == "respond"})
    if any(route.respond == "immediate" for route in routes):
        statuses = sorted({*statuses, "202 before the work is done"})
    refusals = sorted({reply.status for route in routes for reply in route.invalid} or {422})
    if routes:
        text = f"answers {', '.join(statuses)}, and {', '.join(map(str, refusals))} to invalid input"
        yield _fact("reply", ir.name, text)


def _within(ai: Ai) -> str:
    """What asking a model may cost, by its budget."""
    budget = ai.budget
    if budget is None:
        return ", without a budget"
    said = {
        "{} USD a day": budget.usd_per_day,
        "{} USD a run": budget.usd_per_run,
        "{} tokens a day": budget.tokens_per_day,
        "{} tokens a run": budget.tokens_per_run,
        "{} tokens a call": budget.tokens_per_call,
        "{} USD a day for one tenant": budget.usd_per_tenant_day,
        "{} tokens a day for one tenant": budget.tokens_per_tenant_day,
    }
    return f", at most {', '.join(text.format(most) for text, most in said.items() if most is not None) or 'anything'}"


def waiting(ir: FlowIR, point: Checkpoint) -> str:
    """What waits at a checkpoint."""
    case = f" in case {point.case}" if point.case is not None else ""
    name = next((node.name for node in ir.nodes if node.id == point.on), str(point.on))
    return f"what comes out of {name}{case}"


def route_fact(trigger: Node) -> str:
    """What a trigger takes, and of a route when it answers."""
    given = trigger.trigger
    if given is not None and given.kind != "http":
        source = {
            "kafka": f"each record of the topic {given.topic}",
            "queue": f"each message of the queue {given.topic}",
            "blob": f"each object below {given.prefix}",
            "cron": f"the schedule {given.cron}",
        }[given.kind]
        return f"{source} starts a run of {trigger.out_schema} ({trigger.name})"
    deadline = given.deadline_ms if given else None
    within = f"answers within {deadline} ms or 504" if deadline else "has no deadline"
    return f"route {route_of(trigger)} takes {trigger.out_schema} and {within}"


def node_fact(node: Node) -> str:
    """What a node does to the world outside."""
    hosts = sorted({host for use in node.capabilities for host in use.egress})
    reaches = f" and reaches {', '.join(hosts)}" if hosts else ""
    key = f", once per {', '.join(node.idempotency.fields)}" if node.idempotency else ""
    return f"node {node.name} is {node.effects}{reaches}{key}"


def _determinism(ir: FlowIR, nodes: list[Node]) -> Iterator[Change]:
    weakest = [node for node in nodes if node.determinism != "strict"]
    if weakest:
        named = ", ".join(f"{node.name} ({node.determinism})" for node in weakest)
        yield _fact("determinism", ir.name, f"repeats only as far as {named} does")
    elif nodes:
        yield _fact("determinism", ir.name, "repeats byte for byte: every node is strict")


def _fact(kind: Kind, subject: str, text: str, weight: Weight = "neutral") -> Change:
    return Change(kind=kind, weight=weight, subject=subject, text=text, after=text)
