"""Which node undoes which."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.model import FlowIR, Node


def compensations(flow: FlowIR) -> Iterator[tuple[Node, Node]]:
    """Each node that has a compensator, with it."""
    nodes = {node.id: node for node in flow.nodes}
    for node in flow.nodes:
        if node.compensate is not None and node.compensate in nodes:
            yield node, nodes[node.compensate]
