"""The flow as a whole: name, profile, limits, promises, and where people are asked."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Weight, moved
from flowlattice.ir.model import Checkpoint, FlowIR, Slo

_PLAIN = ("name", "version", "profile", "summary")
IN_FLIGHT = "max_in_flight"
THROUGHPUT = "throughput"


def flow(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """What the flow says of itself."""
    for field in _PLAIN:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield moved("flow", after.name, f"the flow's {field}", old, new)
    if before.residency != after.residency:
        was, now = list(before.residency), list(after.residency)
        yield moved("flow", after.name, "where the flow's data may be", [*was], [*now], "riskier")
    if before.artifacts != after.artifacts:
        yield moved("flow", after.name, "the flow's artifacts", [*before.artifacts], [*after.artifacts])
    for name in sorted((before.policies.keys() | after.policies.keys()) - {IN_FLIGHT}):
        if before.policies.get(name) != after.policies.get(name):
            yield moved("flow", name, f"the policy {name}", before.policies.get(name), after.policies.get(name))
    yield from _grants(before, after)
    yield from _checkpoints(before, after)


def _grants(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Hosts that bindings are let reach, whether or not a node uses them."""
    old, new = ({f"{g.binding} to {host}" for g in ir.egress for host in g.hosts} for ir in (before, after))
    used = [
        {f"{u.binding} to {h}" for n in ir.nodes for u in n.capabilities for h in u.egress} for ir in (before, after)
    ]
    for grant in sorted((old ^ new) - (used[0] ^ used[1])):
        text = f"lets {grant}" if grant in new else f"no longer lets {grant}"
        weight: Weight = "riskier" if grant in new else "safer"
        yield Change(kind="egress", weight=weight, subject=grant, text=text, after=grant if grant in new else None)


def limits(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Rate limits, requests in flight, and promises on latency."""
    old, new = _rates(before), _rates(after)
    for key, what in (("qps", "requests a second"), ("burst", "requests at once")):
        was, now = old.get(key), new.get(key)
        if was != now:
            yield _limit(after.name, f"takes {{}} {what}", was, now)
    if old and new and old.get("of") != new.get("of"):
        yield moved("limit", after.name, "what the rate limit governs", old.get("of"), new.get("of"), "riskier")
    was, now = before.policies.get(IN_FLIGHT), after.policies.get(IN_FLIGHT)
    if was != now:
        yield _limit(after.name, "works on {} requests at a time", was, now)
    yield from _slos(before.slos, after.slos)


def _limit(subject: str, sentence: str, was: JsonValue, now: JsonValue) -> Change:
    """More let in is riskier: more load, and more of everything that a run costs."""
    more = not isinstance(now, int | float) or (isinstance(was, int | float) and now > was)
    at_most = [f"at most {value:g}" if isinstance(value, int | float) else "any number of" for value in (now, was)]
    text = f"{sentence.format(at_most[0])}, was {at_most[1].removesuffix(' of')}"
    weight: Weight = "riskier" if more else "safer"
    return Change(kind="limit", weight=weight, subject=subject, text=text, before=was, after=now)


def _rates(ir: FlowIR) -> dict[str, JsonValue]:
    names = {node.id: node.name for node in ir.triggers()}
    found: dict[str, JsonValue] = {}
    for surface in ir.surfaces:
        if surface.kind == "rate_limit":
            governed = sorted(names.get(target, str(target)) for target in surface.targets)
            found |= {**surface.config, "of": "every route" if governed == sorted(names.values()) else [*governed]}
    return found


def _slos(before: tuple[Slo, ...], after: tuple[Slo, ...]) -> Iterator[Change]:
    old, new = ({_measure(slo): slo for slo in slos} for slos in (before, after))
    for measure in sorted(old.keys() | new.keys()):
        was, now = old.get(measure), new.get(measure)
        if _promised(was) != _promised(now):
            text = f"promises {_promised(now)} {_at(measure)}, was {_promised(was)}"
            yield Change(
                kind="slo", weight=_kept(was, now), subject=measure, text=text,
                before=_promised(was), after=_promised(now),
            )  # fmt: skip


def _measure(slo: Slo) -> str:
    return THROUGHPUT if slo.percentile is None else f"p{slo.percentile:g}"


def _at(measure: str) -> str:
    return "of throughput" if measure == THROUGHPUT else f"at {measure}"


def _kept(was: Slo | None, now: Slo | None) -> Weight:
    """A promise that is gone or weaker is riskier for who relies on it."""
    if now is None or was is None:
        return "riskier" if now is None else "safer"
    slower = (now.latency_ms or 0) > (was.latency_ms or 0) or (now.records_per_s or 0) < (was.records_per_s or 0)
    return "riskier" if slower or (now.at_qps or 0) < (was.at_qps or 0) else "safer"


def _promised(slo: Slo | None) -> str:
    if slo is None:
        return "nothing"
    if slo.latency_ms is None:
        return f"{slo.records_per_s or 0:g} records a second"
    return f"{slo.latency_ms:g} ms" + (f" at {slo.at_qps:g} requests a second" if slo.at_qps is not None else "")


def _checkpoints(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = ({point.id: _asked(ir, point) for point in ir.checkpoints} for ir in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was != now:
            yield moved("flow", name, f"where {name} waits for a person", was, now, "riskier" if was else "safer")


def _asked(ir: FlowIR, point: Checkpoint) -> JsonValue:
    names = {node.id: node.name for node in ir.nodes}
    return {**point.model_dump(mode="json"), "on": names.get(point.on, str(point.on))}
