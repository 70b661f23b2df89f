"""Lowering: the graph that an author wrote becomes Flow IR. Nothing is judged here; what is missing is null.

Elements of the graph are lowered in `ir._nodes`, their surfaces in `ir._surfaces`, types in `ir.schemas`; edges and the
flow itself here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import JsonValue

from flowlattice.errors import UsageError
from flowlattice.ir import model as ir
from flowlattice.ir._checkpoints import CheckpointLowering
from flowlattice.ir._connectors import ConnectorLowering
from flowlattice.ir._controls import ControlLowering, retry_of
from flowlattice.ir._edges import EdgeLowering
from flowlattice.ir._nodes import NodeLowering
from flowlattice.ir._ports import PortTypes
from flowlattice.ir._subflows import SubflowLowering
from flowlattice.ir._surfaces import element_surfaces
from flowlattice.ir.ceilings import flow_facts
from flowlattice.ir.failures import lowering
from flowlattice.ir.numbers import config, whole
from flowlattice.ir.schemas import Schemas
from flowlattice.language.edges import Connection
from flowlattice.language.flow import Flow
from flowlattice.language.loading import Program
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element
from flowlattice.language.subflows import Export


def _policies(flow: Flow) -> dict[str, JsonValue]:
    found = {} if flow.in_flight is None else config({"max_in_flight": flow.in_flight.requests})
    return found if flow.spending is None else {**found, **flow_facts(flow.spending.ceilings)}


@dataclass(frozen=True)
class Vertex:
    """An element of the graph with its place in the IR."""

    element: Element
    id: UUID
    name: str


def vertices(flow: Flow) -> list[Vertex]:
    """Every element of a flow, triggers first, in the order it was written; a repeated name gets an id of its own."""
    elements: dict[int, Element] = {id(trigger): trigger for trigger in flow.triggers}
    elements |= {id(element): element for element in _written(flow) if id(element) not in elements}
    seen: dict[str, int] = {}
    found = []
    for element in elements.values():
        seen[element.name] = seen.get(element.name, 0) + 1
        suffix = "" if seen[element.name] == 1 else f"#{seen[element.name]}"
        found.append(Vertex(element, ir.node_id(flow.name, flow.version, element.name + suffix), element.name))
    return found


def _written(flow: Flow) -> Iterator[Element]:
    """What a flow connects, adds or governs, in that order, and what undoes it; elements come up repeatedly."""
    connected = [end for connection in flow.connections for end in (connection.source, connection.target)]
    governed = [
        *(partition.target for partition in flow.partitions),
        *(limit.target for limit in flow.limits if limit.target is not None),
        *(handler.node for handler in flow.handlers),
        *(checkpoint.origin for checkpoint in flow.checkpoints),
        *(end for export in flow.exports for end in (export.entry.destination, export.exit.origin)),
    ]
    found = [*connected, *flow.responds, *governed]
    for element in found:  # grows while it is read
        yield element
        undone = element.options.compensate if isinstance(element, Node) else None
        if undone is not None and undone not in found:
            found.append(undone)


def lower(program: Program) -> ir.FlowIR:
    """The IR of a loaded flow.

    Raises:
        NotLowerable: A part of it was given a value of the wrong kind, such as a bare number for a duration.
    """
    with lowering(program.flow.place):
        return _Lowering(program).flow_ir()


class _Lowering:
    """Lowers one flow; `around` are the flows that it is used in."""

    def __init__(self, program: Program, around: tuple[Flow, ...] = ()) -> None:
        self.program = program
        self.flow = program.flow
        self.around = (*around, program.flow)
        self.inner_flows: dict[str, Flow] = {}
        self.subflows: dict[str, ir.FlowIR] = {}
        self.plugins: set[str] = set()
        self.vertices = vertices(program.flow)
        self.ids = {id(vertex.element): vertex.id for vertex in self.vertices}
        self.ports = PortTypes(program.flow.connections, program.flow.checkpoints)
        self.schemas = Schemas(program.sources, program.package)
        self.connectors = ConnectorLowering(program, self.schemas, [vertex.element for vertex in self.vertices])
        self.nodes = NodeLowering(
            flow=program.flow,
            sources=program.sources,
            schemas=self.schemas,
            ports=self.ports,
            ids=self.ids,
            subflows=SubflowLowering(self.ids, self.schemas, self.ports, self.inner),
            connectors=self.connectors,
        )
        self.edges = EdgeLowering(program.flow, self.ids, self.schemas, self.ports)
        self.controls = ControlLowering(program.flow, self.ids, self.schemas, self.ports)
        self.checkpoints = CheckpointLowering(self.ids, program.sources, self.schemas, self.ports)

    def flow_ir(self) -> ir.FlowIR:
        flow, source = self.flow, self.schemas.source
        nodes = tuple(self.node(vertex) for vertex in self.vertices)
        for statement in flow.edge_statements:
            with lowering(statement.place):
                self.edges.said(statement)
        edges = tuple(self.edge(connection) for connection in flow.connections)
        surfaces = tuple(self.surfaces())
        checkpoints = tuple(self.checkpoints.checkpoint(point) for point in flow.checkpoints)
        variables = tuple(self.controls.variables())
        exports = tuple(self.export(export, nodes, edges, checkpoints) for export in flow.exports)
        places = dict(self.schemas.places)
        if flow.in_flight is not None:
            places["max_in_flight"] = source(flow.in_flight.place)
        if flow.spending is not None:
            places.update(dict.fromkeys(flow_facts(flow.spending.ceilings), source(flow.spending.place)))
        if flow.residency_place is not None:
            places["residency"] = source(flow.residency_place)
        return ir.FlowIR(
            id=ir.flow_id(flow.name, flow.version),
            name=flow.name,
            version=flow.version,
            profile=flow.profile.value,
            summary=flow.summary,
            nodes=nodes,
            edges=edges,
            surfaces=surfaces,
            checkpoints=checkpoints,
            schemas=self.schemas.entries,
            places=places,
            slos=tuple(self.controls.slos()),
            egress=(
                *(ir.EgressGrant(binding=e.binding, hosts=e.hosts, source=source(e.place)) for e in flow.egresses),
                *self.connectors.grants(),
            ),
            policies=_policies(flow),
            residency=tuple(flow.regions),
            variables=variables,
            credentials=tuple(self.controls.credentials()),
            exports=exports,
            connectors=tuple(self.connector_uses()),
            subflows=self.subflows,
            misplaced=tuple(self.edges.misplaced()),
            artifacts=tuple(self.artifacts()),
            source=source(flow.place),
        )

    def node(self, vertex: Vertex) -> ir.Node:
        with lowering(vertex.element.place):
            lowered = self.nodes.lower(vertex.element, vertex.id)
            self.plugins.update(self.connectors.plugins(lowered))
            retry = lowered.retry or retry_of(self.flow, vertex.element, None)
            sides = (*lowered.side_outputs, *self.controls.side_outputs(vertex.element))
            return whole(lowered.model_copy(update={"side_outputs": sides, "retry": retry}))

    def inner(self, flow: Flow) -> ir.FlowIR:
        """The IR of a flow that this one uses; it is lowered once."""
        if any(flow is one for one in self.around):
            raise UsageError(f"{flow.name} would be a part of itself")
        name = f"{flow.name}@{flow.version}"
        if self.inner_flows.setdefault(name, flow) is not flow:
            raise UsageError(f"two flows are called {name}; rename one, or give it another version")
        if name not in self.subflows:
            with lowering(flow.place):
                self.subflows[name] = _Lowering(replace(self.program, flow=flow), self.around).flow_ir()
        return self.subflows[name]

    def export(
        self,
        export: Export[object, object],
        nodes: Sequence[ir.Node],
        edges: Sequence[ir.Edge],
        checkpoints: Sequence[ir.Checkpoint],
    ) -> ir.Export:
        with lowering(export.place):
            return self.nodes.subflows.export(export, nodes, edges, checkpoints)

    def connector_uses(self) -> list[ir.ConnectorUse]:
        """The connectors of the flow and of those that it uses, each once."""
        inner = [use for flow in self.subflows.values() for use in flow.connectors]
        return list({use.name: use for use in (*inner, *self.connectors.uses())}.values())

    def artifacts(self) -> list[str]:
        """The files that belong to the flow and to those that it uses."""
        inner = (artifact for flow in self.subflows.values() for artifact in flow.artifacts)
        return sorted({*self.plugins, *self.connectors.fixtures(), *inner})

    def edge(self, connection: Connection) -> ir.Edge:
        with lowering(connection.place):
            return whole(self.edges.edge(connection))

    def surfaces(self) -> Iterator[ir.Surface]:
        for vertex in self.vertices:
            with lowering(vertex.element.place):
                yield from element_surfaces(vertex.element, vertex.id, self.schemas, self.ports)
        yield from self.edges.spills()
        yield from self.controls.surfaces()
