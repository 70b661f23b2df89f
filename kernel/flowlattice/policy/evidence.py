"""What policies were held against, node by node, in words and as data: the evidence of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flowlattice.ir.model import FlowIR, Node
from flowlattice.policy.facts import data_classes

CEILING: Final = "LLM-RUN-CEILING"
"""The policy whose parameters say what a run may cost."""


@dataclass(frozen=True, kw_only=True)
class NodeEvidence:
    """What a node reaches, needs and handles.

    Attributes:
        hosts: The hosts that it may reach.
        scopes: The scopes that it needs, each after its credential: `stripe_key charges:write`.
        takes: The data classes of what it takes.
        classes: The data classes of what it takes and gives.
    """

    hosts: tuple[str, ...]
    scopes: tuple[str, ...]
    takes: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def words(self) -> str:
        """One line for people."""
        said = [
            f"may reach {', '.join(self.hosts)}" if self.hosts else "reaches no host",
            *([f"needs {', '.join(self.scopes)}"] if self.scopes else []),
            f"handles {', '.join(self.classes)} data" if self.classes else "handles no data of a record",
        ]
        return "; ".join(said)


def node_evidence(ir: FlowIR, node: Node) -> NodeEvidence:
    """What one node of a flow reaches, needs and handles."""
    uses = node.capabilities
    scopes = [f"{use.binding} {scope}" for use in uses if use.name == "creds" for scope in use.scopes]
    return NodeEvidence(
        hosts=tuple(dict.fromkeys(host for use in uses for host in use.egress)),
        scopes=tuple(scopes),
        takes=tuple(sorted(data_classes(ir, node.in_schema))),
        classes=tuple(sorted(data_classes(ir, node.in_schema) | data_classes(ir, node.out_schema))),
    )
