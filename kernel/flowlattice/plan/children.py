"""Child workflows: which ones a flow has on Temporal, and what each is called.

An id has the form of `CHILD_ID`. Its third part is the partition's value alone where records are split in front of one
node only; where they are in front of several it has the node in front of it, as a subflow's has the subflow: so no two
children of a flow share an id. `.`, `:` and `%` in names and values are written as in URLs (`%2E`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal
from uuid import UUID

from flowlattice.plan.base import PlanModel
from flowlattice.plan.graph import Graph
from flowlattice.plan.units import Child

CHILD_ID: Final = "wf::{flow}::p::{part}::v::{version}::r::<epoch>"
"""The id of a child workflow; the epoch counts its continuations."""

_ESCAPED: Final = str.maketrans({"%": "%25", ".": "%2E", ":": "%3A"})


class ChildPlan(PlanModel):
    """A child workflow.

    Attributes:
        unit: Its unit.
        of: Whether there is one for each record of a subflow, or one for each partition.
        id: What it is called, with `<partition>` and `<record>` for what differs.
        because: Why there is one.

    """

    unit: str
    of: Literal["subflow", "partition"]
    id: str
    because: str


def children(graph: Graph) -> tuple[ChildPlan, ...]:
    """The child workflows of a flow, in the order of its units."""
    return tuple(_children(graph))


def partition_ids(graph: Graph) -> dict[UUID, str]:
    """What the workflows of partitions are called, by the node in front of which records are split."""
    units = {name: unit for name, unit in graph.units.items() if isinstance(unit, Child)}
    return {units[one.unit].node: one.id for one in children(graph) if one.of == "partition"}


def _children(graph: Graph) -> Iterator[ChildPlan]:
    layout = graph.layout
    found = [unit for unit in graph.units.values() if isinstance(unit, Child)]
    partitioned = [unit.node for unit in found if unit.of == "partition"]
    for unit in found:
        name = layout.names[unit.node]
        if unit.of == "subflow":
            of, because = ["<record>"], "the subflow has effects"
            of = ["<partition>", *of] if unit.node in partitioned else of
        else:
            of, because = ["<partition>"], f"one for each partition in front of {name}"
        alone = unit.of == "partition" and len(partitioned) == 1
        part = ".".join(of if alone else [name.translate(_ESCAPED), *of])
        made = CHILD_ID.format(flow=layout.flow.name, part=part, version=layout.flow.version)
        yield ChildPlan(unit=unit.name, of=unit.of, id=made, because=because)
