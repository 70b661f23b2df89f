"""Routes and replies: what callers meet."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Weight, moved, paired
from flowlattice.ir.comparison._facts import route_fact
from flowlattice.ir.comparison._weigh import Said, fields_moved, floor, riskier
from flowlattice.ir.cost import route_of
from flowlattice.ir.model import FlowIR, InvalidReply, Node, Trigger

_LISTENS = {
    "kind": Said("the kind of {}", riskier),
    "topic": Said("the topic of {}", riskier),
    "cron": Said("when {} starts a run", riskier),
    "prefix": Said("what {} lists", riskier),
    "group": Said("the consumer group of {}", riskier),
    "during": Said("the checkpoint that {} reminds of", riskier),
    "visibility_timeout_ms": Said("how long a delivery of {} is hidden from others (ms)", floor),
    "max_deliveries": Said("how often a record of {} is delivered at most", floor),
    "idle_ms": Said("how long {} may be silent before its watermark goes on (ms)", floor),
}


def routes(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Routes that are new, gone, or listen otherwise than before."""
    old, new = ({route_of(node): node for node in ir.triggers()} for ir in (before, after))
    for name in old.keys() - new.keys():
        given = old[name].trigger
        is_route = given is None or given.kind == "http"
        text = f"route {name} is gone: its callers get 404" if is_route else f"gone: {route_fact(old[name])}"
        yield Change(kind="route", weight="riskier", subject=name, text=text, before=name)
    for name in [name for name in new if name not in old]:
        text = f"new: {route_fact(new[name])}"
        yield Change(kind="route", weight="neutral", subject=name, text=text, after=name)
    for name, was, now in paired(old, new):
        if was.name != now.name:
            yield moved("route", name, f"the trigger's name of {name}", was.name, now.name)
        if was.trigger is not None and now.trigger is not None:
            yield from _trigger(name, was.trigger, now.trigger)
        elif was.trigger != now.trigger:
            yield moved("route", name, f"what starts {name}", _whole(was.trigger), _whole(now.trigger), "riskier")
        if was.out_schema != now.out_schema:
            yield moved("schema", name, f"the record that {name} takes", was.out_schema, now.out_schema)


def _trigger(name: str, was: Trigger, now: Trigger) -> Iterator[Change]:
    yield from fields_moved("route", name, was, now, _LISTENS)
    if was.deadline_ms != now.deadline_ms:
        yield _deadline(name, was.deadline_ms, now.deadline_ms)
    if was.respond != now.respond:
        weight: Weight = "riskier" if now.respond == "immediate" else "neutral"
        early = ", before the work is done" if now.respond == "immediate" else ""
        text = f"{name} answers {now.respond}{early}; it was {was.respond}"
        yield Change(kind="route", weight=weight, subject=name, text=text, before=was.respond, after=now.respond)
    if was.body != now.body:
        yield moved("route", name, f"how the body of {name} is encoded", was.body, now.body, "riskier")
    if was.max_body_bytes != now.max_body_bytes:
        smaller = now.max_body_bytes is not None and now.max_body_bytes < (was.max_body_bytes or float("inf"))
        what = f"the largest body that {name} takes (bytes)"
        yield moved("limit", name, what, was.max_body_bytes, now.max_body_bytes, "riskier" if smaller else "neutral")
    if was.origins != now.origins:
        weight = "riskier" if set(now.origins) - set(was.origins) else "safer"
        what = f"the other sites whose pages may send forms to {name}"
        yield moved("route", name, what, [*was.origins], [*now.origins], weight)
    if was.invalid != now.invalid:
        yield moved("reply", name, f"the answer of {name} to invalid input", _said(was.invalid), _said(now.invalid))


def _deadline(name: str, was: int | None, now: int | None) -> Change:
    weight: Weight = "riskier"
    if now is None:
        text = f"{name} loses its deadline of {was} ms: a run may take for ever"
    elif was is None:
        text, weight = f"{name} answers within {now} ms or 504; it had no deadline", "safer"
    elif now < was:
        text = f"{name} answers within {now} ms or 504, was {was} ms: slower runs fail now"
    else:
        text, weight = f"{name} answers within {now} ms or 504, was {was} ms: callers may wait longer", "neutral"
    return Change(kind="route", weight=weight, subject=name, text=text, before=was, after=now)


def _said(replies_: tuple[InvalidReply, ...]) -> JsonValue:
    return [_reply(reply) for reply in replies_] or ["422 (every field)"]


def _reply(reply: InvalidReply) -> str:
    problem = f"{reply.problem} " if reply.problem else ""
    about = ", ".join(reply.fields) or "every field"
    body = f" {reply.text or reply.model_dump_json(include={'body'})}" if reply.text or reply.body is not None else ""
    return f"{reply.status} ({problem}{about}){body}"


def _whole(trigger: Trigger | None) -> JsonValue:
    return None if trigger is None else trigger.model_dump(mode="json")


def replies(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Replies whose status or kind of body changes; that one is new or gone is said of its node."""
    old, new = _replies(before), _replies(after)
    known = {node.name for node in before.nodes} & {node.name for node in after.nodes}
    for name in [name for name in {**old, **new} if name in known]:
        was, now = old.get(name, {}), new.get(name, {})
        for key in [*was, *(key for key in now if key not in was)]:
            if was.get(key) != now.get(key):
                yield moved("reply", name, f"the {key} of the reply {name}", was.get(key), now.get(key), "riskier")


def _replies(ir: FlowIR) -> dict[str, dict[str, JsonValue]]:
    names: dict[str, Node] = {str(node.id): node for node in ir.nodes}
    return {
        names[str(target)].name: surface.config
        for surface in ir.surfaces
        if surface.kind == "respond"
        for target in surface.targets
        if str(target) in names
    }
