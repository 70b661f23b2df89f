"""What changes in meaning between two Flow IRs, in sentences for people and as data for tools.

    for change in compare(before, after): print(change.weight, change.text)

Positions, ids and prose that follows from other parts say nothing of their own and are not compared; every other part
of the IR is, and of flows that stand in another as nodes. Of the bodies of functions the IR holds digests: that one
is not as it was shows here, how it is now shows in the text's diff.
"""

from __future__ import annotations

from flowlattice.ir.comparison._change import Change, Kind, Weight
from flowlattice.ir.comparison._cost import costs
from flowlattice.ir.comparison._data import data
from flowlattice.ir.comparison._facts import facts
from flowlattice.ir.comparison._flow import flow
from flowlattice.ir.comparison._limits import limits
from flowlattice.ir.comparison._nodes import nodes
from flowlattice.ir.comparison._parts import inner, parts
from flowlattice.ir.comparison._people import people
from flowlattice.ir.comparison._routes import replies, routes
from flowlattice.ir.comparison._schemas import schemas
from flowlattice.ir.comparison._surfaces import surfaces
from flowlattice.ir.comparison._wiring import wiring
from flowlattice.ir.model import FlowIR

__all__ = ["Change", "Kind", "Weight", "compare"]

_PARTS = (routes, nodes, replies, limits, people, data, schemas, costs, wiring, surfaces, parts, flow)
_ORDER = ("riskier", "safer", "neutral")


def compare(before: FlowIR | None, after: FlowIR) -> tuple[Change, ...]:
    """What changes from one flow to the other, what is riskier first; of a flow that is new, what it is.

    Args:
        before: The flow as it was; none if there was none.
        after: The flow as it is to be.
    """
    if before is None:
        return tuple(facts(after))
    found = [change for part in _PARTS for change in part(before, after)] + [*inner(before, after, compare)]
    return tuple(sorted(dict.fromkeys(found), key=lambda change: _ORDER.index(change.weight)))
