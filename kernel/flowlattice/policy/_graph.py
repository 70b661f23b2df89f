"""How the nodes of a plain IR are connected: what is behind what, who retries, who undoes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from pydantic import JsonValue

Plain = Mapping[str, JsonValue]
"""A part of an IR as JSON; what is not there counts as empty."""

_HANDS_ON: Final = frozenset({"switch", "if", "merge", "distinct"})
"""Kinds of nodes through which a record goes unchanged, so that the promise of an edge holds behind them."""


def entries(part: Plain, name: str) -> list[dict[str, JsonValue]]:
    """The objects of a list."""
    value = part.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def table(part: Plain, name: str) -> dict[str, JsonValue]:
    """An object."""
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def identity_of(node: Plain) -> str:
    """A node's id; its name where it has none."""
    return str(node.get("id", node.get("name", "")))


class Wiring:
    """The edges of one flow."""

    def __init__(self, ir: Plain) -> None:
        self._nodes = {identity_of(node): node for node in entries(ir, "nodes")}
        self._edges = entries(ir, "edges")
        self._surfaces = entries(ir, "surfaces")
        self._next: dict[str, list[str]] = {}
        self._lossy = {
            (str(edge.get("from")), str(edge.get("to")))
            for edge in self._edges
            if edge.get("delivery") == "at_most_once"
        }
        for edge in self._edges:
            self._next.setdefault(str(edge.get("from")), []).append(str(edge.get("to")))

    def behind(self, start: str) -> list[str]:
        """The ids of the nodes that a node leads to, nearest first."""
        found: dict[str, None] = {}
        waiting = [start]
        for current in waiting:
            new = [target for target in self._next.get(current, ()) if target not in found]
            found.update(dict.fromkeys(new))
            waiting += new
        return [*found]

    def later_effects(self, start: str) -> list[str]:
        """The names of the effectful nodes behind a node."""
        behind = [self._nodes.get(identity, {}) for identity in self.behind(start) if identity != start]
        return [str(node.get("name", "")) for node in behind if node.get("effects") == "effectful"]

    def undone_by(self, identity: str) -> list[str]:
        """The names of the nodes that a node undoes."""
        return [str(n.get("name", "")) for n in self._nodes.values() if str(n.get("compensate")) == identity]

    def retried_by(self, node: Plain) -> set[str]:
        """Who retries a node: the owner that it names, and the orchestrator where an `on_error` of it retries."""
        identity = identity_of(node)
        owner = table(node, "retry").get("owner")
        handled = any(
            surface.get("kind") == "error_handler" and identity in _ids(surface) and _retries(table(surface, "config"))
            for surface in self._surfaces
        )
        return {*([str(owner)] if owner is not None else []), *(["orchestrator"] if handled else [])}

    @cached_property
    def promised_once(self) -> frozenset[str]:
        """The ids of the nodes of which an edge promises that what they do happens exactly once."""
        found = set[str]()
        for edge in self._edges:
            if edge.get("delivery") == "exactly_once":
                self._hand_on(str(edge.get("to")), found)
        return frozenset(found)

    def _hand_on(self, start: str, found: set[str]) -> None:
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                if self._nodes.get(current, {}).get("kind") in _HANDS_ON:
                    waiting += [to for to in self._next.get(current, ()) if (current, to) not in self._lossy]


def _ids(surface: Plain) -> list[str]:
    targets = surface.get("targets")
    return [str(target) for target in targets] if isinstance(targets, list) else []


def _retries(strategy: Plain) -> bool:
    while strategy:
        if strategy.get("strategy") == "retry":
            return True
        strategy = table(strategy, "then")
    return False
