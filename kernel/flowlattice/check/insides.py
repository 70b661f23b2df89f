"""What runs inside of a subflow node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowlattice.ir.model import FlowIR, Node
from flowlattice.ir.subflows import inner_of, on_the_way


def inside(node: Node, known: Mapping[str, FlowIR]) -> Iterator[Node]:
    """The nodes that a subflow node's records run, those of subflows in it too; none where its flow is not known.

    Args:
        node: The subflow node.
        known: Flows by `name@version`, as `FlowIR.subflows` has them.
    """
    found = inner_of(node, known)
    if found is None:
        return
    inner, export = found
    run = on_the_way(inner, export)
    for part in inner.nodes:
        if part.id in run and part.subflow is None:
            yield part
        elif part.id in run:
            yield from inside(part, inner.subflows)
