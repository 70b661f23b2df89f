"""Lowering of single elements: triggers, functions, routing, merges and responds become IR nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import cast
from uuid import UUID

from pydantic import JsonValue

from flowlattice.capabilities import CapabilityType, Refined, capability_type
from flowlattice.context import Context
from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._connectors import ConnectorLowering
from flowlattice.ir._controls import retry_of
from flowlattice.ir._dataflow import DataflowLowering, is_dataflow
from flowlattice.ir._functions import Derived, Description, FunctionLowering
from flowlattice.ir._keys import cache, idempotency
from flowlattice.ir._models import ai_of, cost_of
from flowlattice.ir._ports import PortTypes, gives_many
from flowlattice.ir._subflows import SubflowLowering
from flowlattice.ir._triggers import TriggerLowering
from flowlattice.ir.schemas import Schemas
from flowlattice.language.annotations import NO_TYPE, metadata, parameters, without_metadata
from flowlattice.language.combinators import Merge, Routing, Switch
from flowlattice.language.connectors import Connector
from flowlattice.language.flow import Flow, RespondNode
from flowlattice.language.nodes import Node, NodeOptions
from flowlattice.language.ports import CallPlace, Element, Place
from flowlattice.language.provenance import derivations
from flowlattice.language.sources import SourceFiles
from flowlattice.language.subflows import Subflow
from flowlattice.language.triggers import TriggerNode
from flowlattice.language.variables import Vars
from flowlattice.lattice import Determinism, Effects

_OUTPUT_SET = "returns a set, whose order differs between processes; return a sorted list"


@dataclass(frozen=True)
class NodeLowering:
    """Lowers the elements of one flow."""

    flow: Flow
    sources: SourceFiles
    schemas: Schemas
    ports: PortTypes
    ids: Mapping[int, UUID]
    subflows: SubflowLowering
    connectors: ConnectorLowering

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
        if isinstance(element, Subflow):
            return self.subflows.lower(element, node_id)
        return self._function(cast("Node[object, object]", element), node_id)

    def _routing(self, element: Routing[object], node_id: UUID) -> ir.Node:
        kind: ir.NodeKind = "switch" if isinstance(element, Switch) else "if"
        schema = self.schemas.name(self.ports.output(element))
        bare = self.functions.bare(element, node_id, kind, schema, schema)
        described = self.functions.describe(element.function, element.place)
        bare = bare.model_copy(update={"variables": tuple(_variables(parameters(element.function).values()))})
        # Where a record goes is decided by its content alone, so the place in the graph is the claim.
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STRICT)
        lowered = self.functions.described(bare, described)
        return self.functions.promises(lowered, element.function, claims, Derived(), element.place)

    def _function(self, element: Node[object, object], node_id: UUID) -> ir.Node:
        function, options = element.function, element.options
        given = parameters(function)
        described = self.functions.describe(function, element.place)
        derived = Derived()
        uses, unknown = self._capabilities(given, derived, described, self.connectors.of(element))
        into = self.schemas.name(next(iter(given.values()), NO_TYPE))
        out = self.schemas.name(self.ports.returned(function))
        if out is not None and _holds_set(self.schemas.entries[out]):
            derived.weaken(Effects.PURE, Determinism.NONDETERMINISTIC, _OUTPUT_SET, described.returns.source)
        lowered = self.functions.bare(element, node_id, "node", into, out).model_copy(
            update={
                "stream": gives_many(function),
                "capabilities": tuple(uses),
                "unknown_capabilities": tuple(unknown),
                "derivations": derivations(function, self.sources),
                **self._options(element, next(iter(given.values()), NO_TYPE)),
                "variables": tuple(_variables(given.values())),
                "is_async": iscoroutinefunction(function) or isasyncgenfunction(function),
                "takes_context": any(without_metadata(annotation) is Context for annotation in given.values()),
            }
        )
        if described.definition is not None and _made_by_decorator(function, element.place):
            lowered = lowered.model_copy(update={"source": described.definition})
        if lowered.uses("plugin.python"):
            lowered = lowered.model_copy(update={"kind": "plugin"})
        lowered = lowered.model_copy(update={"ai": ai_of(lowered)})
        lowered = lowered.model_copy(update={"cost": cost_of(lowered)})
        lowered = self.functions.described(lowered, described)
        return self.functions.promises(lowered, function, options, derived, element.place)

    def _options(self, element: Node[object, object], taken: object) -> dict[str, object]:
        """What the node's options say, and what the flow says of it."""
        options = element.options
        key, kept, batch, undone = options.idempotency, options.cache, options.batch, options.compensate
        return {
            "idempotency": None if key is None else idempotency(key, taken, honoured=options.honours_key),
            "retry": retry_of(self.flow, element, options.retry_owner),
            "cache": None if kept is None else cache(kept, taken),
            "batch": None if batch is None else ir.Batch(size=batch.size, within_ms=in_ms(batch.within)),
            "concurrency": options.concurrency,
            "compensate": None if undone is None else self.ids[id(undone)],
            "timeout_ms": in_ms(options.timeout),
        }

    def _capabilities(
        self, given: dict[str, object], derived: Derived, described: Description, connector: Connector | None
    ) -> tuple[list[ir.CapabilityUse], list[str]]:
        uses, unknown = [], []
        for binding, annotation in list(given.items())[1:]:
            parameter = described.parameter(binding)
            declared = capability_type(without_metadata(annotation))
            refined = None if declared is None else declared.refine(metadata(annotation))
            if declared is not None and refined is not None and not refined.unfit:
                uses.append(self._use(binding, declared, refined, connector))
                because = f"asks for {binding} ({declared.name})" + (f": {refined.because}" if refined.because else "")
                derived.vouched += [f"{binding}: {refined.vouched}"] if refined.vouched else []
                derived.weaken(refined.effects, refined.determinism, because, parameter.source, binding)
            elif without_metadata(annotation) is not Context and not _is_vars(annotation):
                unknown.append(f"{binding}: {parameter.annotation or '(no annotation)'}")
        return uses, unknown

    def _use(
        self, binding: str, declared: CapabilityType, refined: Refined, connector: Connector | None
    ) -> ir.CapabilityUse:
        facts = dict(refined.facts)
        hosts = [host for e in self.flow.egresses if e.binding == binding for host in e.hosts]
        hosts += [] if connector is None else connector.egress.get(binding, ())
        return ir.CapabilityUse(
            name=declared.name,
            binding=binding,
            egress=tuple(dict.fromkeys(hosts)),
            scopes=tuple(map(str, cast("list[JsonValue]", facts.pop("scopes", [])))),
            retry_owner=declared.retry_owner,
            idempotent=declared.idempotent_sink,
            facts=facts,
        )


def _is_vars(annotation: object) -> bool:
    record = without_metadata(annotation)
    return isinstance(record, type) and issubclass(record, Vars)


def _variables(annotations: Iterable[object]) -> Iterator[str]:
    """The variables that parameters ask for."""
    for annotation in annotations:
        if _is_vars(annotation):
            yield from cast("type[Vars]", without_metadata(annotation)).model_fields


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
