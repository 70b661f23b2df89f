"""The types of ports: what comes out of each element of a graph, through branches and merges."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Callable, Sequence
from functools import reduce
from inspect import isasyncgenfunction
from operator import or_
from typing import Any, cast

from flowlattice.language.annotations import NO_TYPE, hints, parameters, without_metadata
from flowlattice.language.checkpoints import Checkpoint, rejected_case
from flowlattice.language.combinators import Merge, Routing
from flowlattice.language.edges import Connection
from flowlattice.language.flow import TriggerNode
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element


class PortTypes:
    """Types as annotations; `NO_TYPE` where there is none."""

    def __init__(self, connections: Sequence[Connection], checkpoints: Sequence[Checkpoint[object]] = ()) -> None:
        self._incoming: dict[int, list[object]] = {}
        # What is rejected at a checkpoint is what waited there.
        self._waited = {(id(point.origin), rejected_case(point.name)): point.case for point in checkpoints}
        while sum(self._carry(connection) for connection in connections):
            pass  # until nothing new gets through branches and merges

    def output(self, element: Element, case: str | None = None) -> object:
        """What comes out of an element, or out of one of its branches and side outputs."""
        return _union(self._outputs(element, case))

    def incoming(self, element: Element) -> object:
        """What reaches an element, one type or the union of several."""
        return _union(self._incoming.get(id(element), []))

    def _carry(self, connection: Connection) -> bool:
        """Take the types of a connection to its target; whether one of them is new there."""
        known = self._incoming.setdefault(id(connection.target), [])
        new = [type_ for type_ in self._outputs(connection.source, connection.case) if type_ not in known]
        known += new
        return bool(new)

    def _outputs(self, element: Element, case: str | None) -> list[object]:
        case = self._waited.get((id(element), case or ""), case)
        if isinstance(element, TriggerNode):
            return [element.trigger.accepts]
        if isinstance(element, Node):
            failed = case is not None  # a side output is what the node failed on, as it got it
            return _present(self.taken(element.function) if failed else self.returned(element.function))
        if isinstance(element, Routing) and (declared := _present(self.taken(element.function))):
            return declared
        return self._incoming.get(id(element), []) if isinstance(element, Routing | Merge) else []

    def taken(self, function: Callable[..., object]) -> object:
        """The type of a function's first parameter."""
        return next(iter(parameters(function).values()), NO_TYPE)

    def returned(self, function: Callable[..., object]) -> object:
        """The type of what a function returns, of a stream that of its items."""
        annotation = hints(function).get("return", NO_TYPE)
        if typing.get_origin(without_metadata(annotation)) is AsyncIterator or isasyncgenfunction(function):
            return next(iter(typing.get_args(annotation)), NO_TYPE)
        return annotation


def _present(annotation: object) -> list[object]:
    return [] if annotation is NO_TYPE else [annotation]


def _union(types: Sequence[object]) -> object:
    if not types:
        return NO_TYPE
    # `A | B` of classes, built when the flow is loaded, so no type checker can know its members.
    return reduce(or_, cast("Sequence[Any]", types))
