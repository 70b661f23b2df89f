"""Where the fields come from that splitting, pairing and grouping elements give, by names on the wire.

At a join or a zip an origin has its side in front, `left.order_id`.
"""

from __future__ import annotations

from flowlattice.ir.schemas import wire_name
from flowlattice.language.aggregates import WINDOW_END, WINDOW_START, Aggregate, AggregateFunction
from flowlattice.language.combinators import Merge, Routing
from flowlattice.language.distinct import Distinct
from flowlattice.language.flow import Flow
from flowlattice.language.foreach import ForEach
from flowlattice.language.joins import Pairing
from flowlattice.language.ports import Element
from flowlattice.language.provenance import UNSTABLE, WHOLE, derivations
from flowlattice.language.sources import SourceFiles
from flowlattice.language.windows import Window
from flowlattice.record import Record

_Derivations = dict[str, tuple[str, ...]]


def foreach_derivations(element: ForEach[object, object], sources: SourceFiles) -> _Derivations:
    """Of the items that a foreach makes."""
    return derivations(element.function, sources, items=True)


def pairing_derivations(element: Pairing[object, object, object], sources: SourceFiles) -> _Derivations:
    """Of what is made of two records: what the function takes from each."""
    found: dict[str, set[str]] = {}
    for parameter, side in enumerate(("left", "right")):
        for field, origins in derivations(element.function, sources, parameter=parameter).items():
            named = {origin if origin == UNSTABLE else f"{side}.{origin}" for origin in origins}
            found.setdefault(field, set()).update(named)
    return {field: tuple(sorted(origins)) for field, origins in found.items()}


def aggregate_derivations(element: Aggregate[object, Record], flow: Flow, sources: SourceFiles) -> _Derivations:
    """Of what an aggregate gives: keys from keys, the window's ends from event times."""
    found: _Derivations = {}
    for key in element.keys:
        found[wire_name(element.into, key)] = (wire_name(element.record, key),)
    times = tuple(sorted({wire_name(window.record, window.spec.event_time) for window in _windows(element, flow)}))
    for end in (WINDOW_START, WINDOW_END):
        if end in element.into.model_fields:
            found[wire_name(element.into, end)] = times
    for function in element.functions:
        found[wire_name(element.into, function.as_)] = _read(element, function)
    return found


def _read(element: Aggregate[object, Record], function: AggregateFunction) -> tuple[str, ...]:
    if function.field is not None:
        return (wire_name(element.record, function.field),)
    return () if function.op == "count" else (WHOLE,)


def _windows(element: Element, flow: Flow) -> list[Window[object]]:
    """The windows whose records reach an element, through what hands records on as they are."""
    found: list[Window[object]] = []
    seen: set[int] = set()
    waiting = [element]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for connection in flow.connections:
            if connection.target is not current:
                continue
            if isinstance(connection.source, Window) and connection.case is None:
                found.append(connection.source)
            elif isinstance(connection.source, Routing | Merge | Distinct):
                waiting.append(connection.source)
    return found
