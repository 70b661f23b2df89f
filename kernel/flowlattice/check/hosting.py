"""What a profile's host cannot do with a flow. Rule CTRL901 asks it for the flow's own profile, planning for any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowlattice.check.finding import edge_name, edge_source, finding, listed
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.fields import UnboundParameter, UnreadableField, field_sources
from flowlattice.ir.model import FlowIR, Node, Source

CODE: Final = "CTRL901"
HOSTED: Final = ("web", "dev")
"""The profiles that have a host here."""

_SURFACES = frozenset({"switch", "if", "merge", "timeout", "rate_limit", "respond"})
_KINDS = frozenset({"trigger", "node", "respond", "switch", "if", "merge"})


def unsupported(flow: FlowIR, profile: str) -> Iterator[Diagnostic]:
    """Everything in a flow that the host of a profile cannot do."""
    if profile not in HOSTED:
        yield _finding(f"profile {profile} has no host here; there is {listed(HOSTED)}", flow.source)
        return
    for surface in flow.surfaces:
        if surface.kind not in _SURFACES:
            yield _finding(f"the {profile} host cannot do {surface.kind}", surface.source or flow.source)
    for checkpoint in flow.checkpoints:
        yield _finding(f"the {profile} host cannot wait for people, as {checkpoint.id} does", flow.source)
    for node in flow.nodes:
        yield from _node(node, profile, flow)
    for edge in flow.edges:
        if edge.delivery != "at_least_once" or edge.partition_key is not None:
            what = "partitions" if edge.delivery == "at_least_once" else f"delivery {edge.delivery}"
            message = f"the {profile} host cannot do {what} on {edge_name(flow, edge)}"
            yield _finding(message, edge_source(flow, edge))


def _node(node: Node, profile: str, flow: FlowIR) -> Iterator[Diagnostic]:
    if node.kind not in _KINDS:
        yield _finding(f"the {profile} host cannot run {node.kind} {node.name}", node.source, node)
    if node.stream and node.kind != "respond":
        yield _finding(f"the {profile} host cannot stream, as {node.name} does", node.source, node)
    if node.trigger is None:
        return
    if node.trigger.kind != "http":
        yield _finding(f"the {profile} host has no {node.trigger.kind} triggers", node.source, node)
        return
    try:
        field_sources(node.trigger, flow.schemas.get(node.out_schema or ""))
    except UnboundParameter:
        return  # DAG202
    except UnreadableField as error:
        yield _finding(str(error), node.source, node)


def _finding(message: str, source: Source, node: Node | None = None) -> Diagnostic:
    advice = "leave it out, or choose a profile whose host can do it"
    return finding(CODE, message, source, node=None if node is None else node.name, help=advice)
