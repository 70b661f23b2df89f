"""The time that a record brings itself, to be taken where a body reads the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowlattice.check.fields import fields_of
from flowlattice.check.finding import offer
from flowlattice.diagnostics import Applicability, Diagnostic, Fix
from flowlattice.ir.model import FlowIR, Node, Reason

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite


@dataclass(frozen=True)
class EventTime:
    """A node's input, and the one field of it that is a time; `stated` if a window of such records goes by it."""

    parameter: str
    field: str
    stated: bool

    @property
    def fix(self) -> Fix:
        """Taking it: safe where the flow says that it is the event's time, else a choice."""
        how: Applicability = "safe" if self.stated else "unsafe"
        return offer(how, f"take {self.parameter}.{self.field}, the event's time")


def event_time(flow: FlowIR, node: Node, reason: Reason) -> EventTime | None:
    """The time to take instead of the clock's where a reason is a call that reads it; none where none is certain."""
    if not reason.because.startswith("reads the clock (") or not node.parameters or node.definition is None:
        return None
    if reason.source.file != node.definition.file:
        return None
    times = [
        (wire, str(entry.get("x-name", wire)))
        for wire, entry in fields_of(flow, node.in_schema).items()
        if isinstance(entry, dict) and entry.get("format") == "date-time"
    ]
    if len(times) != 1:
        return None
    wire, field = times[0]
    return EventTime(node.parameters[0].name, field, _is_stated(flow, node, wire))


def _is_stated(flow: FlowIR, node: Node, wire: str) -> bool:
    """Whether a window of the same records goes by that field; which of two records' time is meant, nothing states."""
    if node.kind in {"join", "zip"}:
        return False
    windows = [surface for surface in flow.surfaces if surface.kind == "window"]
    return any(
        window.config.get("event_time") == wire and flow.node(window.targets[0]).in_schema == node.in_schema
        for window in windows
    )


def take_event_time(found: Diagnostic, flow: FlowIR, module: cst.Module) -> Rewrite | None:
    """Take the event's time at the place of a finding, if the node's own body calls a clock there that is known."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for node in (node for node in flow.nodes if node.name == found.node and node.definition is not None):
        for reason in (reason for reason in node.reasons if reason.source == place):
            time = event_time(flow, node, reason)
            if time is not None and node.definition is not None:
                value = f"{time.parameter}.{time.field}"
                return codemods.replace_clock(module, place, node.definition, time.parameter, value)
    return None
