"""Lowering of functions: how they are written, and what is derived of them by reading their bodies."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import cast
from uuid import UUID

from flowlattice.ir import model as ir
from flowlattice.ir.schemas import Schemas
from flowlattice.language.annotations import NO_TYPE, parameters, spelled, without_metadata
from flowlattice.language.bodies import body_digest
from flowlattice.language.nodes import NodeOptions
from flowlattice.language.ports import Element, Place
from flowlattice.language.reading import Misuse, Repeated, Url, Used, read
from flowlattice.language.sources import FunctionSyntax, SourceFiles, arguments_of
from flowlattice.lattice import Determinism, Effects


@dataclass
class Derived:
    """What is derived of a node, and why."""

    effects: Effects = Effects.PURE
    determinism: Determinism = Determinism.STRICT
    reasons: list[ir.Reason] = field(default_factory=list)
    vouched: list[str] = field(default_factory=list)

    def weaken(
        self, effects: Effects, determinism: Determinism, because: str, source: ir.Source, capability: str | None = None
    ) -> None:
        """Take a cause of less than what is derived so far."""
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
class Description:
    """The signature of a function as it is written."""

    name: str
    parameters: tuple[ir.Parameter, ...]
    returns: ir.Parameter
    definition: ir.Source | None
    summary: str

    def parameter(self, name: str) -> ir.Parameter:
        """The parameter of that name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), self.returns)


@dataclass(frozen=True)
class FunctionLowering:
    """Lowers the functions of one flow's elements."""

    sources: SourceFiles
    schemas: Schemas

    def bare(self, element: Element, node_id: UUID, kind: ir.NodeKind, into: str | None, out: str | None) -> ir.Node:
        """An element with its ports, and nothing said of its code."""
        source = self.schemas.source(element.place)
        return ir.Node(id=node_id, name=element.name, kind=kind, in_schema=into, out_schema=out, source=source)

    def promises(
        self, node: ir.Node, function: Callable[..., object], options: NodeOptions, derived: Derived, place: Place
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
                "capabilities": _with_methods(node.capabilities, parameters(function), reading.used),
                "misused": tuple(self._misuse(misuse) for misuse in reading.misuses),
                "repeated": tuple(self._repeated(each) for each in reading.repeated),
                "urls": tuple(self._url(url) for url in reading.urls),
                "vouched": (*derived.vouched, *reading.vouched),
                "unneeded_vouchers": tuple(reading.unneeded),
                "body": body_digest(self.sources, function),
            }
        )

    def _misuse(self, misuse: Misuse) -> ir.Misuse:
        source = self.schemas.source(misuse.place)
        return ir.Misuse(binding=misuse.binding, capability=misuse.capability, method=misuse.method, source=source)

    def _repeated(self, each: Repeated) -> ir.Repeated:
        return ir.Repeated(binding=each.binding, method=each.method, source=self.schemas.source(each.place))

    def _url(self, url: Url) -> ir.UrlUse:
        return ir.UrlUse(host=url.host, credential=url.credential, source=self.schemas.source(url.place))

    def described(self, node: ir.Node, described: Description) -> ir.Node:
        """A node with the signature of its function."""
        return node.model_copy(
            update={
                "parameters": described.parameters,
                "returns": described.returns,
                "definition": described.definition,
                "function": described.name,
                "summary": described.summary,
            }
        )

    def describe(self, function: Callable[..., object], place: Place) -> Description:
        """The signature as it is written, or as far as it is known where it was not written in the flow."""
        name = str(getattr(function, "__name__", type(function).__name__))
        syntax = self.sources.function(function)
        if syntax is None:
            source = self.schemas.source(place)
            found = tuple(
                ir.Parameter(name=key, annotation=None if value is NO_TYPE else spelled(value), source=source)
                for key, value in parameters(function).items()
            )
            return Description(name, found, ir.Parameter(name="return", source=source), None, "")
        filename = cast("FunctionType", function).__code__.co_filename
        if isinstance(syntax, ast.Lambda):
            own = self.sources.place(filename, syntax)
        else:
            own = self.sources.name_place(filename, syntax)
        definition = self.schemas.source(own)
        return Description(
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


def _with_methods(
    uses: tuple[ir.CapabilityUse, ...], annotations: Mapping[str, object], named: Collection[Used]
) -> tuple[ir.CapabilityUse, ...]:
    """Capabilities with the methods that are named: on them, or on what may be one of them under another name."""
    bindings = {use.binding for use in uses}

    def methods(use: ir.CapabilityUse) -> tuple[str, ...]:
        kinds = getattr(without_metadata(annotations.get(use.binding)), "__mro__", ())
        found = {
            each.method
            for each in named
            if each.binding == use.binding or (each.binding not in bindings and each.protocol in kinds)
        }
        return tuple(sorted(found))

    return tuple(use.model_copy(update={"methods": methods(use)}) for use in uses)
