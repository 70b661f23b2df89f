"""A plan in words, for people: one section for each thing that a host sees to; empty ones are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowlattice.check.finding import printable
from flowlattice.plan.edges import EdgePlan
from flowlattice.plan.measures import duration, size
from flowlattice.plan.model import ExecPlan
from flowlattice.plan.needs import Need, Needs
from flowlattice.plan.state import Partition
from flowlattice.plan.steps import Step
from flowlattice.plan.temporal import TemporalPlan
from flowlattice.plan.triggers import Consumer, TriggerPlan
from flowlattice.plan.units import Fan
from flowlattice.plan.waiting import CheckpointPlan, Timer


def words(plan: ExecPlan) -> str:
    """The whole plan."""
    sections: list[tuple[str, Iterable[str]]] = [
        ("starts", [*map(_route, plan.triggers), *map(_consumer, plan.consumers)]),
        ("limits", _limits(plan)),
        ("runs", _runs(plan)),
        ("retries and time", map(_step, plan.steps)),
        ("waits for people", map(_checkpoint, plan.checkpoints)),
        ("keeps", _states(plan)),
        ("partitions", map(_partition, plan.partitions)),
        ("edges", _edges(plan)),
        *([] if plan.temporal is None else _temporal(plan.temporal)),
        ("guest", _guest(plan)),
        ("needs", _needs(plan.needs)),
    ]
    lines = [printable(f"{plan.flow} {plan.version} on {plan.profile}")]
    for title, body in sections:
        entries = [f"  {printable(line)}" for line in body]
        lines += ["", title, *entries] if entries else []
    return "\n".join(lines)


def _ways(fan: Fan, side: dict[str, Fan]) -> str:
    main = ", ".join(hop.to for hop in fan.hops) or "nothing"
    others = [f"{case} -> {', '.join(hop.to for hop in way.hops)}" for case, way in side.items()]
    return "; ".join([f"-> {main}", *others])


def _route(trigger: TriggerPlan) -> str:
    deadline = "no deadline" if trigger.deadline_ms is None else f"deadline {duration(trigger.deadline_ms)}"
    answer = "; answered at once" if trigger.respond == "immediate" else ""
    return f"{trigger.method} {trigger.path} {_ways(trigger.next, trigger.side)}; {deadline}{answer}"


def _consumer(one: Consumer) -> str:
    says = [f"{_SOURCES[one.source]} {one.of} {_ways(one.next, one.side)}"]
    if one.group is not None:
        says.append(f"group {one.group}")
    if one.fetch is not None:
        says.append(f"up to {one.fetch:,} at once")
    if one.visibility_timeout_ms is not None:
        says.append(f"hidden for {duration(one.visibility_timeout_ms)}, delivered at most {one.max_deliveries} times")
    if one.idle_ms is not None:
        says.append(f"a partition is idle after {duration(one.idle_ms)}")
    if one.during is not None:
        says.append(f"while {one.during} waits")
    return "; ".join(says)


_SOURCES = {"kafka": "topic", "queue": "queue", "blob": "objects below", "cron": "schedule", "reminder": "schedule"}


def _limits(plan: ExecPlan) -> Iterator[str]:
    for limit in plan.rate_limits:
        yield f"at most {limit.qps:,g} requests a second, {limit.burst:,} at once"
    if plan.profile not in {"temporal", "wasm"}:
        yield f"at most {plan.max_in_flight:,} under way"


def _runs(plan: ExecPlan) -> Iterator[str]:
    rows = [(one.node, one.place, one.unit, one.because) for one in plan.placements]
    rows += [(one.name, "signal", one.unit, one.because) for one in plan.checkpoints]
    names, places = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    for node, place, unit, because in rows:
        where = f"in {unit}; " if unit != node else ""
        yield f"{node:<{names}}  {place:<{places}}  {where}{because}"


def _step(step: Step) -> str:
    retry = step.retry
    attempts = "one attempt" if retry.attempts == 1 else f"up to {retry.attempts} attempts"
    waits = ""
    if retry.owner == "connector":
        waits = ", which the connector may repeat by itself"
    elif retry.backoff_ms and retry.attempts > 1:
        waits = f", {duration(retry.backoff_ms)} apart, each wait {retry.factor:g} times longer"
    bound = f"no time limit but {step.timeout_because.removeprefix('only ')}"
    if step.timeout_ms is not None:
        bound = f"at most {duration(step.timeout_ms)} ({step.timeout_because})"
    elif step.timeout_because == "nothing bounds it":
        bound = "no time limit"
    says = [f"{step.node}: {attempts}{waits} ({retry.because})"]
    whose = "" if retry.of is None else f" (on_error of {retry.of})"
    says += [] if retry.then == "fail" else [f"then {retry.then}{whose}"]
    return "; ".join([*says, bound, *_promises(step)])


def _promises(step: Step) -> Iterator[str]:
    if step.key:
        kept = "" if step.key_ttl_ms is None else f" for {duration(step.key_ttl_ms)}"
        where = "" if step.dedupe is None else f", remembered in {step.dedupe}{kept}"
        yield f"key {', '.join(step.key)}{where}"
    if step.compensate is not None:
        yield f"undone by {step.compensate}"
    if step.batch is not None:
        held = "" if step.within_ms is None else f" within {duration(step.within_ms)}"
        yield f"batches of {step.batch:,}{held}"
    if step.concurrency is not None:
        yield f"{step.concurrency} at once"
    if step.cache:
        yield f"cached by {', '.join(step.cache)} ({step.cache_tier})"
    if step.qps is not None:
        yield f"at most {step.qps:,g} a second, {step.burst or 0:,} at once"


def _checkpoint(point: CheckpointPlan) -> str:
    says = [f"{point.name} on {point.on}"]
    if point.view is not None:
        says.append(f"shows {point.view}")
    if point.approvers is not None:
        says.append(f"{point.approvers} decides")
    if point.ttl_ms is None:
        says.append("no end")
    elif point.on_timeout == "escalate":
        says.append(
            f"after {duration(point.ttl_ms)} {point.escalate_to or 'somebody else'} is asked, for as long again"
        )
    else:
        says.append(f"after {duration(point.ttl_ms)} it is rejected")
    says += [f"{name} reminds" for name in point.reminders]
    return "; ".join(says)


def _states(plan: ExecPlan) -> Iterator[str]:
    for state in plan.states:
        says = [f"{state.node}: {state.keeps}, until {state.until}"]
        says += [] if state.watermark is None else [f"watermark: {state.watermark}"]
        says += [] if state.late is None else [state.late]
        says += (
            [f"apart for each {', '.join(state.partitioned_by)}"] if state.watermark and state.partitioned_by else []
        )
        yield "; ".join(says)


def _partition(one: Partition) -> str:
    says = [f"by {', '.join(one.fields)} in front of {one.node}"]
    if one.max_parallel_shards is not None:
        says.append(f"at most {one.max_parallel_shards} at once in a worker")
    if one.weights:
        says.append("weights " + ", ".join(f"{key} {weight:g}" for key, weight in one.weights.items()) + ", others 1")
    if one.child_id is not None:
        says.append(f"each is the workflow {one.child_id}")
    return "; ".join(says)


def _edges(plan: ExecPlan) -> Iterator[str]:
    """Those of which something is said; the others keep their order, deliver at least once, and make producers wait."""
    plain = 0
    for edge in plan.edges:
        said = [*_of_edge(edge)]
        plain += not said
        if said:
            case = "" if edge.case is None else f"[{edge.case}]"
            into = "" if edge.into is None else f".{edge.into}"
            yield f"{edge.source}{case} -> {edge.target}{into}: {'; '.join(said)}"
    if plan.spill is not None:
        speed = "no cap" if plan.spill.bytes_per_s is None else f"{size(plan.spill.bytes_per_s)}/s"
        yield f"spilled in all: at most {size(plan.spill.bytes)} a worker, {speed}"
    if plain:
        others = "other" if plain == 1 else "others"
        yield f"{plain} {others}: ordered, at_least_once, a full one holds up what is before it"


def _of_edge(edge: EdgePlan) -> Iterator[str]:
    if edge.delivery != "at_least_once":
        yield edge.delivery
    if edge.ordering != "ordered":
        yield edge.ordering
    if edge.partition_key:
        yield f"by {', '.join(edge.partition_key)}"
    if edge.max_items != _PLAIN.max_items or edge.on_full != _PLAIN.on_full:
        yield f"{edge.max_items:,} records, then {_ON_FULL[edge.on_full]}"
    if edge.on_full == "spill":
        most = "no bound" if edge.spill_bytes is None else f"at most {size(edge.spill_bytes)}"
        speed = "" if edge.spill_bytes_per_s is None else f" at {size(edge.spill_bytes_per_s)}/s"
        yield f"{most}{speed} in blob {edge.spill_blob or '(none)'}"
    if edge.timeout_ms is not None:
        yield f"done within {duration(edge.timeout_ms)}"


_PLAIN = EdgePlan(source="", target="")
_ON_FULL = {
    "backpressure": "what is before it waits",
    "drop_newest": "new ones are dropped",
    "drop_oldest": "the oldest are dropped",
    "spill": "they are put aside",
}


def _temporal(plan: TemporalPlan) -> list[tuple[str, Iterable[str]]]:
    return [
        ("timers", map(_timer, plan.timers)),
        ("child workflows", [f"{child.unit}: {child.id} ({child.because})" for child in plan.children]),
        ("undone when a run fails", [f"{one.node} by {one.by}" for one in plan.saga]),
        (
            "history",
            [
                *_histories(plan),
                f"continues as new at {plan.continue_events:,} events or after {duration(plan.continue_ms)}",
                f"workers listen on {plan.task_queue}, and run these sources only",
            ],
        ),
    ]


def _histories(plan: TemporalPlan) -> Iterator[str]:
    for one in plan.histories:
        parts = " + ".join(f"{tally.count} {tally.what} x {tally.each}" for tally in one.tally)
        worst = "" if one.worst == one.events else f"; at worst {one.worst:,}"
        yield f"{one.workflow}: {one.says} ({parts}{worst})"


def _timer(timer: Timer) -> str:
    when = f"at {timer.schedule}" if timer.schedule is not None else f"after {duration(timer.after_ms or 0)}"
    low, high = timer.jitter_percent
    return f"{timer.name}: {when}, {low}-{high} % later at random: {timer.because}"


def _guest(plan: ExecPlan) -> Iterator[str]:
    guest = plan.guest
    if guest is None:
        return
    yield f"inside: {', '.join(guest.inside)}"
    enters, leaves = ", ".join(guest.enters) or "nothing", ", ".join(guest.leaves) or "nothing"
    yield f"checked by the device: in {enters}; out {leaves}"
    for call in guest.calls:
        yield f"{call.binding} ({call.capability}) is called on the device by {', '.join(call.nodes)}"
    for kept in guest.kept:
        ttl = "" if kept.ttl_ms is None else f" for {duration(kept.ttl_ms)}"
        yield f"the offline store keeps {kept.node} by {', '.join(kept.key)}{ttl}"
    yield "no sockets"


def _needs(needs: Needs) -> Iterator[str]:
    yield from map(_need, needs.capabilities)
    for store in needs.dedupe:
        yield f"{store.binding} keeps keys for at least {duration(store.least_ms)}"
    lists = {
        "credentials": needs.credentials,
        "variables": needs.variables,
        "residency": needs.residency,
        "connectors": needs.connectors,
        "models": needs.models,
        "blobs that take what is spilled": needs.spills,
        "files": needs.artifacts,
        "services": needs.services,
    }
    for title, names in lists.items():
        if names:
            yield f"{title}: {', '.join(names)}"
    extras = f"[{','.join(needs.extras)}]" if needs.extras else ""
    yield f"flowlattice{extras} {needs.kernel}, Python {needs.python}"


def _need(need: Need) -> str:
    hosts = f", reaches {', '.join(need.hosts)}" if need.hosts else ""
    scopes = f", scopes {', '.join(need.scopes)}" if need.scopes else ""
    asking = f" for {', '.join(need.nodes)}" if need.nodes else ""
    return f"{need.binding} ({need.capability}){asking}{hosts}{scopes}"
