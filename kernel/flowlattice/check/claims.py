"""What authors claim about nodes against what is derived: for EFFECT201, DET301, DET302, CACHE002 and WFLOW010."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.model import FlowIR, Node, Reason
from flowlattice.lattice import Determinism, Effects

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

Claim = Literal["effects", "determinism"]


_INLINE: Final = frozenset({"switch", "if", "foreach", "zip", "join", "distinct", "window", "aggregate", "merge"})
"""Kinds of nodes whose functions run in the workflow itself where there is one."""


def runs_in_workflow(flow: FlowIR, node: Node) -> bool:
    """Whether a node's function is replayed as part of a workflow, so that WFLOW010 judges it and not its claims."""
    return flow.profile == "temporal" and node.kind in _INLINE


def broken(flow: FlowIR, claim: Claim) -> Iterator[tuple[Node, Reason]]:
    """Each node whose claim is stronger than a reason allows, with the reason.

    A reason in another file than the node is told at the node, where the claim can be changed, and names its place.
    """
    level = Effects if claim == "effects" else Determinism
    for node in flow.nodes:
        declared = node.declared.effects if claim == "effects" else node.declared.determinism
        if declared is None or runs_in_workflow(flow, node):
            continue
        for reason in node.reasons:
            if reason.of == claim and level(declared) < level(reason.level):
                yield node, at_claim(node, reason)


def at_claim(node: Node, reason: Reason) -> Reason:
    """A reason in another file than the node, told at the node and with its place."""
    claim = node.definition or node.source
    if reason.source.file == claim.file:
        return reason
    because = f"{reason.because}, in {reason.source.file}, line {reason.source.line}"
    return reason.model_copy(update={"because": because, "source": claim})


def is_unpinned_model(node: Node, reason: Reason) -> bool:
    """Whether what breaks a claim to be stable is a language model without a pin: CACHE002, and not DET302."""
    asks = any(use.binding == reason.capability and use.name.startswith("ai.") for use in node.capabilities)
    return asks and node.declared.determinism == "stable"


def set_that_orders(reason: Reason) -> str | None:
    """What a set holds (`text`, `whole numbers`, or empty for unknown) whose order is a reason; none for others."""
    found = re.match(r"depends on the order of a set(?: of ([a-z ]+))?,", reason.because)
    return None if found is None else found[1] or ""


def weaken(found: Diagnostic, flow: FlowIR, module: cst.Module, claim: Claim) -> Rewrite | None:
    """Declare of a node what is derived."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    if node is None or node.definition is None or node.definition.file != found.file:
        return None
    level = node.effects if claim == "effects" else node.determinism
    kind = "Effects" if claim == "effects" else "Determinism"
    done = codemods.set_node_claim(module, node.definition, claim, kind, level.upper())
    return None if done is None else replace(done, applicability="safe", title=f"declare it {level}")
