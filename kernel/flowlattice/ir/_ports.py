"""The types of ports: what comes out of each element of a graph, through branches and merges."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Callable, Sequence
from functools import reduce
from inspect import isasyncgenfunction
from operator import or_
from typing import Any, cast

from flowlattice.language.annotations import NO_TYPE, hints, parameters, without_metadata
from flowlattice.language.combinators import Merge, Routing
from flowlattice.language.flow import Connection, TriggerNode
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element


class PortTypes:
    """Types as annotations; `NO_TYPE` where there is none."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    def output(self, element: Element, visiting: frozenset[int] = frozenset()) -> object:
        """What comes out of an element."""
        if isinstance(element, TriggerNode):
            return element.trigger.accepts
        if isinstance(element, Node):
            return self.returned(element.function)
        if isinstance(element, Routing) and (declared := self.taken(element.function)) is not NO_TYPE:
            return declared
        return self.incoming(element, visiting) if isinstance(element, Routing | Merge) else NO_TYPE

    def incoming(self, element: Element, visiting: frozenset[int] = frozenset()) -> object:
        """What reaches an element, one type or the union of several."""
        if id(element) in visiting:  # a cycle, which the checker reports
            return NO_TYPE
        found: list[object] = []
        for connection in self._connections:
            if connection.target is element:
                type_ = self.output(connection.source, visiting | {id(element)})
                if type_ is not NO_TYPE and type_ not in found:
                    found.append(type_)
        if not found:
            return NO_TYPE
        # `A | B` of classes, built when the flow is loaded, so no checker can know its members.
        return reduce(or_, cast("list[Any]", found))

    def taken(self, function: Callable[..., object]) -> object:
        """The type of a function's first parameter."""
        return next(iter(parameters(function).values()), NO_TYPE)

    def returned(self, function: Callable[..., object]) -> object:
        """The type of what a function returns, of a stream that of its items."""
        annotation = hints(function).get("return", NO_TYPE)
        if typing.get_origin(without_metadata(annotation)) is AsyncIterator or isasyncgenfunction(function):
            return next(iter(typing.get_args(annotation)), NO_TYPE)
        return annotation
