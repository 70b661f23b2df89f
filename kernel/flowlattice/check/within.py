"""What a flow runs of other flows: each export that it uses, as a flow of the nodes that come with it.

Rules that judge a node by itself, or together with what is connected to it, find the same there as in the other flow.
What depends on a flow's triggers, on its names or on what surrounds an export is for the flow itself, and for the other
one when that is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flowlattice.ir.model import Export, FlowIR, Node
from flowlattice.ir.subflows import between, inner_of, leaves

JUDGED: Final = frozenset(
    {
        "BUD101", "BUD102", "CACHE002", "CTRL101", "CTRL102", "CTRL110", "CTRL111", "CTRL121", "DAG001", "DAG002",
        "DAG003", "DAG004", "DAG005", "DAG006", "DAG107", "DAG200", "DAG201", "DAG301", "DAG320", "DET301", "DET302",
        "EFFECT201", "EXACT001", "EXACT002", "EXACT003", "HITL101", "IDEM020", "IDEM025", "RETRY010", "SAGA201",
        "SAGA205", "SPILL001", "SPILL002", "WFLOW010",
    }
)  # fmt: skip
"""The rules that judge the nodes of subflows too."""


def used(flow: FlowIR) -> Iterator[FlowIR]:
    """What comes with the exports that a flow uses, and with those in these, each once, on the flow's profile."""
    seen: set[tuple[str, str, str]] = set()
    waiting: list[tuple[Node, Mapping[str, FlowIR]]] = [(node, flow.subflows) for node in flow.nodes]
    while waiting:
        node, known = waiting.pop()
        found = inner_of(node, known)
        if found is None or _key(node) in seen:
            continue
        seen.add(_key(node))
        inner = _held(*found).model_copy(update={"profile": flow.profile})
        waiting += [(part, {**known, **inner.subflows}) for part in inner.nodes]
        yield inner


def _key(node: Node) -> tuple[str, str, str]:
    use = node.subflow
    return ("", "", "") if use is None else (use.flow, use.version, use.export)


def _held(inner: FlowIR, export: Export) -> FlowIR:
    """A flow with nothing but what an export holds."""
    inside = between(inner, export)
    surfaces = [
        surface.model_copy(update={"targets": tuple(one for one in surface.targets if one in inside)})
        for surface in inner.surfaces
        if inside.intersection(surface.targets)
    ]
    return inner.model_copy(
        update={
            "nodes": tuple(node for node in inner.nodes if node.id in inside),
            "edges": tuple(
                edge for edge in inner.edges if {edge.source_id, edge.target_id} <= inside and not leaves(edge, export)
            ),
            "surfaces": tuple(surfaces),
            "checkpoints": tuple(point for point in inner.checkpoints if point.on in inside),
            "exports": (export,),
        }
    )
