"""What a profile cannot honour, by design and whatever is installed.

CTRL901 asks it for the flow's own profile, planning for any.

`CANNOT` is all of it: for each surface of the language the profiles that cannot honour it, each with the reason. What
is not named there is honoured; `dev` honours everything, in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flowlattice.check.finding import finding, listed
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.fields import UnboundParameter, UnreadableField, field_sources
from flowlattice.ir.model import Checkpoint, Edge, FlowIR, Node, Source, Surface
from flowlattice.ir.subflows import between, inner_of

CODE: Final = "CTRL901"
ANSWERING_CODE: Final = "DAG102"
ANSWERING: Final = frozenset({"waiting caller", "respond", "streamed respond"})
"""The surfaces that a rule of its own finds, DAG102: ways of answering."""
PROFILES: Final = ("web", "queue", "temporal", "wasm", "dev")

TEMPORAL_RECORDS_PER_S: Final = 290
"""Activities a second that one Temporal server was measured to carry; every record is at least one."""
ON_DEVICE: Final = frozenset({"kv.read", "kv.write", "dedupe", "clock", "rng", "rng.seeded", "queue.publish"})
"""Capabilities that a device serves from its own store; everything else needs a network or a process."""

_OVER_TIME: Final = "a request ends before other requests' records come, and processes do not share them"
_NO_CALLER: Final = "nobody waits there for an answer"
_NO_END: Final = "a run may take hours there, which no caller waits; answer at once, with respond='immediate'"
_NO_WAITING: Final = "a delivery is hidden for seconds and then given to another worker; people take hours"

CANNOT: Final[Mapping[str, Mapping[str, str]]] = {
    "http trigger": {"wasm": "a guest has no sockets, so a device opens no port"},
    "cron trigger": {
        "web": "each of its processes would start the run",
        "wasm": "a device that is off misses its times",
    },
    "reminders": {
        "web": "nothing waits there for a person",
        "queue": "nothing waits there for a person",
        "wasm": "nothing waits there for a person",
    },
    "kafka trigger": {
        "web": "a web process runs when it is asked, and consumes nothing",
        "temporal": "a history would hold every record of the topic; consume it with a queue flow",
        "wasm": "a guest has no sockets",
    },
    "queue trigger": {"web": "a web process runs when it is asked, and consumes nothing"},
    "blob trigger": {
        "web": "a web process runs when it is asked, and lists nothing",
        "wasm": "a guest has no sockets, so it lists no bucket",
    },
    "waiting caller": {"queue": _NO_END, "temporal": _NO_END},
    "respond": {"queue": _NO_CALLER, "temporal": _NO_CALLER, "wasm": _NO_CALLER},
    "streamed respond": {"queue": _NO_CALLER, "temporal": _NO_CALLER, "wasm": _NO_CALLER},
    "checkpoint": {
        "web": "a request ends within its deadline; people take hours",
        "queue": _NO_WAITING,
        "wasm": "nobody looks at a device",
    },
    "window": {"web": _OVER_TIME},
    "aggregate": {"web": _OVER_TIME},
    "join": {"web": _OVER_TIME},
    "distinct": {"web": _OVER_TIME},
    "partition": {
        "web": "requests come to any process, so records of one key would not meet",
        "wasm": "a guest works on one record at a time, in order",
    },
    "spill": {
        "web": "a request waits in memory until its deadline, and is refused when there is no room",
        "temporal": "what waits is in the history, which is stored as it is",
        "wasm": "a guest has no sockets, so it reaches no blob store",
    },
    "plugin": {"wasm": "a guest starts no process"},
    "network": {"wasm": "a guest has no sockets; the device gives it kv, dedupe, clock, rng and its own queue"},
    "session": {
        "queue": "there is no browser whose session it could be",
        "temporal": "there is no browser whose session it could be",
        "wasm": "there is no browser whose session it could be",
    },
    "shared cache": {"wasm": "a device shares nothing while it is offline; tier 'local' stays on it"},
    "escalation": {
        "web": "a request ends before somebody looks",
        "wasm": "nobody looks at a device",
    },
    "compensation": {
        "web": "a process that dies in between forgets what has to be undone",
        "wasm": "what a device did is merged later, and not undone",
    },
    "rate": {
        "temporal": f"one server carries about {TEMPORAL_RECORDS_PER_S} activities a second, and each record is one"
    },
}
"""By surface: the profiles that cannot honour it, and why."""


@dataclass(frozen=True)
class Asked:
    """A surface that a flow uses: which one, in words (`wait for people, as review does`), and where."""

    surface: str
    what: str
    source: Source
    node: str | None = None


def can(surface: str, profile: str) -> bool:
    """Whether a profile honours a surface."""
    return profile not in CANNOT.get(surface, {})


def profiles_for(flow: FlowIR) -> tuple[str, ...]:
    """The profiles that honour everything that a flow asks for."""
    wanted = {one.surface for one in asked(flow)}
    return tuple(profile for profile in PROFILES if all(can(surface, profile) for surface in wanted))


def unsupported(flow: FlowIR, profile: str) -> Iterator[Diagnostic]:
    """Everything in a flow that a profile cannot honour."""
    for one in asked(flow):
        reason = CANNOT.get(one.surface, {}).get(profile)
        if reason is not None:
            code = ANSWERING_CODE if one.surface in ANSWERING else CODE
            advice = f"leave it out, or choose a profile that can: {listed(_honouring(one.surface))}"
            message = f"profile {profile} cannot {one.what}: {reason}"
            yield finding(code, message, one.source, node=one.node, help=advice)
    if profile != "wasm":
        yield from _unreadable(flow)


def asked(flow: FlowIR) -> Iterator[Asked]:
    """The surfaces that a flow uses, its subflows' included, in the order of the file as far as there is one."""
    yield from _asked(flow, {node.id for node in flow.nodes})
    for node in flow.nodes:
        if node.kind == "subflow":
            yield from _asked_inside(node, flow.subflows, ())
    if any(node.trigger is not None and node.trigger.kind in _ONE_BY_ONE for node in flow.triggers()):
        for slo in flow.slos:
            rate = max(slo.records_per_s or 0, slo.at_qps or 0)
            if rate > TEMPORAL_RECORDS_PER_S:
                yield Asked("rate", f"promise {rate:,g} records a second", slo.source or flow.source)


_ONE_BY_ONE: Final = frozenset({"http", "kafka", "queue"})
"""Triggers each of whose records is something that a server has to do; an object that is listed holds many."""


def _asked(flow: FlowIR, inside: set[UUID]) -> Iterator[Asked]:
    for node in flow.nodes:
        if node.id in inside:
            yield from _of_node(node)
    for surface in flow.surfaces:
        if inside.intersection(surface.targets):
            yield from _of_surface(surface, flow)
    for edge in flow.edges:
        if edge.source_id in inside and edge.target_id in inside:
            yield from _of_edge(edge, flow)
    for point in flow.checkpoints:
        if point.on in inside:
            yield Asked(
                "checkpoint", f"wait for people, as {point.id} does", point.source or flow.source, _on(point, flow)
            )


def _asked_inside(node: Node, known: Mapping[str, FlowIR], above: tuple[UUID, ...]) -> Iterator[Asked]:
    """What a subflow asks for, said of the node that stands for it."""
    opened = inner_of(node, known)
    if opened is None or opened[0].id in above:
        yield from _of_promises(node)
        return
    inner, export = opened
    inside = between(inner, export)
    deeper = [one for one in inner.nodes if one.id in inside and one.kind == "subflow"]
    found = [*_asked(inner, inside)]
    for one in deeper:
        found += _asked_inside(one, {**known, **inner.subflows}, (*above, inner.id))
    for wanted in found:
        yield Asked(wanted.surface, f"{wanted.what} (in subflow {node.name})", node.source, node.name)


_KINDS: Final[Mapping[str, str]] = {
    "window": "collect records in windows",
    "aggregate": "make one record of many",
    "join": "join records that come apart",
    "distinct": "drop records that it has seen",
    "plugin": "run a plugin",
}
"""The kinds of nodes that some profile cannot run, and what they do."""


def _of_node(node: Node) -> Iterator[Asked]:
    if node.trigger is not None:
        yield from _of_trigger(node)
    elif node.kind == "respond":
        how = "streamed respond" if node.stream else "respond"
        yield Asked(
            how, f"answer{' piece by piece' if node.stream else ''}, as {node.name} does", node.source, node.name
        )
    elif node.kind in _KINDS:
        yield Asked(node.kind, f"{_KINDS[node.kind]}, as {node.name} does", node.source, node.name)
    if node.kind != "subflow":  # its own nodes say it
        yield from _of_promises(node)


def _of_trigger(node: Node) -> Iterator[Asked]:
    trigger = node.trigger
    if trigger is None:
        return
    reminds = trigger.kind == "cron" and trigger.during is not None
    if reminds:
        what = f"remind people who are waited for, as {node.name} does"
        yield Asked("reminders", what, node.source, node.name)
    else:
        yield Asked(
            f"{trigger.kind} trigger",
            f"start runs from {_SOURCES[trigger.kind]}, as {node.name} does",
            node.source,
            node.name,
        )
    if trigger.kind == "http" and trigger.respond != "immediate":
        yield Asked("waiting caller", f"let the caller of {node.name} wait for the answer", node.source, node.name)


_SOURCES: Final = {
    "http": "requests",
    "cron": "a schedule",
    "kafka": "a topic",
    "queue": "a queue",
    "blob": "objects in a bucket",
}


def _of_promises(node: Node) -> Iterator[Asked]:
    """What a node asks for beyond its kind."""
    for use in node.capabilities:
        what = f"give {node.name} the capability {use.name}"
        if use.name.partition(".")[0] == "session":
            yield Asked("session", what, node.source, node.name)
        elif use.name == "plugin.python":
            if node.kind != "plugin":
                yield Asked("plugin", what, node.source, node.name)
        elif use.name not in ON_DEVICE:
            yield Asked("network", what, node.source, node.name)
    if node.cache is not None and node.cache.tier == "shared":
        yield Asked("shared cache", f"share what {node.name} has cached", node.source, node.name)
    if node.compensate is not None:
        yield Asked("compensation", f"undo {node.name} when what follows fails", node.source, node.name)


def _of_surface(surface: Surface, flow: FlowIR) -> Iterator[Asked]:
    name = next((node.name for node in flow.nodes if node.id in surface.targets), None)
    place = surface.source or flow.source
    if surface.kind == "partition":
        yield Asked("partition", f"split records in front of {name}", place, name)
    if surface.kind == "error_handler" and _escalates(surface):
        yield Asked("escalation", f"ask somebody when {name} fails", place, name)


def _escalates(surface: Surface) -> bool:
    following = surface.config.get("then")
    last = following.get("strategy") if isinstance(following, dict) else None
    return "escalate" in {surface.config.get("strategy"), last}


def _of_edge(edge: Edge, flow: FlowIR) -> Iterator[Asked]:
    if edge.buffer.on_full == "spill" or edge.buffer.spill_bytes is not None:
        ends = f"{flow.node(edge.source_id).name} to {flow.node(edge.target_id).name}"
        yield Asked(
            "spill", f"spill what waits from {ends}", edge.source or flow.source, flow.node(edge.target_id).name
        )


def _on(point: Checkpoint, flow: FlowIR) -> str | None:
    return next((node.name for node in flow.nodes if node.id == point.on), None)


def _honouring(surface: str) -> Iterable[str]:
    return [profile for profile in PROFILES if can(surface, profile)]


def _unreadable(flow: FlowIR) -> Iterator[Diagnostic]:
    """Fields of accepted records that have no form where their route would take them from."""
    for node in flow.triggers():
        if node.trigger is None or node.trigger.kind != "http":
            continue
        try:
            field_sources(node.trigger, flow.schemas.get(node.out_schema or ""))
        except UnboundParameter:
            pass  # DAG202
        except UnreadableField as error:
            advice = "take it from a JSON body, or give it a type that has a form as text"
            yield finding(CODE, str(error), node.source, node=node.name, help=advice)
