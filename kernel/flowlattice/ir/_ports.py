"""The types of ports: what comes out of each element of a graph, through branches, merges and side outputs."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import reduce
from inspect import isasyncgenfunction
from operator import or_
from types import UnionType
from typing import Any, cast

from flowlattice.language.aggregates import Aggregate
from flowlattice.language.annotations import NO_TYPE, hints, parameters, without_metadata
from flowlattice.language.checkpoints import Checkpoint, rejected_case
from flowlattice.language.combinators import Merge, Routing
from flowlattice.language.distinct import Distinct
from flowlattice.language.edges import Connection
from flowlattice.language.foreach import ForEach
from flowlattice.language.joins import UNMATCHED, Join, Pairing
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element, Side
from flowlattice.language.subflows import Subflow
from flowlattice.language.triggers import REJECTED, Raw, TriggerNode
from flowlattice.language.windows import Window


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
        return _union(self._carried(element, case))

    def incoming(self, element: Element) -> object:
        """What reaches an element, one type or the union of several."""
        return _union(self._incoming.get(id(element), []))

    def taken(self, function: Callable[..., object]) -> object:
        """The type of a function's first parameter."""
        return next(iter(parameters(function).values()), NO_TYPE)

    def takes(self, element: Element, port: Side | None = None) -> object:
        """What an element takes, on one side if it has two."""
        match element:
            case Node() | Routing() | ForEach():
                declared = self.taken(element.function)
                return self.incoming(element) if declared is NO_TYPE else declared
            case Pairing():
                return self.sides(element)[port or "left"]
            case Window() | Distinct() | Aggregate():
                return element.record
            case Subflow():
                entry = element.export.entry
                return _inside(element).takes(entry.destination, entry.port)
            case _:
                return self.incoming(element)

    def sides(self, element: Pairing[object, object, object]) -> dict[Side, object]:
        """What an element with two sides takes on each. `None` for a record that did not come is not part of it."""
        left, right, *_ = (*parameters(element.function).values(), NO_TYPE, NO_TYPE)
        return {"left": left, "right": _without_none(right)}

    def returned(self, function: Callable[..., object]) -> object:
        """The type of what a function returns, of a stream that of its items."""
        annotation = hints(function).get("return", NO_TYPE)
        return next(iter(typing.get_args(annotation)), NO_TYPE) if gives_many(function) else annotation

    def _carry(self, connection: Connection) -> bool:
        """Take the types of a connection to its target; whether one of them is new there."""
        known = self._incoming.setdefault(id(connection.target), [])
        new = [type_ for type_ in self._carried(connection.source, connection.case) if type_ not in known]
        known += new
        return bool(new)

    def _carried(self, source: Element, case: str | None) -> list[object]:
        case = self._waited.get((id(source), case or ""), case)
        if isinstance(source, TriggerNode) and case == REJECTED:
            return [Raw]
        if isinstance(source, Node) and case is not None:  # what it failed on, as it got it
            return _present(self.taken(source.function))
        if isinstance(source, Subflow) and case is not None:  # the same
            return _present(self.takes(source))
        if isinstance(source, Pairing) and case == UNMATCHED:
            sides = self.sides(source)
            left = [] if isinstance(source, Join) and source.kind == "left" else [sides["left"]]
            return _distinct(type_ for type_ in (*left, sides["right"]) if type_ is not NO_TYPE)
        return self._outputs(source)

    def _outputs(self, element: Element) -> list[object]:
        match element:
            case TriggerNode():
                return _present(element.trigger.emits)
            case Node():
                return _present(self.returned(element.function))
            case ForEach():
                return _present(item_of(self.returned(element.function)))
            case Pairing():
                return _present(self.returned(element.function))
            case Window() | Distinct():
                return [element.record]
            case Aggregate():
                return [element.into]
            case Subflow():
                exit_ = element.export.exit
                return _present(_inside(element).output(exit_.origin, exit_.case))
            case Routing() | Merge():
                declared = _present(self.taken(element.function)) if isinstance(element, Routing) else []
                return declared or self._incoming.get(id(element), [])
            case _:
                return []


def _inside(element: Subflow[Any, Any]) -> PortTypes:
    """The types of the ports of the flow that a subflow stands for."""
    flow = element.export.flow
    return PortTypes(flow.connections, flow.checkpoints)


def both(types: Iterable[object]) -> object:
    """The union of types, those that are known."""
    return _union(_distinct(type_ for type_ in types if type_ is not NO_TYPE))


def gives_many(function: Callable[..., object]) -> bool:
    """Whether a function gives its records one after the other: it is an async generator, or says that it gives one."""
    annotation = hints(function).get("return", NO_TYPE)
    return isasyncgenfunction(function) or typing.get_origin(without_metadata(annotation)) is AsyncIterator


def item_of(annotation: object) -> object:
    """The type of the items of a sequence."""
    annotation = without_metadata(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is str:
        return str
    if not (isinstance(origin, type) and issubclass(origin, collections.abc.Iterable) and arguments):
        return NO_TYPE
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _union(_distinct(arguments))
    return arguments[0]


def _without_none(annotation: object) -> object:
    members = [member for member in _members(annotation) if member is not type(None)]
    return annotation if not members else _union(members)


def _members(annotation: object) -> Sequence[object]:
    annotation = without_metadata(annotation)
    is_union = typing.get_origin(annotation) in (typing.Union, UnionType)
    return typing.get_args(annotation) if is_union else [annotation]


def _distinct(types: Iterable[object]) -> list[object]:
    found: list[object] = []
    for type_ in types:
        if type_ not in found:
            found.append(type_)
    return found


def _present(annotation: object) -> list[object]:
    return [] if annotation is NO_TYPE else [annotation]


def _union(types: Sequence[object]) -> object:
    if not types:
        return NO_TYPE
    # `A | B` of classes, built when the flow is loaded, so no type checker can know its members.
    return reduce(or_, cast("Sequence[Any]", types))
