"""`Connector`: nodes that reach one provider, made to be shared; a flow pins the one it uses by digest.

A connector is a module beside the flow, self-contained but for the modules that it imports from there:

    # stripe.py
    connector = Connector(
        "stripe", version="1.2.0", nodes=[charge, refund], egress={"stripe": ["api.stripe.com"]},
        scopes={"stripe_key": ["charges:write"]}, fixtures=["fixtures/charge_200.json"],
    )

    # flow.py
    from .stripe import charge, refund
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowlattice.language.nodes import Node
from flowlattice.language.ports import Place, calling_place


@dataclass(frozen=True)
class Connector:
    """What a connector says of itself.

    Attributes:
        name: Its name, which `connectors.toml` pins.
        version: Its semantic version.
        nodes: What flows may take from it.
        egress: The hosts that its bindings reach. A flow that uses one of the nodes lets them.
        scopes: What its credentials have to allow.
        fixtures: Files beside it with what the provider answers, for contract tests.
    """

    name: str
    version: str = field(kw_only=True)
    nodes: Sequence[Node[Any, Any]] = field(kw_only=True)
    egress: Mapping[str, Sequence[str]] = field(kw_only=True, default_factory=dict)
    scopes: Mapping[str, Sequence[str]] = field(kw_only=True, default_factory=dict)
    fixtures: Sequence[str] = field(kw_only=True, default=())
    place: Place = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", calling_place(depth=3))
