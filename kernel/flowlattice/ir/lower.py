"""Lowering: the graph that an author wrote becomes Flow IR. Nothing is judged here; what is missing is null."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction, signature
from typing import cast
from uuid import UUID

from pydantic import JsonValue, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError

from flowlattice.capabilities import capability_type
from flowlattice.context import Context
from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.language.combinators import Filter, If, Merge, Routing, Switch
from flowlattice.language.flow import Connection, Flow, RespondNode, TriggerNode
from flowlattice.language.loading import Program
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element, Place
from flowlattice.language.reading import Cause, Reading, read
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

_NO_TYPE = object()


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
    """The IR of a loaded flow."""
    return _Lowering(program).flow_ir()


class _Lowering:
    def __init__(self, program: Program) -> None:
        self.flow = program.flow
        self.sources = program.sources
        self.vertices = vertices(program.flow)
        self.ids = {id(vertex.element): vertex.id for vertex in self.vertices}
        self.schemas: dict[str, JsonValue] = {}

    def flow_ir(self) -> ir.FlowIR:
        flow = self.flow
        nodes = tuple(self.node(vertex) for vertex in self.vertices)
        return ir.FlowIR(
            id=ir.flow_id(flow.name, flow.version),
            name=flow.name,
            version=flow.version,
            profile=flow.profile.value,
            summary=flow.summary,
            nodes=nodes,
            edges=tuple(self.edge(connection) for connection in flow.connections),
            surfaces=tuple(self.surfaces()),
            schemas=self.schemas,
            slos=tuple(
                ir.Slo(percentile=goal.percentile, latency_ms=in_ms(goal.latency) or 0, at_qps=goal.at_qps)
                for goal in flow.goals
            ),
            policies={} if flow.in_flight is None else {"max_in_flight": flow.in_flight},
            source=self.source(flow.place),
        )

    # Nodes, by the kind of element.

    def node(self, vertex: Vertex) -> ir.Node:
        element = vertex.element
        if isinstance(element, TriggerNode):
            return self.trigger(vertex, element)
        if isinstance(element, RespondNode):
            return self.bare(vertex, "respond", None, None)
        if isinstance(element, Merge):
            schema = next((s for c in self.flow.connections if c.target is element if (s := self.output(c))), None)
            return self.bare(vertex, "merge", schema, schema)
        if isinstance(element, Routing):
            return self.routing(vertex, element)
        return self.function_node(vertex, cast(Node[object, object], element))

    def bare(self, vertex: Vertex, kind: ir.NodeKind, into: str | None, out: str | None) -> ir.Node:
        return ir.Node(
            id=vertex.id,
            name=vertex.name,
            kind=kind,
            in_schema=into,
            out_schema=out,
            source=self.source(vertex.element.place),
        )

    def trigger(self, vertex: Vertex, element: TriggerNode[Record]) -> ir.Node:
        given = element.trigger
        trigger = ir.Trigger(
            kind="http",
            method=given.method,
            path=given.path,
            respond=given.respond,
            deadline_ms=in_ms(given.deadline),
            body=given.body,
            max_body_bytes=given.max_body_bytes,
            invalid=tuple(
                ir.InvalidReply(
                    fields=reply.fields, problem=reply.problem, status=reply.status, body=reply.body, text=reply.text
                )
                for reply in given.invalid
            ),
        )
        return self.bare(vertex, "trigger", None, self.schema(given.accepts)).model_copy(update={"trigger": trigger})

    def routing(self, vertex: Vertex, element: Routing[object]) -> ir.Node:
        kind: ir.NodeKind = "switch" if isinstance(element, Switch) else "if"
        reading = read(element.function, self.sources)
        schema = self.schema(next(iter(self.parameters(element.function).values()), _NO_TYPE))
        if schema is None:  # a lambda has no annotations: it takes what reaches it
            schema = next((s for c in self.flow.connections if c.target is element if (s := self.output(c))), None)
        return self.bare(vertex, kind, schema, schema).model_copy(
            update={**self.derived(reading, Effects.PURE, Determinism.STRICT), "function": _name(element.function)}
        )

    def function_node(self, vertex: Vertex, element: Node[object, object]) -> ir.Node:
        function, options = element.function, element.options
        parameters = self.parameters(function)
        names = list(parameters)
        uses, unknown, joins = self.capabilities({name: parameters[name] for name in names[1:]})
        reading = read(function, self.sources)
        claimed = ir.Declared(
            effects=None if options.effects is None else options.effects.value,
            determinism=None if options.determinism is None else options.determinism.value,
        )
        derived = self.derived(
            reading,
            joins[0].join(options.effects or Effects.PURE),
            joins[1].join(options.determinism or Determinism.STRICT),
        )
        key = options.idempotency
        return ir.Node(
            id=vertex.id,
            name=vertex.name,
            kind="node",
            in_schema=self.schema(parameters[names[0]]) if names else None,
            out_schema=self.schema(self.returned(function)),
            stream=isasyncgenfunction(function),
            declared=claimed,
            capabilities=tuple(uses),
            unknown_capabilities=tuple(unknown),
            misused=tuple(
                ir.Misuse(binding=m.binding, capability=m.capability, method=m.method, source=self.source(m.place))
                for m in reading.misuses
            ),
            urls=tuple(ir.UrlUse(host=host, source=self.source(place)) for host, place in reading.urls),
            idempotency=None if key is None else ir.Idempotency(fields=key.fields, ttl_ms=in_ms(key.ttl)),
            retry=None if options.retry_owner is None else ir.Retry(owner=options.retry_owner),
            timeout_ms=in_ms(options.timeout),
            is_async=iscoroutinefunction(function) or isasyncgenfunction(function),
            takes_context=Context in parameters.values(),
            function=_name(function),
            summary=(function.__doc__ or "").strip().partition("\n")[0],
            source=self.source(vertex.element.place),
            **derived,
        )

    def derived(self, reading: Reading, effects: Effects, determinism: Determinism) -> dict[str, typing.Any]:
        return {
            "effects": effects.join(reading.effects).value,
            "determinism": determinism.join(reading.determinism).value,
            "reasons": tuple(reason for cause in reading.causes for reason in self.reasons(cause)),
        }

    def reasons(self, cause: Cause) -> Iterator[ir.Reason]:
        source = self.source(cause.place)
        if cause.effects is not Effects.PURE:
            yield ir.Reason(of="effects", level=cause.effects.value, because=cause.because, source=source)
        if cause.determinism is not Determinism.STRICT:
            yield ir.Reason(of="determinism", level=cause.determinism.value, because=cause.because, source=source)

    def capabilities(
        self, annotations: dict[str, object]
    ) -> tuple[list[ir.CapabilityUse], list[str], tuple[Effects, Determinism]]:
        uses, unknown = [], []
        effects, determinism = Effects.PURE, Determinism.STRICT
        for binding, annotation in annotations.items():
            declared = capability_type(annotation)
            if declared is not None:
                egress = tuple(host for e in self.flow.egresses if e.binding == binding for host in e.hosts)
                uses.append(ir.CapabilityUse(name=declared.name, binding=binding, egress=egress))
                effects, determinism = effects.join(declared.effects), determinism.join(declared.determinism)
            elif annotation is not Context:
                unknown.append(f"{binding}: {_spelled(annotation)}")
        return uses, unknown, (effects, determinism)

    # Types.

    def parameters(self, function: Callable[..., object]) -> dict[str, object]:
        hints = _hints(function)
        return {name: hints.get(name, _NO_TYPE) for name in signature(function).parameters}

    def returned(self, function: Callable[..., object]) -> object:
        annotation = _hints(function).get("return", _NO_TYPE)
        if typing.get_origin(annotation) is AsyncIterator or isasyncgenfunction(function):
            return next(iter(typing.get_args(annotation)), _NO_TYPE)
        return annotation

    def schema(self, annotation: object) -> str | None:
        """The name of a type's entry in `schemas`, added if need be; none for no type or one that has no schema."""
        if annotation is _NO_TYPE:
            return None
        name = _spelled(annotation)
        if name not in self.schemas:
            try:
                adapter: TypeAdapter[object] = TypeAdapter(cast(typing.Any, annotation))
                self.schemas[name] = adapter.json_schema(mode="validation")
            except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema, PydanticUserError):
                return None
        return name

    def output(self, connection: Connection) -> str | None:
        """The schema of what a connection carries."""
        source = connection.source
        if isinstance(source, TriggerNode):
            return self.schema(source.trigger.accepts)
        if isinstance(source, Node):
            return self.schema(self.returned(source.function))
        return next(
            (s for c in self.flow.connections if c.target is source and c is not connection if (s := self.output(c))),
            None,
        )

    # Edges and surfaces.

    def edge(self, connection: Connection) -> ir.Edge:
        buffer = ir.Buffer() if connection.buffer is None else ir.Buffer(max_items=connection.buffer.max_items)
        return ir.Edge(
            source_id=self.ids[id(connection.source)],
            target_id=self.ids[id(connection.target)],
            case=connection.case,
            buffer=buffer,
            timeout_ms=in_ms(connection.timeout),
            source=self.source(connection.place),
        )

    def surfaces(self) -> Iterator[ir.Surface]:
        for vertex in self.vertices:
            element, source = vertex.element, self.source(vertex.element.place)
            if isinstance(element, Switch):
                config: dict[str, JsonValue] = {"cases": list(element.cases)}
                yield ir.Surface(kind="switch", targets=(vertex.id,), config=config, source=source)
            elif isinstance(element, If):
                config = {"filter": True} if isinstance(element, Filter) else {}
                yield ir.Surface(kind="if", targets=(vertex.id,), config=config, source=source)
            elif isinstance(element, Merge):
                yield ir.Surface(kind="merge", targets=(vertex.id,), source=source)
            elif isinstance(element, RespondNode):
                config = {"status": element.status, "body": element.body}
                yield ir.Surface(kind="respond", targets=(vertex.id,), config=config, source=source)
            elif isinstance(element, Node) and element.options.timeout is not None:
                config = {"timeout_ms": in_ms(element.options.timeout)}
                yield ir.Surface(kind="timeout", targets=(vertex.id,), config=config, source=source)
        triggers = tuple(self.ids[id(trigger)] for trigger in self.flow.triggers)
        for limit in self.flow.limits:
            config = {"qps": limit.qps, "burst": limit.burst}
            yield ir.Surface(kind="rate_limit", targets=triggers, config=config, source=self.source(limit.place))

    def source(self, place: Place) -> ir.Source:
        return ir.Source(
            file=self.sources.relative(place.file),
            line=place.line,
            column=place.column,
            end_line=place.end_line,
            end_column=place.end_column,
        )


def _hints(function: Callable[..., object]) -> dict[str, object]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError:  # an annotation that names nothing is a missing type
        return {name: hint for name, hint in function.__annotations__.items() if not isinstance(hint, str)}


def _spelled(annotation: object) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace(f"{getattr(annotation, '__module__', '')}.", "")


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", type(function).__name__)
