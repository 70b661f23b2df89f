"""The ends of edges: what can be given to `connect` and to controls, and what of a graph it means."""

from __future__ import annotations

from flowlattice.language.edges import Connection, EdgeControls
from flowlattice.language.ports import Element, Input, Output, Place


def connection(source: object, target: object, controls: EdgeControls, place: Place) -> Connection:
    """An edge between two ends.

    Raises:
        TypeError: One of them is no part of a graph.
    """
    origin, case = source_end(source)
    into = target.port if isinstance(target, Input) else None
    return Connection(source=origin, case=case, target=_target_end(target), into=into, controls=controls, place=place)


def source_end(end: object) -> tuple[Element, str | None]:
    """Where an edge starts. An element that nothing comes out of is for the checker to report, with its place."""
    if isinstance(end, Output):
        return end.origin, end.case
    return element(end), None


def _target_end(end: object) -> Element:
    """Where an edge ends. An element that takes nothing is for the checker to report, with its place."""
    return end.destination if isinstance(end, Input) else element(end)


def element(end: object) -> Element:
    """The element that is given.

    Raises:
        TypeError: It is none.
    """
    if isinstance(end, Element):
        return end
    raise TypeError(f"a graph has nodes, triggers, combinators and responds; {end!r} is none (is @node missing?)")
