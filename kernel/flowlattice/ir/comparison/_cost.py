"""The worst case of a run."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.comparison._change import Change, Weight
from flowlattice.ir.cost import worst_case
from flowlattice.ir.model import FlowIR


def costs(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """How many calls to which host one run of a route can make."""
    old, new = worst_case(before).routes, worst_case(after).routes
    for route, now in new.items():
        was = old[route].calls if route in old else {}
        for host in sorted(was.keys() | now.calls.keys()):
            then, later = was.get(host, 0), now.calls.get(host, 0)
            if then != later:
                weight: Weight = "riskier" if later > then else "safer"
                text = f"one run of {route} makes {later} calls to {host} at worst, loops aside; was {then}"
                yield Change(kind="cost", weight=weight, subject=route, text=text, before=then, after=later)
