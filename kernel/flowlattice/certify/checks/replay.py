"""Replay: what is strict gives the same, byte for byte, whatever does not matter; what is stable, where it is pinned.

Each such node is run alone on generated and recorded inputs: twice in one process, the second time from the last input
to the first, so that what an earlier one left behind shows; and in processes of other hash seeds, time zones, locales,
clocks, random numbers and variables, one of which goes from the last input to the first. Its doubles are pinned, and
with them the model that a stable node asks, whose answer may differ by the tolerance that it states. Routes that are
strict from end to end answer requests again in the same processes. Of an input whose results differ the simplest that
still does so is looked for, and kept as a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.laboratory import WORLDS
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.certify.per_node import Judged, nodes_of, of_parts
from flowlattice.certify.replaying import Differing, Replay, differing, replays, simplest, wholes
from flowlattice.ir.model import Node

NAME = "replay"
TITLE = "What is strict or pinned gives the same again, in other processes, zones, locales and at other times"

_REPEATING: Final = frozenset({"strict", "stable"})
_MOST_SHRUNK: Final = 3
"""For so many nodes the simplest input is looked for."""


def applies(bench: Bench) -> str | None:
    """It needs a node that repeats, or a route."""
    return None if _repeating(bench) or bench.routes else "no node is strict or stable"


def run(bench: Bench) -> Check:
    """Run nodes and answer requests again in every world."""
    nodes = _repeating(bench)
    given = cast(Mapping[str, JsonValue], bench.node_inputs()) if nodes else {}
    inputs = {node.name: values for node in nodes if isinstance(values := given.get(node.name), list)}
    asked = cast(Mapping[str, JsonValue], bench.probe("replayed", bench.subject())) if bench.routes else {}
    requests = cast(list[JsonValue], asked.get("requests", []))
    found = replays(bench, inputs, requests, wholes(nodes)) if inputs or requests else []
    different = {node.name: differing(node, found, inputs.get(node.name, [])) for node in nodes}
    failing = [node for node in nodes if different[node.name]]
    shrunk = {
        node.name: simplest(bench, node, different[node.name][0], inputs[node.name]) for node in failing[:_MOST_SHRUNK]
    }
    judged = [
        _judged(node, _cannot(node, given, found), (len(different[node.name]), inputs), shrunk.get(node.name))
        for node in nodes
    ]
    summary = (
        f"{sum(map(len, inputs.values()))} inputs of {len(inputs)} nodes and {len(requests)} requests repeated "
        f"in {len(WORLDS)} processes of other hash seeds, zones, locales and clocks"
    )
    check = of_parts(NAME, [*judged, *_routes(bench, asked, found[1:])], summary, {"requests": len(requests)})
    kept: list[JsonValue] = [_fixture(name, one) for name, one in shrunk.items()]
    return check.model_copy(update={"fixtures": tuple(kept)})


def _fixture(node: str, found: Differing) -> JsonValue:
    """What is kept of a failure, to be tried again: the input, after `others` where it needs them."""
    others: dict[str, JsonValue] = {"others": list(found.others)} if found.others else {}
    return {"check": NAME, "node": node, "input": found.value, **others}


def _repeating(bench: Bench) -> list[Node]:
    return [node for node in nodes_of(bench) if node.determinism in _REPEATING]


def _cannot(node: Node, given: Mapping[str, JsonValue], found: Sequence[Replay]) -> str | None:
    """Why a node was not run again; none if it was."""
    inputs = given.get(node.name)
    if not isinstance(inputs, list):
        return inputs if isinstance(inputs, str) else f"{node.name} was not run"
    return next((said for one in found if isinstance(said := one.nodes.get(node.name), str)), None)


def _judged(
    node: Node, cannot: str | None, counts: tuple[int, Mapping[str, Sequence[JsonValue]]], shrunk: Differing | None
) -> Judged:
    name = f"node:{node.name}"
    if cannot is not None:
        return Part(name=name, verdict="could_not_run", summary=cannot), ()
    differ, ran = counts[0], len(counts[1][node.name])
    if not differ:
        return Part(name=name, verdict="passed", summary=f"{node.determinism}: {ran} inputs gave the same again"), ()
    what = "" if shrunk is None else f" {shrunk.where}: {shrunk.fields}"
    said = f"node {node.name} gives other results for {differ} of {ran} inputs{what}"
    return Part(name=name, verdict="failed", summary=said), (said,)


def _routes(bench: Bench, asked: Mapping[str, JsonValue], there: Sequence[Replay]) -> Iterator[Judged]:
    """What is said of the routes: of each that is strict from end to end, whether it answered the same everywhere."""
    of, answers = cast(list[str], asked.get("of", [])), cast(list[str], asked.get("answers", []))
    for route in bench.routes:
        places = [at for at, title in enumerate(of) if title == route]
        differ = sum(any(one.answers[at] != answers[at] for one in there) for at in places)
        said = f"route {route} answers otherwise to {differ} of {len(places)} requests in other processes"
        verdict: Verdict = "failed" if differ else "passed" if places else "not_applicable"
        summary = said if differ else f"{len(places)} answers repeated" if places else "not strict from end to end"
        yield Part(name=f"route:{route}", verdict=verdict, summary=summary), (said,) if differ else ()
