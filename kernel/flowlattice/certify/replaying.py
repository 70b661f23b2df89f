"""Running nodes again in other processes, and looking for the simplest input whose results differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.laboratory import WORLDS
from flowlattice.certify.simpler import simpler, weight
from flowlattice.certify.tolerance import within_tolerance
from flowlattice.ir.model import Node

SHIFTS_S: Final = (397 * 86_400 + 18_431, 4_321 * 86_400 + 45_007)
"""By how many seconds the clock of each world is ahead: no whole days."""
_MOST_STEPS: Final = 12
_HERE: Final = "in one process, after other inputs"
_THERE: Final = "in processes of other hash seeds, zones, locales and clocks, or in another order"


@dataclass(frozen=True)
class Differing:
    """An input of which a node gives other results.

    Attributes:
        value: The simplest one that was found.
        others: The inputs that have to come before or after it, where it alone shows nothing.
        where: Where the results differ, in words.
        fields: What of them differs, in words, without any value.
    """

    value: JsonValue
    others: tuple[JsonValue, ...]
    where: str
    fields: str


@dataclass(frozen=True)
class Replay:
    """What came of one process.

    Attributes:
        answers: Digests of the answers.
        nodes: By node the results of each pass over its inputs; a sentence where it cannot be run.
    """

    answers: Sequence[JsonValue]
    nodes: Mapping[str, JsonValue]


def replays(
    bench: Bench, inputs: Mapping[str, Sequence[JsonValue]], requests: JsonValue, whole: Sequence[str]
) -> list[Replay]:
    """What comes of the same in this world, twice, and then in each other world.

    Args:
        bench: The bench.
        inputs: The inputs of each node.
        requests: Requests for routes.
        whole: The nodes whose results are wanted as they are; of others their digests are.

    Raises:
        SandboxError: A process gave no answer.
    """
    asked: dict[str, JsonValue] = {"nodes": cast(JsonValue, inputs), "whole": list(whole)}

    def there(world: int) -> JsonValue:
        shifted: dict[str, JsonValue] = {"shift_s": SHIFTS_S[world], "seed": world + 1, "requests": requests}
        shifted["backwards"] = world == 0  # so that what an earlier input left behind shows in a fresh process
        return bench.probe("replay", {**asked, **shifted}, world=world)

    with ThreadPoolExecutor(max_workers=len(WORLDS)) as pool:
        others = pool.map(there, range(len(WORLDS)))
        first = bench.probe("replay", {**asked, "again": True}) if inputs else {"answers": [], "nodes": {}}
        found = cast(list[Mapping[str, JsonValue]], [first, *others])
    return [Replay(cast(list[JsonValue], one["answers"]), cast(dict[str, JsonValue], one["nodes"])) for one in found]


def differing(node: Node, found: Sequence[Replay], inputs: Sequence[JsonValue]) -> list[JsonValue]:
    """The inputs of a node whose results differ, the simplest first."""
    texts = ([text for _, text in _results(node, found, at)] for at in range(len(inputs)))
    values = [value for value, each in zip(inputs, texts, strict=True) if not _same(node, each)]
    return sorted(values, key=weight)


def simplest(bench: Bench, node: Node, value: JsonValue, inputs: Sequence[JsonValue]) -> Differing:
    """The simplest input like one whose results differ, of which they do as well.

    Args:
        bench: The bench.
        node: The node.
        value: The input.
        inputs: All that it was run on: where the one alone shows nothing, some of them are needed.

    Raises:
        SandboxError: A process gave no answer.
    """
    if not _differs(bench, node, [value]):
        return _described(bench, node, value, _needed(bench, node, value, inputs))
    for _ in range(_MOST_STEPS):
        tried = simpler(value)
        found = replays(bench, {node.name: tried}, [], _whole(node)) if tried else []
        better = differing(node, found, tried)
        if not better or not _differs(bench, node, better[:1]):
            break
        value = better[0]
    return _described(bench, node, value, ())


def _needed(bench: Bench, node: Node, value: JsonValue, inputs: Sequence[JsonValue]) -> tuple[JsonValue, ...]:
    """Inputs that have to come before or after one for its results to differ, few of them."""
    others = [one for one in inputs if one != value]
    while len(others) > 1:
        half = len(others) // 2
        fewer = next((part for part in (others[:half], others[half:]) if _differs(bench, node, [*part, value])), None)
        if fewer is None:
            break
        others = fewer
    return tuple(others)


def _differs(bench: Bench, node: Node, inputs: Sequence[JsonValue]) -> bool:
    """Whether any results differ where a node is run on just these."""
    return bool(differing(node, replays(bench, {node.name: inputs}, [], _whole(node)), inputs))


def _described(bench: Bench, node: Node, value: JsonValue, others: tuple[JsonValue, ...]) -> Differing:
    inputs = [*others, value]
    found = replays(bench, {node.name: inputs}, [], [node.name])
    every = [_results(node, found, at) for at in range(len(inputs))]
    differs = [one for one in every if not _same(node, [text for _, text in one])] or every[-1:]
    is_here = any(not _same(node, [text for here, text in one if here]) for one in differs)
    texts = [text for _, text in differs[0] if text is not None]
    return Differing(value, others, _HERE if is_here else _THERE, _fields(texts))


def wholes(nodes: Sequence[Node]) -> list[str]:
    """The nodes whose results may differ by something, so that digests of them say nothing."""
    return [name for node in nodes for name in _whole(node)]


def _whole(node: Node) -> list[str]:
    return [node.name] if _tolerance(node) else []


def _results(node: Node, found: Sequence[Replay], at: int) -> list[tuple[bool, str | None]]:
    """What came of one input in each pass, and whether that was in the first process."""
    return [
        (one is found[0], one_pass[at])
        for one in found
        if isinstance(passes := one.nodes.get(node.name), list)
        for one_pass in cast(list[list[str | None]], passes)
    ]


def _same(node: Node, texts: Sequence[str | None]) -> bool:
    if len(set(texts)) <= 1:
        return True
    tolerance = _tolerance(node)
    if not tolerance or None in texts:
        return False
    first, *others = (json.loads(text) for text in texts if text is not None)
    return all(one[1:] == first[1:] and within_tolerance(one[0], first[0], tolerance) for one in others)


def _tolerance(node: Node) -> Decimal:
    """By how much the results of a node may differ: nothing, unless it is stable and says so."""
    said = node.ai.tolerance if node.ai is not None and node.determinism == "stable" else None
    return Decimal(said or 0)


def _fields(texts: Sequence[str]) -> str:
    """Which parts of some results differ."""
    first, *others = map(json.loads, texts)
    paths = dict.fromkeys(path for other in others for path in _paths(first, other, ""))
    named = [path for path in paths if path]
    return ", ".join(named[:3]) if named else "the whole result"


def _paths(one: JsonValue, other: JsonValue, at: str) -> Iterator[str]:
    """The names of fields that differ; places in lists have none."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from _paths(one[name], other[name], f"{at}.{name}" if at else name)
        if [*one] != [*other]:
            yield f"the order of fields{f' of {at}' if at else ''}"
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for first, second in zip(one, other, strict=True):
            yield from _paths(first, second, at)
    elif one != other or type(one) is not type(other):
        yield at
