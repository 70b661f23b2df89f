"""Whether a run can end without having reached a respond: its caller is then answered 204."""

from __future__ import annotations

from collections.abc import Mapping

from flowlattice.language.combinators import DEFAULT_CASE
from flowlattice.plan import AnyUnit, Branch, Call, Fan, Merge, Respond, Segment


def may_be_silent(fan: Fan, units: Mapping[str, AnyUnit]) -> bool:
    """Whether nothing that a way out leads to is sure to answer."""
    return all(_may_be_silent(units[hop.to], units) for hop in fan.hops)


def _may_be_silent(unit: AnyUnit, units: Mapping[str, AnyUnit]) -> bool:
    match unit:
        case Respond():
            return False
        case Segment() | Call() | Merge():
            return may_be_silent(unit.next, units)
        case Branch():
            is_whole = DEFAULT_CASE in unit.cases or {"true", "false"} <= unit.cases.keys()
            return not is_whole or any(may_be_silent(fan, units) for fan in unit.cases.values())
        case _:
            return True
