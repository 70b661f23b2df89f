"""What is wrong with a flow's effects, one rule a kind: each finding with its runs and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from flowlattice.bindings.call_log import LoggedCall
from flowlattice.certify.incident.evidence import Evidence
from flowlattice.check.exactly_once import Returns
from flowlattice.check.values import in_words
from flowlattice.durations import in_ms
from flowlattice.engine.effects import DEFAULT_TTL, SHORTEST_TTL
from flowlattice.ir.model import Node

Kind = Literal["duplicate", "derivation", "retention", "orphan", "in_doubt"]

_RUNS: Final = 5


class Finding(BaseModel):
    """Something that is wrong.

    Attributes:
        kind: `duplicate` effects of one key; keys of one `derivation` that became another; a `retention` that is too
            short; an `orphan`, an effect of a failed run that nothing undid; a key `in_doubt`.
        node: The node whose effects they are.
        key: The key, in hexadecimal; none where it is not about one.
        runs: The runs, at most five.
        summary: What is wrong, one sentence.
        remedy: What to do about it.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    node: str
    key: str | None = None
    runs: tuple[str, ...] = ()
    summary: str
    remedy: str


def found(evidence: Evidence) -> tuple[Finding, ...]:
    """Everything that is wrong, by kind."""
    return tuple(finding for rule in _RULES for finding in rule(evidence))


def _duplicates(evidence: Evidence) -> Iterator[Finding]:
    """An effect that was had more than once under one key, of a receiver that does not take that for one."""
    had: dict[tuple[str, str, str, str], list[LoggedCall]] = defaultdict(list)
    for call in evidence.calls:
        if call.key is not None and not call.repeatable and call.outcome != "refused":
            had[call.node, call.key, call.method, call.target].append(call)
    for (node, key, method, target), calls in had.items():
        if len(calls) > 1:
            sure = sum(call.outcome == "done" for call in calls)
            unsure = f", {len(calls) - sure} of them perhaps" if sure < len(calls) else ""
            yield Finding(
                kind="duplicate",
                node=node,
                key=key,
                runs=_runs(calls),
                summary=f"{method} to {target} happened {len(calls)} times under one key{unsure}",
                remedy=f"look the key up at {target} and undo what is too much; a store that lost or forgot its keys, "
                "or a node without one, lets this happen",
            )


def _derivations(evidence: Evidence) -> Iterator[Finding]:
    """Keys that are made otherwise than before, or than the flow as it stands makes them."""
    nodes = {} if evidence.ir is None else {node.name: node for node in evidence.ir.nodes}
    keyed = [call for call in evidence.calls if call.key is not None]
    for node, calls in _by_node(keyed):
        ways: dict[tuple[str, ...], str] = {call.derived_from: f"version {call.version}" for call in calls}
        stands = nodes.get(node)
        if stands is not None and stands.idempotency is not None:
            ways.setdefault(stands.idempotency.fields, "the flow as it stands")
        if len(ways) > 1:
            said = "; ".join(f"{who} from {', '.join(fields) or 'nothing'}" for fields, who in ways.items())
            yield Finding(
                kind="derivation",
                node=node,
                runs=_runs(calls),
                summary=f"its keys were derived differently: {said}",
                remedy="what was done under the one is done again under the other: derive them as before, or give the "
                "node another name and a major version",
            )
        yield from _other_keys(node, calls)


def _other_keys(node: str, calls: Iterable[LoggedCall]) -> Iterator[Finding]:
    """The same record under several keys, though they are made from the same fields."""
    keys: dict[tuple[str, tuple[str, ...]], list[LoggedCall]] = defaultdict(list)
    for call in calls:
        if call.given is not None:
            keys[call.given, call.derived_from].append(call)
    for (given, _), same in keys.items():
        distinct = sorted({_of_node(call) for call in same})
        if len(distinct) > 1:
            yield Finding(
                kind="derivation",
                node=node,
                key=distinct[0],
                runs=_runs(same),
                summary=f"one record (digest {given[:12]}) has {len(distinct)} keys: "
                f"{', '.join(key[:16] for key in distinct)}",
                remedy="a key follows from the fields of the record alone; another process, library or flow makes it "
                "otherwise, flows certify PATH --only idempotency shows it",
            )


def _retention(evidence: Evidence) -> Iterator[Finding]:
    """Keys that are forgotten while their record may still be delivered again."""
    if evidence.ir is None:
        return
    returns = Returns(evidence.ir)
    for node in evidence.ir.nodes:
        if node.idempotency is None or not node.uses("dedupe"):
            continue
        needed, kept = returns.longest_ms(node), in_ms(_kept_for(evidence, node)) or 0
        if kept < needed:
            yield Finding(
                kind="retention",
                node=node.name,
                summary=f"keys are kept for {in_words(kept)}, and a record may be delivered again for "
                f"{in_words(needed)} (visibility timeout × deliveries)",
                remedy=f"keep them for at least {in_words(needed)}: by(..., ttl=...), EXACT003",
            )


def _orphans(evidence: Evidence) -> Iterator[Finding]:
    """Effects of runs that failed, which nothing undid; those in doubt are another finding."""
    doubted = {key.key for key in evidence.kept if key.state == "in_doubt"}
    for node, calls in _by_node(call for call in evidence.calls if call.undone_by is not None):
        for run in dict.fromkeys(call.run for call in calls if call.outcome == "done"):
            by = next(call.undone_by for call in calls if call.run == run)
            undone = any(c.run == run and c.node == by and c.outcome == "done" for c in evidence.calls)
            if undone or not evidence.is_over(run) or evidence.ends.get(run) == "completed":
                continue
            mine = [call for call in calls if call.run == run and _of_node(call) not in doubted]
            if not mine:
                continue
            why = "failed" if run in evidence.ends else "never ended"
            yield Finding(
                kind="orphan",
                node=node,
                key=mine[0].key,
                runs=(run,),
                summary=f"the run {why} and {by} did not undo what {node} did",
                remedy=f"undo it by hand at {mine[0].target} under this key, or run {by} with its receipt",
            )


def _in_doubt(evidence: Evidence) -> Iterator[Finding]:
    """Keys of whose effect nobody knows whether it happened."""
    for key in evidence.kept:
        if key.state == "in_doubt":
            yield Finding(
                kind="in_doubt",
                node=key.node,
                key=key.key,
                runs=(key.run,),
                summary=f"in doubt since {key.since:%Y-%m-%d %H:%M:%S} UTC: its effect may have happened",
                remedy=f"find out, then flows effects decide {key.key[:16]} happened|not-happened",
            )


_RULES: Final[tuple[Callable[[Evidence], Iterator[Finding]], ...]] = (
    _duplicates,
    _derivations,
    _retention,
    _orphans,
    _in_doubt,
)


def _kept_for(evidence: Evidence, node: Node) -> timedelta:
    """For how long keys are kept: as the flow says, or less where the store was told so."""
    ttl = None if node.idempotency is None else node.idempotency.ttl_ms
    stated = DEFAULT_TTL if ttl is None else max(timedelta(milliseconds=ttl), SHORTEST_TTL)
    kept = [_whole(key.expires - key.since) for key in evidence.kept if key.node == node.name]
    return min([stated, *kept])


def _by_node(calls: Iterable[LoggedCall]) -> Iterator[tuple[str, list[LoggedCall]]]:
    sorted_out: dict[str, list[LoggedCall]] = defaultdict(list)
    for call in calls:
        sorted_out[call.node].append(call)
    yield from sorted_out.items()


def _of_node(call: LoggedCall) -> str:
    """The node's key, of which a call's own may be the second or third."""
    return str(call.key).partition("-")[0]


def _runs(calls: Iterable[LoggedCall]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.run for call in calls))[:_RUNS]


def _whole(time: timedelta) -> timedelta:
    """In whole milliseconds: times are kept as seconds with a fraction."""
    return timedelta(milliseconds=round(time / timedelta(milliseconds=1)))
