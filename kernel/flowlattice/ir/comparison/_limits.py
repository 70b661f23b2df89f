"""Rate limits, requests in flight, and promises on latency and throughput."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from flowlattice.ir.ceilings import CEILINGS
from flowlattice.ir.comparison._change import Change, Weight, moved
from flowlattice.ir.comparison._weigh import ceiling, decimal_ceiling
from flowlattice.ir.model import FlowIR, Slo

IN_FLIGHT = "max_in_flight"
_EVERY = "every route"


def limits(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """What is let in, and what is promised of it."""
    old, new = _rates(before), _rates(after)
    for governed in [*old, *(governed for governed in new if governed not in old)]:
        was, now = old.get(governed, {}), new.get(governed, {})
        for key, what in (("qps", "requests a second"), ("burst", "requests at once")):
            if was.get(key) != now.get(key):
                where = "" if governed == _EVERY else f" at {governed}"
                yield _limit(after.name, f"takes {{}} {what}{where}", was.get(key), now.get(key))
    one, other = before.policies.get(IN_FLIGHT), after.policies.get(IN_FLIGHT)
    if one != other:
        yield _limit(after.name, "works on {} requests at a time", one, other)
    for name, words in CEILINGS.items():
        one, other = before.policies.get(name), after.policies.get(name)
        if one != other:
            what = f"the most that all nodes of {after.name} together may spend ({words.removeprefix('{} ')})"
            yield moved("limit", after.name, what, one, other, decimal_ceiling(one, other))
    yield from _slos(before.slos, after.slos)


def _limit(subject: str, sentence: str, was: JsonValue, now: JsonValue) -> Change:
    """More let in is riskier: more load, and more of everything that a run costs."""
    at_most = [f"at most {value:g}" if isinstance(value, int | float) else "any number of" for value in (now, was)]
    text = f"{sentence.format(at_most[0])}, was {at_most[1].removesuffix(' of')}"
    return Change(kind="limit", weight=ceiling(was, now), subject=subject, text=text, before=was, after=now)


def _rates(ir: FlowIR) -> dict[str, Mapping[str, JsonValue]]:
    """The rate limits by what they govern."""
    names = {node.id: node.name for node in ir.nodes}
    routes = sorted(node.name for node in ir.triggers())
    found: dict[str, Mapping[str, JsonValue]] = {}
    for surface in ir.surfaces:
        if surface.kind == "rate_limit":
            governed = sorted(names.get(target, str(target)) for target in surface.targets)
            name = _EVERY if governed == routes else ", ".join(governed)
            number = sum(known == name or known.startswith(f"{name}, limit ") for known in found)
            found[f"{name}, limit {number + 1}" if number else name] = surface.config
    return found


def _slos(before: tuple[Slo, ...], after: tuple[Slo, ...]) -> Iterator[Change]:
    old, new = ({_about(slo): slo for slo in slos} for slos in (before, after))
    for about in sorted(old.keys() | new.keys()):
        was, now = old.get(about), new.get(about)
        if _promised(was) != _promised(now):
            text = f"promises {_promised(now)} {about}, was {_promised(was)}"
            yield Change(
                kind="slo", weight=_kept(was, now), subject=about.removeprefix("at "), text=text,
                before=_promised(was), after=_promised(now),
            )  # fmt: skip


def _about(slo: Slo) -> str:
    return "in throughput" if slo.percentile is None else f"at p{slo.percentile:g}"


def _kept(was: Slo | None, now: Slo | None) -> Weight:
    """A promise that is gone or weaker is riskier for who relies on it."""
    if now is None or was is None:
        return "riskier" if now is None else "safer"
    slower = (now.latency_ms or float("inf")) > (was.latency_ms or float("inf"))
    fewer = (now.at_qps or 0) < (was.at_qps or 0) or (now.records_per_s or 0) < (was.records_per_s or 0)
    return "riskier" if slower or fewer else "safer"


def _promised(slo: Slo | None) -> str:
    if slo is None:
        return "nothing"
    said = {
        "{:g} ms": slo.latency_ms,
        "at {:g} requests a second": slo.at_qps,
        "{:g} records a second": slo.records_per_s,
    }
    return " ".join(text.format(value) for text, value in said.items() if value is not None) or "nothing"
