"""Lowering: the graph that an author wrote becomes Flow IR. Nothing is judged here; what is missing is null.

Elements of the graph are lowered in `ir._nodes`, their surfaces in `ir._surfaces`, types in `ir.schemas`; edges and the
flow itself here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._nodes import NodeLowering
from flowlattice.ir._ports import PortTypes
from flowlattice.ir._surfaces import element_surfaces
from flowlattice.ir.failures import NotLowerable
from flowlattice.ir.schemas import Schemas
from flowlattice.language.flow import Connection, Flow
from flowlattice.language.loading import Program
from flowlattice.language.ports import Element, Place


@dataclass(frozen=True)
class Vertex:
    """An element of the graph with its place in the IR."""

    element: Element
    id: UUID
    name: str


def vertices(flow: Flow) -> list[Vertex]:
    """Every element of a flow, triggers first, in the order it was written; a repeated name gets an id of its own."""
    elements: dict[int, Element] = {id(trigger): trigger for trigger in flow.triggers}
    for connection in flow.connections:
        for element in (connection.source, connection.target):
            elements.setdefault(id(element), element)
    for respond in flow.responds:
        elements.setdefault(id(respond), respond)
    seen: dict[str, int] = {}
    found = []
    for element in elements.values():
        seen[element.name] = seen.get(element.name, 0) + 1
        suffix = "" if seen[element.name] == 1 else f"#{seen[element.name]}"
        found.append(Vertex(element, ir.node_id(flow.name, flow.version, element.name + suffix), element.name))
    return found


def lower(program: Program) -> ir.FlowIR:
    """The IR of a loaded flow.

    Raises:
        NotLowerable: A part of it was given a value of the wrong kind, such as a bare number for a duration.
    """
    with _lowering(program.flow.place):
        return _Lowering(program).flow_ir()


@contextmanager
def _lowering(place: Place) -> Iterator[None]:
    """Say where a value was given that cannot be lowered; a type checker rejects it, but it is not run first."""
    try:
        yield
    except (TypeError, AttributeError, ValueError) as error:
        raise NotLowerable(place, error) from error


class _Lowering:
    def __init__(self, program: Program) -> None:
        self.flow = program.flow
        self.vertices = vertices(program.flow)
        self.ids = {id(vertex.element): vertex.id for vertex in self.vertices}
        self.ports = PortTypes(program.flow.connections)
        self.schemas = Schemas(program.sources, program.package)
        self.nodes = NodeLowering(program.flow, program.sources, self.schemas, self.ports)

    def flow_ir(self) -> ir.FlowIR:
        flow, source = self.flow, self.schemas.source
        nodes = tuple(self.node(vertex) for vertex in self.vertices)
        edges = tuple(self.edge(connection) for connection in flow.connections)
        goals = [(goal, source(goal.place)) for goal in flow.goals]
        places = dict(self.schemas.places)
        if flow.in_flight is not None:
            places["max_in_flight"] = source(flow.in_flight.place)
        return ir.FlowIR(
            id=ir.flow_id(flow.name, flow.version),
            name=flow.name,
            version=flow.version,
            profile=flow.profile.value,
            summary=flow.summary,
            nodes=nodes,
            edges=edges,
            surfaces=tuple(self.surfaces()),
            schemas=self.schemas.entries,
            places=places,
            slos=tuple(
                ir.Slo(
                    percentile=goal.percentile, latency_ms=in_ms(goal.latency) or 0, at_qps=goal.at_qps, source=place
                )
                for goal, place in goals
            ),
            egress=tuple(
                ir.EgressGrant(binding=egress.binding, hosts=egress.hosts, source=source(egress.place))
                for egress in flow.egresses
            ),
            policies={} if flow.in_flight is None else {"max_in_flight": flow.in_flight.requests},
            source=source(flow.place),
        )

    def node(self, vertex: Vertex) -> ir.Node:
        with _lowering(vertex.element.place):
            return self.nodes.lower(vertex.element, vertex.id)

    def edge(self, connection: Connection) -> ir.Edge:
        buffer = ir.Buffer() if connection.buffer is None else ir.Buffer(max_items=connection.buffer.max_items)
        return ir.Edge(
            source_id=self.ids[id(connection.source)],
            target_id=self.ids[id(connection.target)],
            case=connection.case,
            into=connection.side,
            buffer=buffer,
            timeout_ms=in_ms(connection.timeout),
            carries=self.schemas.name(self.ports.carried(connection)),
            source=self.schemas.source(connection.place),
        )

    def surfaces(self) -> Iterator[ir.Surface]:
        for vertex in self.vertices:
            yield from element_surfaces(vertex.element, vertex.id, self.schemas, self.ports)
        triggers = tuple(self.ids[id(trigger)] for trigger in self.flow.triggers)
        for limit in self.flow.limits:
            config: dict[str, JsonValue] = {"qps": limit.qps, "burst": limit.burst}
            source = self.schemas.source(limit.place)
            yield ir.Surface(kind="rate_limit", targets=triggers, config=config, source=source)
