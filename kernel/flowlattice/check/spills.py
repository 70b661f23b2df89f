"""The edges that spill: what does not fit into their buffer goes to a blob store."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.model import Edge, FlowIR


def spilling(flow: FlowIR) -> Iterator[Edge]:
    """The edges that say anything of spilling."""
    for edge in flow.edges:
        given = edge.buffer
        says = (given.spill_bytes, given.spill_bytes_per_s, given.spill_blob)
        if given.on_full == "spill" or any(part is not None for part in says):
            yield edge
