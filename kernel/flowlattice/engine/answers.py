"""What a trigger's caller may be answered with, as far as it is known before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowlattice.engine.reply import EVENTS, Reply, reply_head
from flowlattice.ir import model as ir
from flowlattice.plan import AnyUnit, Fan, Respond, fans


class Answers:
    """The responds that a way out leads to.

    Attributes:
        in_pieces: Whether one of them goes out while the run is under way.
        in_text: Whether one of those is a text or a page.
        opening: The head of every answer, if there is but one respond, which goes out in pieces, and no record has
            headers of its own: it may go out before anything has come.
        can_be_resumed: Whether it is events that all have an id, so that a reader who comes back goes on.
        may_be_silent: Whether one in pieces without any may be 204.
    """

    def __init__(self, fan: Fan, units: Mapping[str, AnyUnit], flow: ir.FlowIR) -> None:
        found = list(_responds(fan, units))
        self.in_pieces = any(respond.goes_out_in_pieces for respond in found)
        self.in_text = any(respond.goes_out_in_pieces and respond.body != "events" for respond in found)
        self.can_be_resumed = self.in_pieces and all(respond.event_id is not None for respond in found)
        is_known = len(found) == 1 and self.in_pieces and not _has_headers(found[0], flow)
        self.opening: Reply | None = reply_head(found[0]) if is_known else None
        self.may_be_silent = self.in_pieces and (self.opening is None or self.opening.content_type == EVENTS)


def _responds(fan: Fan, units: Mapping[str, AnyUnit]) -> Iterator[Respond]:
    waiting, seen = [hop.to for hop in fan.hops], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        unit = units[name]
        if isinstance(unit, Respond):
            yield unit
        waiting += [hop.to for way in fans(unit) for hop in way.hops]


def _has_headers(respond: Respond, flow: ir.FlowIR) -> bool:
    """Whether a record that reaches a respond has a field that is a header."""
    schemas = [flow.schemas.get(edge.carries or "") for edge in flow.edges if edge.target_id == respond.node]
    fields = [schema.get("properties") for schema in schemas if isinstance(schema, dict)]
    described = [field for found in fields if isinstance(found, dict) for field in found.values()]
    return any(isinstance(field, dict) and field.get("x-in") == "header" for field in described)
