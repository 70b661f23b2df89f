"""What starts runs: the base of all kinds of trigger, its place in the graph, and what does not fit its type."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import JsonValue

from flowlattice.language.ports import Branch, Element, Output, Place
from flowlattice.record import Record

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)

REJECTED = "rejected"


class Raw(Record, data="confidential"):
    """What came in and does not fit a trigger's record: the whole of it as it came, and why it does not fit.

    Nothing is known of what it holds, so it is confidential.
    """

    body: JsonValue
    reason: str


class Trigger(Generic[R_co]):
    """A source of records, each of which starts a run."""

    @property
    def emits(self) -> type[R_co]:
        """The record that it hands on."""
        raise NotImplementedError


class TriggerNode(Element, Output[R]):
    """A trigger in the graph."""

    def __init__(self, trigger: Trigger[R], name: str, place: Place) -> None:
        self.trigger = trigger
        self.name = name
        self.place = place

    @property
    def origin(self) -> Element:
        """The trigger itself."""
        return self

    @property
    def rejected(self) -> Branch[Raw]:
        """What came in and does not fit the trigger's record, whole and raw."""
        return Branch(self, REJECTED)
