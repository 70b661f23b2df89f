"""Where findings point: at a node's function, at the parameter that asks for something, at the control of an edge."""

from __future__ import annotations

from typing import Literal

from flowlattice.check.finding import edge_source
from flowlattice.ir.model import Edge, FlowIR, Node, Source


def defined(node: Node) -> Source:
    """Where a node's function is named, or else where it entered the graph."""
    return node.definition or node.source


def asked(node: Node, binding: str) -> Source:
    """The parameter by which a node asks for a capability."""
    return next((parameter.source for parameter in node.parameters if parameter.name == binding), node.source)


def controlled(flow: FlowIR, edge: Edge, control: Literal["delivery", "ordering", "buffer", "timeout"]) -> Source:
    """Where a control of an edge is written: in the last statement of its own, or where the edge is connected."""
    return next((g.source for g in reversed(edge.controls) if g.control == control), edge_source(flow, edge))


def named(flow: FlowIR, name: str | None) -> Node | None:
    """The node that a diagnostic names; none if there is none."""
    return next((node for node in flow.nodes if node.name == name), None)
