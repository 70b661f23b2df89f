"""Lowering of single elements: triggers, functions, routing, merges and responds become IR nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import cast
from uuid import UUID

from pydantic import JsonValue

from flowlattice.capabilities import CapabilityType, Refined, capability_type
from flowlattice.context import Context
from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._dataflow import DataflowLowering, is_dataflow
from flowlattice.ir._functions import Derived, Description, FunctionLowering
from flowlattice.ir._ports import PortTypes
from flowlattice.ir._triggers import TriggerLowering
from flowlattice.ir.schemas import Schemas, wire_name
from flowlattice.language.annotations import NO_TYPE, metadata, parameters, without_metadata
from flowlattice.language.combinators import Merge, Routing, Switch
from flowlattice.language.flow import Flow, RespondNode
from flowlattice.language.nodes import IdempotencyKey, Node, NodeOptions
from flowlattice.language.ports import CallPlace, Element, Place
from flowlattice.language.provenance import derivations
from flowlattice.language.sources import SourceFiles
from flowlattice.language.triggers import TriggerNode
from flowlattice.lattice import Determinism, Effects

_OUTPUT_SET = "returns a set, whose order differs between processes; return a sorted list"


@dataclass(frozen=True)
class NodeLowering:
    """Lowers the elements of one flow."""

    flow: Flow
    sources: SourceFiles
    schemas: Schemas
    ports: PortTypes

    @property
    def functions(self) -> FunctionLowering:
        """What lowers the functions of elements."""
        return FunctionLowering(self.sources, self.schemas)

    def lower(self, element: Element, node_id: UUID) -> ir.Node:
        """One element as a node of the IR."""
        if isinstance(element, TriggerNode):
            return TriggerLowering(self.flow, self.functions).lower(element, node_id)
        if isinstance(element, RespondNode):
            bare = self.functions.bare(element, node_id, "respond", None, None)
            return bare.model_copy(update={"stream": element.stream or element.body == "events"})
        if isinstance(element, Merge):
            schema = self.schemas.name(self.ports.incoming(element))
            return self.functions.bare(element, node_id, "merge", schema, schema)
        if isinstance(element, Routing):
            return self._routing(element, node_id)
        if is_dataflow(element):
            return DataflowLowering(self.flow, self.functions, self.ports).lower(element, node_id)
        return self._function(cast("Node[object, object]", element), node_id)

    def _routing(self, element: Routing[object], node_id: UUID) -> ir.Node:
        kind: ir.NodeKind = "switch" if isinstance(element, Switch) else "if"
        schema = self.schemas.name(self.ports.output(element))
        bare = self.functions.bare(element, node_id, kind, schema, schema)
        described = self.functions.describe(element.function, element.place)
        # Where a record goes is decided by its content alone, so the place in the graph is the claim.
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STRICT)
        lowered = self.functions.described(bare, described)
        return self.functions.promises(lowered, element.function, claims, Derived(), element.place)

    def _function(self, element: Node[object, object], node_id: UUID) -> ir.Node:
        function, options = element.function, element.options
        given = parameters(function)
        described = self.functions.describe(function, element.place)
        derived = Derived()
        uses, unknown = self._capabilities(given, derived, described)
        into = self.schemas.name(next(iter(given.values()), NO_TYPE))
        out = self.schemas.name(self.ports.returned(function))
        if out is not None and _holds_set(self.schemas.entries[out]):
            derived.weaken(Effects.PURE, Determinism.NONDETERMINISTIC, _OUTPUT_SET, described.returns.source)
        key = options.idempotency
        lowered = self.functions.bare(element, node_id, "node", into, out).model_copy(
            update={
                "stream": isasyncgenfunction(function),
                "capabilities": tuple(uses),
                "unknown_capabilities": tuple(unknown),
                "derivations": derivations(function, self.sources),
                "idempotency": None if key is None else _idempotency(key, next(iter(given.values()), NO_TYPE)),
                "retry": None if options.retry_owner is None else ir.Retry(owner=options.retry_owner),
                "timeout_ms": in_ms(options.timeout),
                "is_async": iscoroutinefunction(function) or isasyncgenfunction(function),
                "takes_context": any(without_metadata(annotation) is Context for annotation in given.values()),
            }
        )
        if described.definition is not None and _made_by_decorator(function, element.place):
            lowered = lowered.model_copy(update={"source": described.definition})
        lowered = self.functions.described(lowered, described)
        return self.functions.promises(lowered, function, options, derived, element.place)

    def _capabilities(
        self, given: dict[str, object], derived: Derived, described: Description
    ) -> tuple[list[ir.CapabilityUse], list[str]]:
        uses, unknown = [], []
        for binding, annotation in list(given.items())[1:]:
            parameter = described.parameter(binding)
            declared = capability_type(without_metadata(annotation))
            refined = None if declared is None else declared.refine(metadata(annotation))
            if declared is not None and refined is not None and not refined.unfit:
                uses.append(self._use(binding, declared, refined))
                because = f"asks for {binding} ({declared.name})" + (f": {refined.because}" if refined.because else "")
                derived.vouched += [f"{binding}: {refined.vouched}"] if refined.vouched else []
                derived.weaken(refined.effects, refined.determinism, because, parameter.source, binding)
            elif without_metadata(annotation) is not Context:
                unknown.append(f"{binding}: {parameter.annotation or '(no annotation)'}")
        return uses, unknown

    def _use(self, binding: str, declared: CapabilityType, refined: Refined) -> ir.CapabilityUse:
        facts = dict(refined.facts)
        return ir.CapabilityUse(
            name=declared.name,
            binding=binding,
            egress=tuple(host for e in self.flow.egresses if e.binding == binding for host in e.hosts),
            scopes=tuple(map(str, cast("list[JsonValue]", facts.pop("scopes", [])))),
            retry_owner=declared.retry_owner,
            idempotent=declared.idempotent_sink,
            facts=facts,
        )


def _idempotency(key: IdempotencyKey, taken: object) -> ir.Idempotency:
    """The key by names on the wire, whichever names the author used."""
    return ir.Idempotency(fields=tuple(wire_name(taken, name) for name in key.fields), ttl_ms=in_ms(key.ttl))


def _made_by_decorator(function: Callable[..., object], place: Place) -> bool:
    """Whether a node entered the graph where its function is written: `@node` knows only the line of that."""
    code = getattr(function, "__code__", None)
    is_call = isinstance(place, CallPlace)
    return not is_call and code is not None and (code.co_filename, code.co_firstlineno) == (place.file, place.line)


def _holds_set(schema: JsonValue) -> bool:
    """Whether a value of that schema holds a set: pydantic gives sets, and only sets, unique items."""
    if isinstance(schema, dict):
        return schema.get("uniqueItems") is True or any(map(_holds_set, schema.values()))
    return isinstance(schema, list) and any(map(_holds_set, schema))
