"""Parts: the nodes and routes of a flow, each with a digest of all that it depends on.

What was found of a part holds for every flow that has a part of the same digest: nothing that it reaches by name,
wiring, schema, store or path is another there. Anything doubtful counts for every part, so that a digest may change
without need, and never stays the same where something may have changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, JsonValue

from flowlattice.certify._module import Module
from flowlattice.ir.model import FlowIR, Node

FLOW: Final = "flow"
"""The part that stands for what holds for the whole flow: its limits and its promises."""

_WRITTEN = frozenset(
    {"id", "definition", "summary", "reasons", "parameters", "returns", "misused", "repeated", "urls", "derivations"}
)
"""Of a node what only says where or how its function is written; that is compared as source."""
_PLACES = frozenset({"source", "places", "found_at"})
_FORGETFUL = frozenset({"http", "clock", "rng"})
"""The capabilities that keep nothing between requests."""


def parts_of(sources: Mapping[str, str], ir: FlowIR) -> dict[str, str]:
    """The digest of each part: `node:NAME`, `route:METHOD /path`, and `flow`.

    Args:
        sources: The texts of the flow's files by their paths relative to its folder.
        ir: Its IR.
    """
    return _Parts(sources, ir).digests()


def title(node: Node) -> str:
    """A trigger's route: method and path; of another trigger its name."""
    trigger = node.trigger
    return f"{trigger.method} {trigger.path}" if trigger is not None and trigger.kind == "http" else node.name


def inner_nodes(ir: FlowIR) -> tuple[Node, ...]:
    """The nodes that do something by themselves: all but triggers and responds."""
    return tuple(node for node in ir.nodes if node.kind not in {"trigger", "respond"})


def settings_digest(ir: FlowIR) -> str:
    """Digest of what holds for the whole flow: its limits and its promises."""
    limits = [surface.config for surface in ir.surfaces if surface.kind == "rate_limit"]
    return _digest([limits, [_plain(slo) for slo in ir.slos], ir.policies])


class _Parts:
    """What the parts of one flow depend on."""

    def __init__(self, sources: Mapping[str, str], ir: FlowIR) -> None:
        self._ir = ir
        self._names = {node.id: node.name for node in ir.nodes}
        self._nodes = {node.id: node for node in ir.nodes}
        read = Module.read(sources)
        doubtful = any(reason.capability is None for node in ir.nodes for reason in node.reasons)
        # A body that is not pure and strict by itself may change what others meet.
        self._module = None if doubtful else read
        ground: object = sorted(sources.items()) if self._module is None else self._module.common
        self._common = _digest([ground, self._surroundings()])
        self._own = {node.id: _digest(self._node(node)) for node in ir.nodes}

    def digests(self) -> dict[str, str]:
        """The digest of each part."""
        routes = {title(node): self._behind(node) for node in self._ir.triggers()}
        alone = {node.name: self._with_helpers({node.id}) for node in inner_nodes(self._ir)}
        found = {f"node:{name}": self._digest([ids, *self._sharing(ids, alone)], "both") for name, ids in alone.items()}
        for node in self._ir.triggers():
            name = title(node)
            # A path that comes or goes may take requests from one that matches the same ones.
            near = sorted(other for other in routes if other != name and _overlap(name, other))
            found[f"route:{name}"] = self._digest([routes[name], *self._sharing(routes[name], routes)], "out", near)
        return {**dict(sorted(found.items())), FLOW: settings_digest(self._ir)}

    def _digest(self, meeting: Iterable[set[UUID]], edges: Literal["out", "both"], near: Iterable[str] = ()) -> str:
        return _digest([self._common, *sorted(self._meaning(ids, edges) for ids in meeting), [*near]])

    def _meaning(self, ids: set[UUID], which: Literal["out", "both"]) -> str:
        """Digest of some nodes with what lies between and around them.

        What comes into a route's nodes from elsewhere is nothing of the route; a node alone is as its edges want it.
        """
        edges = [e for e in self._ir.edges if e.source_id in ids or (which == "both" and e.target_id in ids)]
        wiring = [
            [self._names[edge.source_id], self._names[edge.target_id], _plain(edge, {"id", "source_id", "target_id"})]
            for edge in edges
        ]
        nodes = [self._nodes[one] for one in ids]
        carried = {edge.carries for edge in edges}
        schemas = {name for node in nodes for name in (node.in_schema, node.out_schema)} | carried
        named = sorted(name for name in schemas if name is not None)
        functions = {node.function for node in nodes if node.function is not None}
        surfaces = [surface.config for surface in self._ir.surfaces if ids & {*surface.targets}]
        words = {*re.findall(r"\w+", json.dumps([named, surfaces]))}
        text = [] if self._module is None else self._module.reached(functions, words)
        found = [self._ir.schemas.get(name) for name in named]
        return _digest([sorted(self._own[one] for one in ids), wiring, named, found, text])

    def _node(self, node: Node) -> list[object]:
        """All that the IR says of one node; ids are names, since they change with the version."""
        ir = self._ir
        bindings = {use.binding for use in node.capabilities}
        return [
            _plain(node, {*_WRITTEN, "compensate"}),
            self._names.get(node.compensate) if node.compensate is not None else None,
            [
                [surface.kind, surface.config, sorted(self._names[target] for target in surface.targets)]
                for surface in ir.surfaces
                if surface.kind != "rate_limit" and node.id in surface.targets
            ],
            [_plain(grant) for grant in ir.egress if grant.binding in bindings],
            [_plain(variable) for variable in ir.variables if variable.name in node.variables],
            self._subflow(node),
        ]

    def _subflow(self, node: Node) -> JsonValue:
        used = node.subflow and self._ir.subflows.get(f"{node.subflow.flow}@{node.subflow.version}")
        return _plain(used) if used else None

    def _surroundings(self) -> list[object]:
        """What parts of a flow's keys and surroundings are made from."""
        ir = self._ir
        checkpoints = [_plain(checkpoint, {"on"}) for checkpoint in ir.checkpoints]
        others = [_plain(one) for one in (*ir.credentials, *ir.connectors)]
        return [ir.name, ir.profile, ir.residency, ir.artifacts, checkpoints, others]

    def _behind(self, start: Node) -> set[UUID]:
        found = {start.id}
        waiting = [start.id]
        while waiting:
            for edge in self._ir.outgoing(waiting.pop()):
                if edge.target_id not in found:
                    found.add(edge.target_id)
                    waiting.append(edge.target_id)
        return self._with_helpers(found)

    def _with_helpers(self, ids: set[UUID]) -> set[UUID]:
        """Some nodes, and those that undo what they do."""
        helpers = {self._nodes[one].compensate for one in ids}
        return ids | {one for one in helpers if one is not None and one in self._nodes}

    def _sharing(self, ids: set[UUID], others: Mapping[str, set[UUID]]) -> list[set[UUID]]:
        """The other parts that meet some nodes in a store, those that meet them in turn, and so on."""
        found: list[set[UUID]] = []
        reached = self._stores(ids)
        left = [other for other in others.values() if other != ids]
        while meeting := [other for other in left if self._stores(other) & reached]:
            found += meeting
            left = [other for other in left if other not in meeting]
            reached |= {store for other in meeting for store in self._stores(other)}
        return found

    def _stores(self, ids: set[UUID]) -> set[str]:
        """The bindings of some nodes that keep something between requests."""
        uses = (use for one in ids for use in self._nodes[one].capabilities)
        return {use.binding for use in uses if use.name.partition(".")[0] not in _FORGETFUL}


def _plain(model: BaseModel, without: Iterable[str] = ()) -> JsonValue:
    """A part of the IR as JSON, without the places where it is written."""
    return _unplaced(model.model_dump(mode="json", exclude={*without}))


def _unplaced(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _unplaced(item) for name, item in value.items() if name not in _PLACES}
    return [_unplaced(item) for item in value] if isinstance(value, list) else value


def _overlap(one: str, other: str) -> bool:
    """Whether some path may match both routes' templates."""
    mine, theirs = (route.partition(" ")[2].split("/") for route in (one, other))
    return len(mine) == len(theirs) and all(a == b or "{" in a or "{" in b for a, b in zip(mine, theirs, strict=True))


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
