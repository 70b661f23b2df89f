"""The error handler of a subflow, handed to the nodes that the subflow runs.

It governs each of them: a retry repeats the node that failed, unless its connector owns its retries. A node that has a
handler of its own keeps it; what that leaves open, a retry with nothing after it, ends as the subflow's does. What is
put aside is the record that went into the subflow, so that one type arrives there whichever node failed.

A handler that was handed on says of which subflow it is: `of` in its configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from pydantic import JsonValue

from flowlattice.ir import model as ir
from flowlattice.ir.subflows import on_the_way

_Config = dict[str, JsonValue]


class Handling:
    """The handler of one subflow and those inside of it.

    Args:
        flow: The flow around the subflow.
        node: The subflow's node.
        inner: The flow that it stands for.
        export: The part of that which it is.
    """

    def __init__(self, flow: ir.FlowIR, node: ir.Node, inner: ir.FlowIR, export: ir.Export) -> None:
        self._node = node
        self._handler = next((one for one in flow.surfaces if _handles(one, node.id)), None)
        self._way = [one.id for one in inner.nodes if one.id in on_the_way(inner, export)]
        self._own = {target: one for one in inner.surfaces if one.kind == "error_handler" for target in one.targets}

    @property
    def open(self) -> tuple[UUID, ...]:
        """The nodes, by their ids in the inner flow, whose failure is left to the subflow's handler in the end."""
        return tuple(one for one in self._way if one not in self._own or _leaves_open(self._own[one].config))

    def inside(self, surface: ir.Surface) -> ir.Surface:
        """A surface of the inner flow; a handler that leaves open how it ends, with the subflow's end."""
        after = None if self._handler is None else _end(self._handler.config, self._node.name)
        on_way = surface.kind == "error_handler" and set(surface.targets) <= set(self._way)
        if after is None or not on_way or not _leaves_open(surface.config):
            return surface
        return surface.model_copy(update={"config": _followed(surface.config, after)})

    def outside(self, surfaces: Iterable[ir.Surface], ids: dict[UUID, UUID]) -> Iterator[ir.Surface]:
        """The surfaces of the flow around it, where `ids` are what the inner flow's nodes are called there."""
        governed = tuple(ids[one] for one in self._way if one not in self._own)
        for surface in surfaces:
            if not _handles(surface, self._node.id):
                yield surface
                continue
            others = tuple(one for one in surface.targets if one != self._node.id)
            if others:
                yield surface.model_copy(update={"targets": others})
            if governed:
                config = {"of": self._node.name, **surface.config}
                yield surface.model_copy(update={"targets": governed, "config": config})


def _handles(surface: ir.Surface, node_id: UUID) -> bool:
    return surface.kind == "error_handler" and node_id in surface.targets


def _leaves_open(config: _Config) -> bool:
    """Whether a handler retries and does not say what comes after."""
    after = config.get("then")
    return config.get("strategy") == "retry" and (not isinstance(after, dict) or _leaves_open(after))


def _followed(config: _Config, after: _Config) -> _Config:
    """A handler that leaves its end open, with an end."""
    following = config.get("then")
    return {**config, "then": _followed(following, after) if isinstance(following, dict) else after}


def _end(config: _Config, of: str) -> _Config | None:
    """How a handler ends after its retries; none if it does not say."""
    if config.get("strategy") != "retry":
        return {"of": of, **config}
    after = config.get("then")
    return _end(after, str(config.get("of", of))) if isinstance(after, dict) else None
