"""Lowering of exports and of the nodes that stand for them, with the weakest promises between entry and exit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flowlattice.ir import model as ir
from flowlattice.ir._functions import Derived
from flowlattice.ir._models import total
from flowlattice.ir._ports import PortTypes
from flowlattice.ir.digest import ir_digest
from flowlattice.ir.schemas import Schemas
from flowlattice.ir.subflows import between, held, on_the_way
from flowlattice.language.flow import Flow
from flowlattice.language.subflows import Export, Subflow
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True)
class SubflowLowering:
    """Lowers the subflow nodes and the exports of one flow.

    Attributes:
        ids: The ids of the nodes by the identity of their elements.
        schemas: The flow's schemas.
        ports: The types of its ports.
        inner: Gives the IR of another flow.
    """

    ids: Mapping[int, UUID]
    schemas: Schemas
    ports: PortTypes
    inner: Callable[[Flow], ir.FlowIR]

    def lower(self, element: Subflow[object, object], node_id: UUID) -> ir.Node:
        """A subflow as a node of the IR."""
        given = element.export
        flow = self.inner(given.flow)
        export = next(found for found in flow.exports if found.name == given.name)
        source = self.schemas.source(element.place)
        inside, way = between(flow, export), on_the_way(flow, export)
        parts = [part for part in flow.nodes if part.id in inside]
        derived = _extrema(parts, source)
        return ir.Node(
            id=node_id,
            name=element.name,
            kind="subflow",
            in_schema=self.schemas.name(self.ports.takes(element)),
            out_schema=self.schemas.name(self.ports.output(element)),
            stream=any(part.stream for part in parts if part.id in way),
            effects=derived.effects.value,
            determinism=derived.determinism.value,
            reasons=tuple(derived.reasons),
            capabilities=tuple(_union(parts)),
            subflow=ir.SubflowUse(
                flow=flow.name, version=flow.version, export=export.name, digest=f"blake3:{ir_digest(flow)}"
            ),
            cost=total(parts),
            summary=flow.summary,
            source=source,
        )

    def export(
        self,
        given: Export[object, object],
        nodes: Sequence[ir.Node],
        edges: Sequence[ir.Edge],
        checkpoints: Sequence[ir.Checkpoint],
    ) -> ir.Export:
        """An export of the flow whose parts these are."""
        entry, exit_ = given.entry.destination, given.exit.origin
        export = ir.Export(
            name=given.name,
            entry=self.ids[id(entry)],
            exit=self.ids[id(exit_)],
            exit_case=given.exit.case,
            in_schema=self.schemas.name(self.ports.takes(entry, given.entry.port)),
            out_schema=self.schemas.name(self.ports.output(exit_, given.exit.case)),
            source=self.schemas.source(given.place),
        )
        by_id = {node.id: node for node in nodes}
        derived = _extrema([by_id[part] for part in held(nodes, edges, checkpoints, export)], export.source)
        promises = {"effects": derived.effects.value, "determinism": derived.determinism.value}
        return export.model_copy(update=promises)


def _extrema(parts: Iterable[ir.Node], source: ir.Source) -> Derived:
    """The weakest promises of some nodes, and which of them are the reason."""
    derived = Derived()
    for part in parts:
        effects, determinism = Effects(part.effects), Determinism(part.determinism)
        worse = effects > derived.effects, determinism > derived.determinism
        if any(worse):
            derived.weaken(
                effects if worse[0] else Effects.PURE,
                determinism if worse[1] else Determinism.STRICT,
                f"runs {part.name}",
                source,
            )
    return derived


def _union(parts: Iterable[ir.Node]) -> Iterator[ir.CapabilityUse]:
    """What the parts ask for, each capability under each binding once, with all that any of them says of it."""
    found: dict[tuple[str, str], ir.CapabilityUse] = {}
    for use in (use for part in parts for use in part.capabilities):
        known = found.get((use.name, use.binding), use)
        found[use.name, use.binding] = known.model_copy(
            update={
                "egress": tuple(dict.fromkeys((*known.egress, *use.egress))),
                "scopes": tuple(dict.fromkeys((*known.scopes, *use.scopes))),
                "facts": {**use.facts, **known.facts},
            }
        )
    yield from found.values()
