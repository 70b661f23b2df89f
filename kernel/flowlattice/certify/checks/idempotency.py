"""Idempotency: each effect happens once for each key, whatever comes again and wherever a process ends.

Every effectful node alone, those that undo others included: the same input several times at once, again among others
and in another order, late, and after the process ended behind each call of a backend, with a process after it over what
was left. (What is left by a process that ends before a call is what one leaves that ends behind the call before.) Its
keys have to be the same however the input is written and whichever process reads it. Then each route as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check
from flowlattice.certify.per_node import Found, worst
from flowlattice.certify.probes import CRASHED
from flowlattice.ir.model import Node
from flowlattice.sandbox import SandboxCrashed, SandboxError, kept_folder

NAME = "idempotency"
TITLE = "Each effect happens once for each key, whatever comes again and wherever a process ends"

_ROUTES: Final = "resubmitted"
_MOST_CRASHES: Final = 40
_AT_ONCE: Final = 2
_WORLD: Final = 0


def applies(bench: Bench) -> str | None:
    """It needs an effect."""
    return bench.no_effects()


def run(bench: Bench) -> Check:
    """Repeat each effect in all ways, and send requests again."""
    nodes = [node for node in bench.ir.nodes if node.effects == "effectful" and node.name in bench.nodes]
    with kept_folder() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda node: _Node(bench, folder, node).looked_at(), nodes))
    found += _routes(bench)
    verdicts = {one.verdict for one in found}
    runs, crashes, effects = (sum(one.figures.get(name, 0) for one in found) for name in ("runs", "crashes", "effects"))
    failures = tuple(dict.fromkeys(failure for one in found for failure in one.failures))
    said = f"{len(nodes)} nodes, {runs} runs, {crashes} ends of a process, {effects} effects"
    gaps = [one.gap for one in found if one.gap]
    return Check(
        name=NAME,
        verdict=worst(verdicts),
        summary="; ".join([said, *(gaps if not failures else [f"{len(failures)} faults"])][:4]),
        failures=(failures or tuple(gaps))[:10],
        measured={"nodes": len(nodes), "runs": runs, "crashes": crashes, "effects": effects},
        parts=tuple(one.part for one in found),
    )


@dataclass(frozen=True, kw_only=True)
class _Found(Found):
    """What was found of a part, in figures too."""

    figures: Mapping[str, int]


@dataclass(frozen=True)
class _Node:
    """One node, looked at by probes that share a folder."""

    bench: Bench
    folder: Path
    node: Node

    def looked_at(self) -> _Found:
        """What is found of it."""
        if self.node.idempotency is None:
            return self._gap("has effects and no key that could tell one from another")
        (self.folder / self.node.name).mkdir()
        try:
            made = self._probe("repeat")
            inputs = cast(dict[str, JsonValue], self.bench.node_inputs()).get(self.node.name) if "gap" in made else None
            if isinstance(inputs, list):  # what is quickly had has no effect; these take their time
                made = self._probe("repeat", {"inputs": inputs})
            return self._gap(str(made["gap"])) if "gap" in made else self._crashed(made)
        except SandboxError as error:
            return self._gap(f"could not be looked at: {error}")

    def _crashed(self, made: Mapping[str, JsonValue]) -> _Found:
        failures = [str(failure) for failure in cast(list[JsonValue], made["failures"])]
        crashes = _points([int(str(calls)) for calls in cast(list[JsonValue], made["calls"])])
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            ended = list(pool.map(self._ends, crashes))
        left: list[JsonValue] = [crash for crash, end in zip(crashes, ended, strict=True) if end]
        recovered = self._probe("recover", {"crashes": left})
        failures += [str(failure) for failure in cast(list[JsonValue], recovered["failures"])]
        failures += self._other_keys(made)
        runs, effects = int(str(made["runs"])) + int(str(recovered["runs"])), int(str(made["effects"]))
        figures = {"runs": runs, "crashes": sum(ended), "effects": effects}
        doubts = f", {recovered['in_doubt']} in doubt" if recovered["in_doubt"] else ""
        summary = f"{made['promise']}: {runs} runs, {sum(ended)} ends of a process{doubts}, {effects} effects"
        unique = tuple(dict.fromkeys(failures))
        return _Found(name=f"node:{self.node.name}", summary=summary, failures=unique, figures=figures)

    def _ends(self, crash: Mapping[str, JsonValue]) -> bool:
        """Whether a process ended where it was told to; one that had no such call goes on to its end."""
        try:
            self._probe("crash", crash)
        except SandboxCrashed as error:
            if error.exit_code != CRASHED:
                raise
            return True
        return False

    def _other_keys(self, made: Mapping[str, JsonValue]) -> list[str]:
        """Whether a process with another hash seed, time zone and locale makes other keys."""
        keys = self._probe("keys", {"read": made["read"]}, world=_WORLD)
        return [] if keys["keys"] == made["keys"] else [f"the key of {self.node.name} differs in another process"]

    def _probe(
        self, do: str, asked: Mapping[str, JsonValue] | None = None, *, world: int | None = None
    ) -> dict[str, JsonValue]:
        request = {"do": do, "node": self.node.name, "folder": str(self.folder), **(asked or {})}
        return cast(dict[str, JsonValue], self.bench.probe(NAME, request, world=world, write=[self.folder]))

    def _gap(self, why: str) -> _Found:
        return _Found(name=f"node:{self.node.name}", gap=f"{self.node.name}: {why}", figures={})


def _points(calls: Sequence[int]) -> list[dict[str, JsonValue]]:
    """Where processes end: behind each call of the first input, and of the first of those that make more or fewer."""
    points: list[dict[str, JsonValue]] = []
    for number, made in enumerate(calls):
        if made not in calls[:number]:
            step = max(1, -(-made // _MOST_CRASHES))
            points += [
                {"input": number, "last": last, "place": f"end-{number}-{last}"} for last in range(1, made + 1, step)
            ]
    return points


def _routes(bench: Bench) -> list[_Found]:
    """Each route that leads to an effect, as a whole."""
    if bench.no_routes() is not None:
        return []
    found = []
    for seen in cast(list[dict[str, JsonValue]], bench.probe(_ROUTES, bench.subject())):
        sent, effects = int(str(seen["sent"])), int(str(seen["effects"]))
        failures = tuple(str(failure) for failure in cast(list[JsonValue], seen["failures"]))
        names = ", ".join(map(str, cast(list[JsonValue], seen["nodes"])))
        why = f"no effect was seen of {names} in {sent} requests; state an example that has one"
        found.append(
            _Found(
                name=f"route:{seen['route']}",
                summary=f"{sent} requests, {effects} effects",
                failures=failures,
                gap=None if effects else why,
                figures={"runs": sent, "effects": effects},
            )
        )
    return found
