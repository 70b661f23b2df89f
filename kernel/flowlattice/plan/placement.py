"""The placement table: where a node runs on each profile, and why, in words.

`TABLE` is all of it. For every combination of facts that a profile honours exactly one row fits (the tests try them
all); what a profile does not honour has no row, and `check.hosting` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel, Profile

Place = Literal[
    "trigger", "respond", "branch", "merge", "fused", "inline", "thread", "task", "batch", "state", "activity",
    "timer", "signal", "child", "guest", "host",
]  # fmt: skip
Kind = Literal[
    "http", "cron", "reminder", "kafka", "queue", "blob", "respond", "switch", "if", "merge", "foreach", "zip", "join",
    "distinct", "window", "aggregate", "subflow", "plugin", "node", "checkpoint",
]  # fmt: skip
Mode = Literal["sync", "async", "stream"]
Weight = Literal["light", "heavy", "ai"]
Held = Literal["free", "context", "timeout", "remembered", "cached"]

HEAVY_CPU_MS: Final = 100
"""What takes more CPU than this is heavy: well below the 2 s after which Temporal's SDK gives a workflow task up."""
HEAVY_MEMORY: Final = 64 * 1024 * 1024
"""What takes more memory than this (bytes) is heavy."""


class Placement(PlanModel):
    """Where a node runs and why it runs there; `within` names the subflow that it comes from."""

    node: str
    unit: str
    place: Place
    because: str
    within: str | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a placement depends on.

    Attributes:
        kind: What the node is; a trigger is its kind of source, a `reminder` a schedule during a checkpoint.
        mode: How its function is called.
        weight: Whether it may run between other things, takes long, or asks a language model.
        held: What has to be seen to while it runs.
        batched: Whether it takes many records at once.

    """

    kind: Kind
    effects: ir.EffectsName = "pure"
    determinism: ir.DeterminismName = "strict"
    mode: Mode = "sync"
    weight: Weight = "light"
    held: Held = "free"
    batched: Literal["single", "batched"] = "single"


DOMAINS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": get_args(Kind),
    "effects": get_args(ir.EffectsName),
    "determinism": get_args(ir.DeterminismName),
    "mode": get_args(Mode),
    "weight": get_args(Weight),
    "held": get_args(Held),
    "batched": ("single", "batched"),
}
"""Every value of every fact."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: the facts that it is about, where such a node runs, and why. A fact that is not named may be any."""

    place: Place
    because: str
    when: Mapping[str, frozenset[str]]

    def fits(self, facts: Facts) -> bool:
        """Whether a node with these facts belongs here."""
        return all(getattr(facts, name) in values for name, values in self.when.items())


def _row(kind: str, place: Place, because: str, **when: str) -> Row:
    """A row; each fact is its values, separated by spaces."""
    facts = {"kind": kind, **when}
    return Row(place=place, because=because, when={name: frozenset(values.split()) for name, values in facts.items()})


_ROUTING = (
    _row("switch if", "branch", "a pure function chooses the way"),
    _row("merge", "merge", "records pass as they arrive"),
)

_ONE_BY_ONE = (
    _row("foreach", "inline", "each item of what it makes goes on by itself"),
    _row("zip", "inline", "records of both sides are paired by their position"),
)

_RESPOND = (_row("respond", "respond", "answers the caller"),)

_SUBFLOW = (_row("subflow", "inline", "its nodes run as if they were written here"),)

_PLUGIN = (_row("plugin", "task", "its code runs in a sandboxed process of its own, which is waited for"),)

_IN_MEMORY = (
    _row("window", "state", "records are kept until the watermark closes their window"),
    _row("join", "state", "records are kept until their partner comes or the time is over"),
    _row("distinct", "state", "keys are kept for as long as a repetition counts"),
    _row("aggregate", "state", "one value a key is kept while its window is open"),
)


def _functions(**when: str) -> tuple[Row, ...]:
    """Nodes in a process with an event loop, which must not be held up."""
    sync = {"mode": "sync", **when}
    free = {"held": "free", **sync}
    return (
        _row("node", "task", "its records go out one by one while it is at work", mode="stream", **when),
        _row("node", "task", "it is asynchronous", mode="async", **when),
        _row(
            "node",
            "thread",
            "it takes a Context, so it has to see cancellation while it runs",
            **{**sync, "held": "context"},
        ),
        _row(
            "node",
            "thread",
            "it has a timeout, and only what runs beside the loop can be given up",
            **{**sync, "held": "timeout"},
        ),
        _row(
            "node",
            "thread",
            "what it returns is remembered by key, which waits for the store",
            **{**sync, "held": "remembered"},
        ),
        _row("node", "thread", "its results are kept in a store, which it waits for", **{**sync, "held": "cached"}),
        _row("node", "thread", "it is synchronous and effectful, so it may block", effects="effectful", **free),
        _row(
            "node",
            "thread",
            "it is heavy, and would hold up everything else",
            effects="pure read_only",
            weight="heavy ai",
            **free,
        ),
        _row(
            "node",
            "inline",
            "it is synchronous and {effects}, so it runs to its end without waiting",
            effects="pure read_only",
            weight="light",
            **free,
        ),
    )


_WEB = (
    _row("http", "trigger", "{start} starts a run"),
    *_RESPOND,
    *_ROUTING,
    *_ONE_BY_ONE,
    *_SUBFLOW,
    *_PLUGIN,
    *_functions(),
)

_DEV = (
    _row("http cron kafka queue blob", "trigger", "{start} starts a run"),
    _row("reminder", "trigger", "{start} emits what waits"),
    *_RESPOND,
    *_ROUTING,
    *_ONE_BY_ONE,
    *_IN_MEMORY,
    *_SUBFLOW,
    *_PLUGIN,
    *_functions(),
    _row("checkpoint", "signal", "the record waits in this process until somebody decides"),
)

_QUEUE = (
    _row("http", "trigger", "{start} is answered as soon as the record is in the queue"),
    _row("cron", "trigger", "{start}: one worker, which holds the lease, starts the run"),
    _row("kafka queue blob", "trigger", "{start} is consumed by the workers"),
    *_ROUTING,
    *_ONE_BY_ONE,
    *_IN_MEMORY,
    *_SUBFLOW,
    *_PLUGIN,
    _row("node", "batch", "it takes {batch}", batched="batched"),
    *_functions(batched="single"),
)

_TEMPORAL = (
    _row("http", "trigger", "{start} starts a workflow"),
    _row("queue blob", "trigger", "{start} is signalled to a workflow that stays, and continues as new"),
    _row("cron", "trigger", "{start}: a schedule starts a workflow"),
    _row("reminder", "timer", "{start}, for as long as the workflow waits for the decision"),
    _row("merge", "merge", "records pass as they arrive"),
    _row("switch if", "branch", "its function chooses in workflow code, so it has to be pure and strict (WFLOW010)"),
    _row("foreach zip", "inline", "its function runs in workflow code, so it has to be pure and strict (WFLOW010)"),
    _row("aggregate", "inline", "its value is part of the workflow's state"),
    _row("window", "timer", "a timer closes the window; what it holds is part of the workflow's state"),
    _row("join", "timer", "a timer ends the waiting for a partner"),
    _row("distinct", "timer", "a timer forgets a key when a repetition no longer counts"),
    _row("checkpoint", "signal", "the workflow waits for a signal, and a timer ends the waiting"),
    _row("subflow", "child", "it has effects, so it is a workflow with its own history", effects="effectful"),
    _row("subflow", "inline", "it has no effects, so its nodes run in this workflow", effects="pure read_only"),
    _row("plugin", "activity", "its code runs in a sandboxed process, never in workflow code"),
    _row(
        "node", "activity", "it is effectful: a worker does it, and the history records that it is done",
        effects="effectful",
    ),
    _row(
        "node", "activity", "it reads, which workflow code cannot: it would have to wait for somebody else",
        effects="read_only", determinism="strict",
    ),
    _row(
        "node", "activity", "it reads what may change, so what it read is recorded for replays",
        effects="read_only", determinism="stable best_effort nondeterministic",
    ),
    _row(
        "node", "activity", "it is pure but {determinism}, so its result is recorded for replays",
        effects="pure", determinism="stable best_effort nondeterministic",
    ),
    _row(
        "node", "activity", "its records go out one by one, which workflow code cannot wait for; they are collected",
        effects="pure", determinism="strict", mode="stream",
    ),
    _row(
        "node", "activity", "it is pure and strict but heavy, and would hold up the workflow task",
        effects="pure", determinism="strict", mode="sync async", weight="heavy ai",
    ),
    _row(
        "node", "activity", "it takes a Context: only an activity sees that it is cancelled",
        effects="pure", determinism="strict", mode="sync async", weight="light", held="context",
    ),
    _row(
        "node", "activity", "it has a timeout, and only an activity can be given up",
        effects="pure", determinism="strict", mode="sync async", weight="light", held="timeout",
    ),
    _row(
        "node", "activity", "its results are kept in a store, which only an activity may wait for",
        effects="pure", determinism="strict", mode="sync async", weight="light", held="remembered cached",
    ),
    _row(
        "node", "inline", "it is pure and strict: a replay makes the same of it",
        effects="pure", determinism="strict", mode="sync async", weight="light", held="free",
    ),
)  # fmt: skip

_WASM = (
    _row("queue", "host", "the device hands over {start}, checked against its schema"),
    *(
        _row(kind, "guest", because)
        for kind, because in (
            ("switch if", "a pure function chooses the way"),
            ("merge", "records pass as they arrive"),
            ("foreach", "each item of what it makes goes on by itself"),
            ("zip", "records of both sides are paired by their position"),
            ("window", "records are kept in the guest until the watermark closes their window"),
            ("join", "records are kept in the guest until their partner comes or the time is over"),
            ("distinct", "keys are kept in the guest for as long as a repetition counts"),
            ("aggregate", "one value a key is kept in the guest while its window is open"),
        )
    ),
    *_SUBFLOW,
    _row("node", "guest", "it is pure, so it needs nothing of the device", effects="pure", held="free context timeout"),
    _row("node", "guest", "it is pure; the device keeps its results", effects="pure", held="remembered cached"),
    _row("node", "guest", "it is {effects}: its calls go to the device", effects="read_only effectful"),
)

TABLE: Final[Mapping[Profile, tuple[Row, ...]]] = {
    "web": _WEB,
    "queue": _QUEUE,
    "temporal": _TEMPORAL,
    "wasm": _WASM,
    "dev": _DEV,
}


def row_for(profile: Profile, facts: Facts) -> Row:
    """The one row that fits.

    Raises:
        LookupError: The profile does not honour such a node.
    """
    for row in TABLE[profile]:
        if row.fits(facts):
            return row
    raise LookupError(f"profile {profile} has no place for {facts.kind}")


def facts_of(node: ir.Node, incoming: tuple[ir.Edge, ...] = ()) -> Facts:
    """What a node's placement depends on; its `incoming` edges may have timeouts."""
    return Facts(
        kind=_kind(node),
        effects=node.effects,
        determinism=node.determinism,
        mode="stream" if node.stream else "async" if node.is_async else "sync",
        weight=_weight(node),
        held=_held(node, incoming),
        batched="single" if node.batch is None else "batched",
    )


def words_of(node: ir.Node) -> dict[str, str]:
    """What the reasons of the table say of a node."""
    batch = node.batch
    held = (
        "" if batch is None or batch.within_ms is None else f", the first of which waits {batch.within_ms} ms at most"
    )
    return {
        "start": "" if node.trigger is None else start_of(node.trigger),
        "effects": node.effects,
        "determinism": node.determinism,
        "batch": "" if batch is None else f"up to {batch.size:,} records at once{held}",
    }


def start_of(trigger: ir.Trigger) -> str:
    """A trigger in words."""
    match trigger.kind:
        case "http":
            return f"{trigger.method} {trigger.path}"
        case "cron":
            return f"the schedule {trigger.cron}"
        case "kafka":
            return f"each record of topic {trigger.topic}"
        case "queue":
            return f"each record of queue {trigger.topic}"
        case "blob":
            return f"each object below {trigger.prefix}"


def _kind(node: ir.Node) -> Kind:
    if node.kind != "trigger":
        return node.kind
    trigger = node.trigger or ir.Trigger(kind="http")
    return "reminder" if trigger.kind == "cron" and trigger.during is not None else trigger.kind


def _weight(node: ir.Node) -> Weight:
    if node.ai is not None or node.uses("ai.read"):
        return "ai"
    cost = node.cost
    heavy = cost is not None and ((cost.cpu_ms or 0) > HEAVY_CPU_MS or (cost.memory_bytes or 0) > HEAVY_MEMORY)
    return "heavy" if heavy else "light"


def _held(node: ir.Node, incoming: tuple[ir.Edge, ...]) -> Held:
    if node.takes_context:
        return "context"
    if node.timeout_ms is not None or any(edge.timeout_ms is not None for edge in incoming):
        return "timeout"
    if node.idempotency is not None and node.uses("dedupe"):
        return "remembered"
    return "cached" if node.cache is not None and node.cache.tier != "memory" else "free"
