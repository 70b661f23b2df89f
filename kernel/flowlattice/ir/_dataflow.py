"""Lowering of what splits, pairs and groups records: foreach, join, zip, distinct, window and aggregate.

Determinism: a foreach is what its function is. All others keep records until others come. They reach nothing outside,
so they are pure; and they are stable, not strict: the same records in the same order give the same result, but in which
order partitions and sides interleave is pinned in the log of a run, not in the records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flowlattice.ir import model as ir
from flowlattice.ir._derivations import aggregate_derivations, foreach_derivations, pairing_derivations
from flowlattice.ir._functions import Derived, FunctionLowering
from flowlattice.ir._ports import PortTypes, both
from flowlattice.language.aggregates import Aggregate
from flowlattice.language.bodies import body_digest
from flowlattice.language.distinct import Distinct
from flowlattice.language.flow import Flow
from flowlattice.language.foreach import ForEach
from flowlattice.language.joins import UNMATCHED, Join, Pairing
from flowlattice.language.nodes import NodeOptions
from flowlattice.language.ports import Element
from flowlattice.language.windows import LATE_EVENTS, Window
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

_ORDER: Final[Mapping[ir.NodeKind, str]] = {
    "join": "pairs what has come within a time, which depends on the order in which the sides interleave",
    "zip": "pairs by position, which depends on the order of each side",
    "distinct": "lets the first of a key go on, which depends on the order of arrival",
    "window": "closes windows by the watermark, which depends on the order in which partitions interleave",
    "aggregate": "groups what its window holds, which depends on the order in which partitions interleave",
}


def is_dataflow(element: Element) -> bool:
    """Whether an element is one of those that are lowered here."""
    return isinstance(element, ForEach | Pairing | Distinct | Window | Aggregate)


@dataclass(frozen=True)
class DataflowLowering:
    """Lowers the splitting, pairing and grouping elements of one flow."""

    flow: Flow
    functions: FunctionLowering
    ports: PortTypes

    def lower(self, element: Element, node_id: UUID) -> ir.Node:
        """One element as a node of the IR."""
        match element:
            case ForEach():
                return self._foreach(element, node_id)
            case Pairing():
                return self._pairing(element, node_id)
            case Distinct():
                return self._kept(self._of_record(element, node_id, "distinct", element.record), element)
            case Window():
                lowered = self._kept(self._of_record(element, node_id, "window", element.record), element)
                return lowered.model_copy(update={"side_outputs": (LATE_EVENTS,)})
            case Aggregate():
                return self._aggregate(element, node_id)
            case _:
                raise TypeError(f"{element.name} is no element that splits, pairs or groups records")

    def _foreach(self, element: ForEach[object, object], node_id: UUID) -> ir.Node:
        into = self.functions.schemas.name(self.ports.taken(element.function))
        into = into or self.functions.schemas.name(self.ports.incoming(element))
        out = self.functions.schemas.name(self.ports.output(element))
        bare = self.functions.bare(element, node_id, "foreach", into, out).model_copy(
            update={
                "concurrency": element.concurrency,
                "derivations": foreach_derivations(element, self.functions.sources),
            }
        )
        lowered = self.functions.described(bare, self.functions.describe(element.function, element.place))
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STRICT)
        return self.functions.promises(lowered, element.function, claims, Derived(), element.place)

    def _pairing(self, element: Pairing[object, object, object], node_id: UUID) -> ir.Node:
        kind: ir.NodeKind = "join" if isinstance(element, Join) else "zip"
        sides = self.ports.sides(element)
        into = self.functions.schemas.name(both(sides.values()))
        out = self.functions.schemas.name(self.ports.output(element))
        bare = self.functions.bare(element, node_id, kind, into, out).model_copy(
            update={
                "derivations": pairing_derivations(element, self.functions.sources),
                "side_outputs": (UNMATCHED,) if kind == "join" else (),
            }
        )
        lowered = self.functions.described(bare, self.functions.describe(element.function, element.place))
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STABLE)
        return self.functions.promises(lowered, element.function, claims, self._ordered(lowered), element.place)

    def _aggregate(self, element: Aggregate[object, Record], node_id: UUID) -> ir.Node:
        schemas = self.functions.schemas
        lowered = self.functions.bare(
            element, node_id, "aggregate", schemas.name(element.record), schemas.name(element.into)
        )
        derived = self._ordered(lowered)
        for function in element.functions:
            if function.op in {"sum", "avg"} and _is_float(element.record, function.field):
                because = f"adds up floats ({function.field}), whose last digits depend on the order of the records"
                derived.weaken(Effects.PURE, Determinism.STABLE, because, lowered.source)
        claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STABLE)
        for function in element.functions:
            if function.step is not None:
                lowered = self.functions.promises(lowered, function.step, claims, derived, element.place)
        folds = [part for function in element.functions if function.step for part in (function.step, function.initial)]
        return lowered.model_copy(
            update={
                "body": body_digest(self.functions.sources, *folds) if folds else None,
                "effects": derived.effects.value,
                "determinism": derived.determinism.value,
                "reasons": tuple(derived.reasons),
                "derivations": aggregate_derivations(element, self.flow, self.functions.sources),
            }
        )

    def _of_record(self, element: Element, node_id: UUID, kind: ir.NodeKind, record: object) -> ir.Node:
        schema = self.functions.schemas.name(record)
        return self.functions.bare(element, node_id, kind, schema, schema)

    def _kept(self, node: ir.Node, element: Element) -> ir.Node:
        derived = self._ordered(node)
        return node.model_copy(update={"determinism": derived.determinism.value, "reasons": tuple(derived.reasons)})

    def _ordered(self, node: ir.Node) -> Derived:
        derived = Derived()
        derived.weaken(Effects.PURE, Determinism.STABLE, _ORDER[node.kind], node.source)
        return derived


def _is_float(record: object, field: str | None) -> bool:
    known = getattr(record, "model_fields", {}).get(field)
    return known is not None and known.annotation is float
