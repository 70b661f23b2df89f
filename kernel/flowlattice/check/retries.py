"""Who retries what: the handlers of a flow that retry, and who usually retries what a node asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from flowlattice.check.insides import inside
from flowlattice.ir.model import FlowIR, Node, Source


@dataclass(frozen=True, kw_only=True)
class Handler:
    """An `on_error` that has the orchestrator retry a node.

    Attributes:
        node: The node.
        source: Where the handler is written.
        is_nested: Whether it retries again after it has retried.
    """

    node: Node
    source: Source
    is_nested: bool


def handlers(flow: FlowIR) -> Iterator[Handler]:
    """The handlers that retry, in the order they are written."""
    nodes = {node.id: node for node in flow.nodes}
    for surface in flow.surfaces:
        retries = _retries(surface.config) if surface.kind == "error_handler" else 0
        for target in surface.targets if retries else ():
            if target in nodes:
                source = surface.source or nodes[target].source
                yield Handler(node=nodes[target], source=source, is_nested=retries > 1)


def usual_owners(node: Node) -> dict[str, str]:
    """Who retries the capabilities of a node unless somebody decides otherwise: owner to the first such binding."""
    found: dict[str, str] = {}
    for use in node.capabilities:
        if use.retry_owner is not None:
            found.setdefault(use.retry_owner, use.binding)
    return found


def retried_inside(flow: FlowIR, node: Node) -> str | None:
    """A node that a subflow node runs and that is retried there; none if none is, or the node is no subflow."""
    return next((part.name for part in inside(node, flow.subflows) if part.retry is not None and part.retry.max), None)


def _retries(config: Mapping[str, JsonValue]) -> int:
    """How many retries follow each other in a strategy and what comes after it."""
    count = 0
    while True:
        count += config.get("strategy") == "retry"
        after = config.get("then")
        if not isinstance(after, dict):
            return count
        config = after
