"""What authors claim about nodes against what is derived: shared by EFFECT201, DET301 and DET302."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.model import FlowIR, Node, Reason
from flowlattice.lattice import Determinism, Effects

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

Claim = Literal["effects", "determinism"]


def broken(flow: FlowIR, claim: Claim) -> Iterator[tuple[Node, Reason]]:
    """Each node whose claim is stronger than a reason allows, with the reason.

    A reason in another file than the node is told at the node, where the claim can be changed, and names its place.
    """
    level = Effects if claim == "effects" else Determinism
    for node in flow.nodes:
        declared = node.declared.effects if claim == "effects" else node.declared.determinism
        if declared is None:
            continue
        for reason in node.reasons:
            if reason.of == claim and level(declared) < level(reason.level):
                yield node, _at_claim(node, reason)


def _at_claim(node: Node, reason: Reason) -> Reason:
    claim = node.definition or node.source
    if reason.source.file == claim.file:
        return reason
    because = f"{reason.because}, in {reason.source.file}, line {reason.source.line}"
    return reason.model_copy(update={"because": because, "source": claim})


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
