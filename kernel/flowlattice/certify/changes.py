"""Which routes of a flow may answer otherwise than before: what a delta certification has to exercise again.

A route is unchanged only where everything that it can reach is the same: its nodes, edges and surfaces in the IR, the
schemas they use, and in the source every definition that its functions reach by name, whatever may change one of those,
and all imports. Anything doubtful counts as changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256

from flowlattice.certify._module import Module
from flowlattice.certify.subject import behind
from flowlattice.ir.model import FlowIR, Node

_WRITTEN = {
    "id",
    "source",
    "definition",
    "summary",
    "reasons",
    "parameters",
    "returns",
    "misused",
    "repeated",
    "urls",
    "derivations",
}
"""Of a node what only says where or how its function is written; that is compared as source."""


def changed_routes(before_source: str, before: FlowIR, after_source: str, after: FlowIR) -> frozenset[str]:
    """The routes of `after`, as `METHOD /path`, that are new or may answer otherwise than in `before`.

    Args:
        before_source: The flow file as it was.
        before: Its IR.
        after_source: The flow file as it is.
        after: Its IR.
    """
    every = frozenset(title(node) for node in after.triggers())
    old, new = Module.read(before_source), Module.read(after_source)
    if old is None or new is None or old.common != new.common or _identity(before) != _identity(after):
        return every
    if any(reason.capability is None for node in (*before.nodes, *after.nodes) for reason in node.reasons):
        return every  # a body that is not pure and strict may change what others meet
    known = {title(node): _meaning(before, node, old) for node in before.triggers()}
    found = {title(node): _meaning(after, node, new) for node in after.triggers()}
    changed = {name for name, meaning in found.items() if known.get(name) != meaning}
    # A path that came or went may have taken requests from one that matches the same ones.
    moved = [_path(name) for name in known.keys() ^ found.keys()]
    changed |= {name for name in every if any(_overlap(_path(name), path) for path in moved)}
    gone = known.keys() - found.keys()
    return frozenset(_with_neighbours(changed | gone, {**_stores(before), **_stores(after)}, _stores(before)) & every)


def title(node: Node) -> str:
    """A trigger's route: method and path."""
    trigger = node.trigger
    return f"{trigger.method} {trigger.path}" if trigger is not None else node.name


def settings_digest(flow: FlowIR) -> str:
    """Digest of what holds for the whole flow: its limits and its promises."""
    limits = [surface.config for surface in flow.surfaces if surface.kind == "rate_limit"]
    slos = [slo.model_dump(mode="json", exclude={"source"}) for slo in flow.slos]
    return _digest([limits, slos, flow.policies])


def _identity(flow: FlowIR) -> list[object]:
    """What parts of a flow's keys and surroundings are made from."""
    checkpoints = [checkpoint.model_dump(mode="json", exclude={"on"}) for checkpoint in flow.checkpoints]
    return [flow.name, flow.profile, flow.residency, checkpoints]


def _meaning(flow: FlowIR, trigger: Node, module: Module) -> str:
    """Digest of all that a route can reach; ids are names, since they change with the version."""
    nodes = [trigger, *behind(flow, trigger)]
    names = {node.id: node.name for node in flow.nodes}
    ids = {node.id for node in nodes}
    edges = [edge for edge in flow.edges if edge.source_id in ids]
    parts: list[object] = [
        [node.model_dump(mode="json", exclude={*_WRITTEN, "compensate"}) for node in nodes],
        [names.get(node.compensate) for node in nodes if node.compensate is not None],
        [(names[edge.source_id], names[edge.target_id]) for edge in edges],
        [edge.model_dump(mode="json", exclude={"source", "source_id", "target_id"}) for edge in edges],
        [
            (s.kind, s.config, sorted(names[target] for target in s.targets))
            for s in flow.surfaces
            if s.kind != "rate_limit" and ids & set(s.targets)
        ],
    ]
    schemas = {name for node in nodes for name in (node.in_schema, node.out_schema)} | {e.carries for e in edges}
    named = sorted(name for name in schemas if name is not None)
    functions = {node.function for node in nodes if node.function is not None}
    records = {word for schema in named for word in re.findall(r"\w+", schema)}
    return _digest([*parts, [(name, flow.schemas.get(name)) for name in named], module.reached(functions, records)])


def _stores(flow: FlowIR) -> dict[str, set[str]]:
    """The bindings of each route that keep something between requests."""
    return {
        title(trigger): {
            use.binding
            for node in behind(flow, trigger)
            for use in node.capabilities
            if use.name.partition(".")[0] not in {"http", "clock", "rng"}
        }
        for trigger in flow.triggers()
    }


def _with_neighbours(changed: set[str], stores: dict[str, set[str]], before: dict[str, set[str]]) -> set[str]:
    """The changed routes, and those that meet them in a store."""
    found: set[str] = set()
    waiting = set(changed)
    while waiting:
        found |= waiting
        touched = {binding for name in found for binding in (*stores.get(name, ()), *before.get(name, ()))}
        waiting = {name for name, used in stores.items() if used & touched} - found
    return found


def _path(route: str) -> str:
    return route.partition(" ")[2]


def _overlap(one: str, other: str) -> bool:
    """Whether some path may match both templates."""
    mine, theirs = one.split("/"), other.split("/")
    return len(mine) == len(theirs) and all(a == b or "{" in a or "{" in b for a, b in zip(mine, theirs, strict=True))


def _digest(value: Sequence[object]) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
