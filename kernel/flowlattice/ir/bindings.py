"""What a flow has an environment bind: what its nodes ask for by their parameters, and its triggers by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flowlattice.capabilities import registry
from flowlattice.capabilities.triggers import TRIGGER_BACKENDS
from flowlattice.ir.model import FlowIR, Node, Source

VARIABLES: Final = "vars"
"""The table of an environment that gives values to variables, so that nothing can be bound by this name."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One node or trigger that asks for a binding.

    Attributes:
        binding: The binding's name.
        what: A capability type's name, or `kafka trigger`.
        backends: The kinds of backend that serve it; none where the host itself does.
        node: Who asks.
        source: Where it does.
    """

    binding: str
    what: str
    backends: tuple[str, ...]
    node: Node
    source: Source

    @property
    def is_trigger(self) -> bool:
        """Whether a trigger asks, to be bound at all."""
        return self.node.kind == "trigger"


def askings(flow: FlowIR) -> Iterator[Asking]:
    """Who asks for which binding, in the order of the flow's nodes; triggers that need none do not."""
    for node in flow.nodes:
        backends = trigger_backends(node)
        if backends:
            yield Asking(binding=node.name, what=trigger_words(node), backends=backends, node=node, source=node.source)
        for use in node.capabilities:
            source = next((p.source for p in node.parameters if p.name == use.binding), node.source)
            kinds = capability_backends(use.name)
            yield Asking(binding=use.binding, what=use.name, backends=kinds, node=node, source=source)


def trigger_backends(node: Node) -> tuple[str, ...]:
    """The kinds of backend that stand behind a trigger; none behind other nodes."""
    return () if node.trigger is None else TRIGGER_BACKENDS[node.trigger.kind]


def trigger_words(node: Node) -> str:
    """What a trigger is called where bindings are spoken of: `kafka trigger`."""
    return "" if node.trigger is None else f"{node.trigger.kind} trigger"


def capability_backends(name: str) -> tuple[str, ...]:
    """The kinds of backend that serve a capability type of a name in the IR."""
    declared = registry.named(name)
    return () if declared is None else declared.backends


def common(kinds: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The kinds of backend that serve all who ask for one binding, in the first one's order; none if none does."""
    needed = [backends for backends in kinds if backends]
    return tuple(kind for kind in needed[0] if all(kind in others for others in needed)) if needed else ()


def table(environment: str, binding: str) -> str:
    """The head of a binding's table in `bindings.toml`: `[production.ingest]`, quoted where the name is no bare key."""
    return f"[{environment}.{binding if _BARE.fullmatch(binding) else json.dumps(binding)}]"
