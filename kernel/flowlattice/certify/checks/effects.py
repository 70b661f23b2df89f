"""Effects: no node does more to the world than it says.

First what is written: no claim is purer than what is derived. Then what is done: each node is run alone on generated
and recorded inputs, while an audit sees whatever it reaches for besides its capabilities, through any library, also
where it swallows the exception; the reader of bodies may have been told otherwise (`vouch`). A node is held to the
level that its body has without its capabilities: where the reader says that a body reads files, it may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.certify.per_node import Judged, no_code, nodes_of, of_parts
from flowlattice.check.claims import broken
from flowlattice.ir.model import Node
from flowlattice.lattice import Effects

NAME = "effects"
TITLE = "No node does more to the world than it says"


def applies(bench: Bench) -> str | None:
    """It needs a node with code of its own."""
    return no_code(bench)


def run(bench: Bench) -> Check:
    """Hold claims against what is derived, and what is derived against what is seen."""
    nodes = nodes_of(bench)
    claims = {node.id: reason.because for node, reason in broken(bench.ir, "effects")}
    inputs = cast(Mapping[str, JsonValue], bench.node_inputs())
    given = {node.name: values for node in nodes if isinstance(values := inputs.get(node.name), list)}
    seen = cast(Mapping[str, JsonValue], bench.probe(NAME, {"nodes": cast(JsonValue, given)})) if given else {}
    judged = [_judged(node, claims.get(node.id), inputs.get(node.name), seen.get(node.name)) for node in nodes]
    ran = sum(cast(int, entry.get("ran", 0)) for entry in seen.values() if isinstance(entry, dict))
    summary = f"{len(given)} nodes run alone on {ran} inputs; none may reach for more than it says"
    return of_parts(NAME, judged, summary, {"ran": ran})


def _judged(node: Node, claim: str | None, given: JsonValue, seen: JsonValue) -> Judged:
    """What is said of one node, with what it failed on."""
    failures = tuple(f"node {node.name} {sentence}" for sentence in _failures(node, claim, seen))
    if failures:
        return _part(node, "failed", failures[0]), failures
    cannot = given if isinstance(given, str) else seen.get("cannot") if isinstance(seen, dict) else "it was not run"
    if isinstance(cannot, str):
        return _part(node, "could_not_run", cannot), ()
    counts = cast(Mapping[str, JsonValue], seen)
    if node.vouched and not counts["gave"]:
        why = f"{node.name} is vouched for, and none of {counts['ran']} inputs got a result; record one that does"
        return _part(node, "could_not_run", why), ()
    summary = f"{_level(node.effects)}{_because(node)}; {counts['gave']} of {counts['ran']} inputs got a result"
    return _part(node, "passed", summary), ()


def _failures(node: Node, claim: str | None, seen: JsonValue) -> Iterator[str]:
    if claim is not None:
        yield f"is declared {_level(node.declared.effects or 'pure')}, and {claim}"
    if not isinstance(seen, dict):
        return
    allowed = _of_the_body(node)
    for reach in cast(list[dict[str, JsonValue]], seen.get("reached", [])):
        level = Effects.EFFECTFUL if reach["changes"] else Effects.READ_ONLY
        if allowed < level:
            yield str(reach["said"])
    yield from map(str, cast(list[JsonValue], seen.get("beyond", [])))


def _of_the_body(node: Node) -> Effects:
    """What the node's own code is known to do, capabilities apart; a weaker claim allows as much."""
    own = [Effects(one.level) for one in node.reasons if one.of == "effects" and one.capability is None]
    return Effects.join_all([*own, Effects(node.declared.effects or "pure")])


def _because(node: Node) -> str:
    said = [one.because for one in node.reasons if one.of == "effects" and one.level == node.effects]
    vouched = f", vouched for: {', '.join(node.vouched)}" if node.vouched else ""
    return (f": it {said[0]}" if said else "") + vouched


def _level(name: str) -> str:
    return name.replace("_", " ")


def _part(node: Node, verdict: Verdict, summary: str) -> Part:
    return Part(name=f"node:{node.name}", verdict=verdict, summary=summary)
