"""The flow as a whole: name, profile, where its data may be, and which hosts its bindings may reach."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.ceilings import CEILINGS
from flowlattice.ir.comparison._change import Change, Weight, moved
from flowlattice.ir.comparison._limits import IN_FLIGHT
from flowlattice.ir.model import FlowIR

_PLAIN = ("name", "version", "profile", "summary")


def flow(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """What the flow says of itself."""
    for field in _PLAIN:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield moved("flow", after.name, f"the flow's {field}", old, new)
    if before.residency != after.residency:
        was, now = list(before.residency), list(after.residency)
        yield moved("flow", after.name, "where the flow's data may be", [*was], [*now], "riskier")
    for name in sorted((before.policies.keys() | after.policies.keys()) - {IN_FLIGHT, *CEILINGS}):
        if before.policies.get(name) != after.policies.get(name):
            yield moved("flow", name, f"the policy {name}", before.policies.get(name), after.policies.get(name))
    yield from _grants(before, after)


def _grants(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Hosts that bindings are let reach, whether or not a node uses them."""
    old, new = ({f"{g.binding} to {host}" for g in ir.egress for host in g.hosts} for ir in (before, after))
    used = [
        {f"{u.binding} to {h}" for n in ir.nodes for u in n.capabilities for h in u.egress} for ir in (before, after)
    ]
    for grant in sorted((old ^ new) - (used[0] ^ used[1])):
        text = f"lets {grant}" if grant in new else f"no longer lets {grant}"
        weight: Weight = "riskier" if grant in new else "safer"
        yield Change(kind="egress", weight=weight, subject=grant, text=text, after=grant if grant in new else None)
