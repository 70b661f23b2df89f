"""Subflows: a flow exports a way in and out, and another flow uses that as a node.

# pricing.py
price = flow.export("price", entry=parse, exit=total)

# flow.py
from .pricing import price
step = subflow(price)
flow.connect(hook, step)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from flowlattice.language.ports import Branch, Input, Output, Place, Step, calling_place

if TYPE_CHECKING:
    from flowlattice.language.flow import Flow

I = TypeVar("I")  # noqa: E741 - the field's usual name for an input type
O = TypeVar("O")  # noqa: E741 - the field's usual name for an output type


@dataclass(frozen=True, kw_only=True, eq=False)
class Export(Generic[I, O]):
    """A way in and out of a flow.

    Attributes:
        flow: The flow.
        name: The export's name.
        entry: Where records go in.
        exit: Where they come out; what follows there does not belong to it.
        place: Where it is written.
    """

    flow: Flow
    name: str
    entry: Input[I]
    exit: Output[O]
    place: Place


class Subflow(Step[I, O]):
    """An export of another flow as a node."""

    def __init__(self, export: Export[I, O], name: str, place: Place) -> None:
        self.export = export
        self.name = name
        self.place = place

    def side(self, name: str) -> Branch[I]:
        """Records that a node in it failed on, as they went into the subflow, where `flow.on_error` sends them."""
        return Branch(self, name)


def subflow(export: Export[I, O], *, name: str | None = None) -> Subflow[I, O]:
    """Use what another flow exports as a node.

    Args:
        export: What the other flow's module made with `flow.export`.
        name: The node's name; the export's unless it is given.
    """
    return Subflow(export, name or export.name, calling_place())
