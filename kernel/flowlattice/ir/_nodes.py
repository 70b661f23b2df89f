"""Lowering of single elements: triggers, functions, routing, merges and responds become IR nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction
from types import FunctionType
from typing import cast
from uuid import UUID

from pydantic import JsonValue

from flowlattice.capabilities import CapabilityType, Refined, capability_type
from flowlattice.context import Context
from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._controls import retry_of
from flowlattice.ir._keys import cache, idempotency
from flowlattice.ir._models import ai_of, cost_of
from flowlattice.ir._ports import PortTypes
from flowlattice.ir.schemas import Schemas
from flowlattice.language.annotations import NO_TYPE, metadata, parameters, spelled, without_metadata
from flowlattice.language.combinators import Merge, Routing, Switch
from flowlattice.language.flow import Flow, RespondNode, TriggerNode
from flowlattice.language.nodes import Node, NodeOptions
from flowlattice.language.ports import CallPlace, Element, Place
from flowlattice.language.provenance import derivations
from flowlattice.language.reading import Misuse, Url, read
from flowlattice.language.sources import FunctionSyntax, SourceFiles, arguments_of
from flowlattice.language.variables import Vars
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

_OUTPUT_SET = "returns a set, whose order differs between processes; return a sorted list"


@dataclass
class _Derived:
    """What is derived of a node, and why."""

    effects: Effects = Effects.PURE
    determinism: Determinism = Determinism.STRICT
    reasons: list[ir.Reason] = field(default_factory=list)
    vouched: list[str] = field(default_factory=list)

    def weaken(
        self, effects: Effects, determinism: Determinism, because: str, source: ir.Source, capability: str | None = None
    ) -> None:
        self.effects, self.determinism = self.effects.join(effects), self.determinism.join(determinism)
        for of, level, strongest in (
            ("effects", effects, Effects.PURE),
            ("determinism", determinism, Determinism.STRICT),
        ):
            if level is not strongest:
                reason = {
                    "of": of,
                    "level": level.value,
                    "because": because,
                    "capability": capability,
                    "source": source,
                }
                self.reasons.append(ir.Reason.model_validate(reason))


@dataclass(frozen=True)
class NodeLowering:
    """Lowers the elements of one flow."""

    flow: Flow
    sources: SourceFiles
    schemas: Schemas
    ports: PortTypes
    ids: Mapping[int, UUID]

    def lower(self, element: Element, node_id: UUID) -> ir.Node:
        """One element as a node of the IR."""
        if isinstance(element, TriggerNode):
            return self._trigger(element, node_id)
        if isinstance(element, RespondNode):
            bare = self._bare(element, node_id, "respond", None, None)
            return bare.model_copy(update={"stream": element.body == "events"})
        if isinstance(element, Merge):
            schema = self.schemas.name(self.ports.incoming(element))
            return self._bare(element, node_id, "merge", schema, schema)
        if isinstance(element, Routing):
            return self._routing(element, node_id)
        return self._function(cast("Node[object, object]", element), node_id)

    def _bare(self, element: Element, node_id: UUID, kind: ir.NodeKind, into: str | None, out: str | None) -> ir.Node:
        source = self.schemas.source(element.place)
        return ir.Node(id=node_id, name=element.name, kind=kind, in_schema=into, out_schema=out, source=source)

    def _trigger(self, element: TriggerNode[Record], node_id: UUID) -> ir.Node:
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
        bare = self._bare(element, node_id, "trigger", None, self.schemas.name(given.accepts))
        return bare.model_copy(update={"trigger": trigger})

    def _routing(self, element: Routing[object], node_id: UUID) -> ir.Node:
        kind: ir.NodeKind = "switch" if isinstance(element, Switch) else "if"
        schema = self.schemas.name(self.ports.output(element))
        bare = self._bare(element, node_id, kind, schema, schema)
        described = self._describe(element.function, element.place)
        bare = bare.model_copy(update={"variables": tuple(_variables(parameters(element.function).values()))})
        # Where a record goes is decided by its content alone, so the place in the graph is the claim.
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STRICT)
        return self._promises(self._described(bare, described), element.function, claims, _Derived(), element.place)

    def _function(self, element: Node[object, object], node_id: UUID) -> ir.Node:
        function, options = element.function, element.options
        given = parameters(function)
        described = self._describe(function, element.place)
        derived = _Derived()
        uses, unknown = self._capabilities(given, derived, described)
        into = self.schemas.name(next(iter(given.values()), NO_TYPE))
        out = self.schemas.name(self.ports.returned(function))
        if out is not None and _holds_set(self.schemas.entries[out]):
            derived.weaken(Effects.PURE, Determinism.NONDETERMINISTIC, _OUTPUT_SET, described.returns.source)
        lowered = self._bare(element, node_id, "node", into, out).model_copy(
            update={
                "stream": isasyncgenfunction(function),
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
        return self._promises(self._described(lowered, described), function, options, derived, element.place)

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

    def _promises(
        self, node: ir.Node, function: Callable[..., object], options: NodeOptions, derived: _Derived, place: Place
    ) -> ir.Node:
        """What the node promises: what is derived, or the weaker claim."""
        reading = read(function, self.sources, place=place, vouched=options.vouch)
        for cause in reading.causes:
            derived.weaken(cause.effects, cause.determinism, cause.because, self.schemas.source(cause.place))
        effects, determinism = options.effects, options.determinism
        return node.model_copy(
            update={
                "effects": derived.effects.join(effects or Effects.PURE).value,
                "determinism": derived.determinism.join(determinism or Determinism.STRICT).value,
                "declared": ir.Declared(
                    effects=None if effects is None else effects.value,
                    determinism=None if determinism is None else determinism.value,
                ),
                "reasons": tuple(derived.reasons),
                "misused": tuple(self._misuse(misuse) for misuse in reading.misuses),
                "urls": tuple(self._url(url) for url in reading.urls),
                "vouched": (*derived.vouched, *reading.vouched),
            }
        )

    def _misuse(self, misuse: Misuse) -> ir.Misuse:
        source = self.schemas.source(misuse.place)
        return ir.Misuse(binding=misuse.binding, capability=misuse.capability, method=misuse.method, source=source)

    def _url(self, url: Url) -> ir.UrlUse:
        return ir.UrlUse(host=url.host, credential=url.credential, source=self.schemas.source(url.place))

    def _capabilities(
        self, given: dict[str, object], derived: _Derived, described: _Description
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
            elif without_metadata(annotation) is not Context and not _is_vars(annotation):
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

    def _described(self, node: ir.Node, described: _Description) -> ir.Node:
        return node.model_copy(
            update={
                "parameters": described.parameters,
                "returns": described.returns,
                "definition": described.definition,
                "function": described.name,
                "summary": described.summary,
            }
        )

    def _describe(self, function: Callable[..., object], place: Place) -> _Description:
        """The signature as it is written, or as far as it is known where it was not written in the flow."""
        name = str(getattr(function, "__name__", type(function).__name__))
        syntax = self.sources.function(function)
        if syntax is None:
            source = self.schemas.source(place)
            found = tuple(
                ir.Parameter(name=key, annotation=None if value is NO_TYPE else spelled(value), source=source)
                for key, value in parameters(function).items()
            )
            return _Description(name, found, ir.Parameter(name="return", source=source), None, "")
        filename = cast("FunctionType", function).__code__.co_filename
        if isinstance(syntax, ast.Lambda):
            own = self.sources.place(filename, syntax)
        else:
            own = self.sources.name_place(filename, syntax)
        definition = self.schemas.source(own)
        return _Description(
            name=name,
            parameters=tuple(
                ir.Parameter(
                    name=argument.arg,
                    annotation=None if argument.annotation is None else ast.unparse(argument.annotation),
                    source=self.schemas.source(self.sources.place(filename, argument)),
                )
                for argument in arguments_of(syntax)
            ),
            returns=self._returns(filename, syntax, definition),
            definition=definition,
            summary=(function.__doc__ or "").strip().partition("\n")[0],
        )

    def _returns(self, filename: str, syntax: FunctionSyntax, definition: ir.Source) -> ir.Parameter:
        written = getattr(syntax, "returns", None)
        if written is None:
            return ir.Parameter(name="return", source=definition)
        source = self.schemas.source(self.sources.place(filename, written))
        return ir.Parameter(name="return", annotation=ast.unparse(written), source=source)


@dataclass(frozen=True)
class _Description:
    """The signature of a function as it is written."""

    name: str
    parameters: tuple[ir.Parameter, ...]
    returns: ir.Parameter
    definition: ir.Source | None
    summary: str

    def parameter(self, name: str) -> ir.Parameter:
        return next((parameter for parameter in self.parameters if parameter.name == name), self.returns)


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
