"""Switches and ifs of a flow, with what their surfaces say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from flowlattice.ir.model import FlowIR, Node


@dataclass(frozen=True)
class SwitchNode:
    """A switch: its cases, and what its function can return where its type says so."""

    node: Node
    cases: tuple[str, ...]
    values: tuple[str, ...] | None


def switches(flow: FlowIR) -> Iterator[SwitchNode]:
    """The switches of a flow."""
    for surface in flow.surfaces:
        if surface.kind == "switch":
            values = surface.config.get("values")
            node = flow.node(surface.targets[0])
            yield SwitchNode(node, _texts(surface.config.get("cases")), None if values is None else _texts(values))


def conditions(flow: FlowIR) -> Iterator[tuple[Node, bool]]:
    """The ifs of a flow, and whether each is a filter."""
    for surface in flow.surfaces:
        if surface.kind == "if":
            yield flow.node(surface.targets[0]), surface.config.get("filter") is True


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
