"""Pictures of a flow, made from its IR: Mermaid and DOT text, and SVG that is laid out here.

`picture` says what is shown, the same for every format; `mermaid`, `dot` and `svg` write it down. Where the boxes of
an SVG go is `layers` (columns, and the order in them) and `geometry` (coordinates). Nothing here reads a file or judges
a flow: whatever IR can say can be drawn, also a flow that the checker refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flowlattice.ir.drawing.dot import dot
from flowlattice.ir.drawing.mermaid import mermaid
from flowlattice.ir.drawing.svg import svg
from flowlattice.ir.model import FlowIR

__all__ = ["FORMATS", "dot", "mermaid", "svg"]

FORMATS: Mapping[str, Callable[[FlowIR], str]] = MappingProxyType({"mermaid": mermaid, "dot": dot, "svg": svg})
"""The formats by name: each takes a flow's IR and gives text that ends with a line break."""
