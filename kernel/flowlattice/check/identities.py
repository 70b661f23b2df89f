"""Giving a node an idempotency key: what the spec states of it, or else all fields of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowlattice.check.context import CheckContext
from flowlattice.check.facts import Identity, stated
from flowlattice.check.fields import input_fields
from flowlattice.check.finding import offer
from flowlattice.diagnostics import Diagnostic, Fix
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite


def identity_of(flow: FlowIR, node: Node, context: CheckContext) -> Identity | None:
    """What the spec states of a node's identity; none if that is nothing, or names a field that its input has not."""
    found = context.facts.identity(node.name)
    return found if found is not None and set(found.fields) <= set(input_fields(flow, node)) else None


def offered(flow: FlowIR, node: Node, context: CheckContext) -> Fix | None:
    """The fix that gives a node a key: safe where the spec states it; none where the input has no fields."""
    known = identity_of(flow, node, context)
    if known is not None:
        return stated(f"take {', '.join(known.fields)} as the key")
    fields = input_fields(flow, node)
    return offer("unsafe", f"take all fields of the input as the key ({', '.join(fields)})") if fields else None


def keyed(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """The file with the key that is offered."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    if node is None or node.definition is None or node.definition.file != found.file:
        return None
    known = identity_of(flow, node, context)
    fields = input_fields(flow, node) if known is None else known.fields
    ttl = None if known is None else known.ttl_ms
    return codemods.set_key(module, node.definition, fields, ttl) if fields else None
