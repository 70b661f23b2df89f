"""Contract: what services do to a node is what its caller is told, and who retries is who should.

Every node that talks HTTP, alone, against a real server that refuses, fails, is silent, hangs up, breaks off, answers
something else, or sends it elsewhere, at each of its calls. It has to fail with the kind that the fault is, or to come
to something else than where all goes well: what a service refused is never a success. What was asked is read off the
server: no more often than the owner of the retries allows, not sooner than it was told to wait, at no other host, and
nothing without a key that a later call left half done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.faults import FAULTS, Call, FaultServer, Script
from flowlattice.certify.faults.judging import Case, Judged, judged, sentences
from flowlattice.certify.faults.told import CAME, SEARCHED, Came, Found, Gap, read
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.certify.per_node import nodes_of, of_parts
from flowlattice.ir.model import FlowIR, Node
from flowlattice.plan.retries import Deliveries, retry_plan

NAME = "contract"
TITLE = (
    "What services refuse or leave undone is a failure of the right kind, retried by one owner and half done nowhere"
)

_MOST_CALLS: Final = 4
_TIMEOUT_S: Final = 0.06
_PASSING: Final = frozenset({"rate_limited", "transient"})
_FINE: Final = "fine"
_NO_ANSWER: Final = Gap(gap="its process answered what is no answer")


def applies(bench: Bench) -> str | None:
    """It needs a node that talks HTTP."""
    return None if _nodes(bench) else "no node talks HTTP"


def run(bench: Bench) -> Check:
    """Look for what each node asks, then fail it in all ways."""
    nodes = _nodes(bench)
    found = {node.name: _Node(node, _attempts(bench.ir, node)) for node in nodes}
    _search(bench, found)
    _fail(bench, found)
    faults = sum(len(one.judged) for one in found.values())
    asked = sum(len(script.asked) for one in found.values() for script in one.scripts.values())
    matrix: JsonValue = {name: one.matrix() for name, one in found.items()}
    return of_parts(
        NAME,
        [one.part for one in found.values()],
        f"{len(nodes)} nodes, {faults} faults, {asked} requests",
        {"nodes": len(nodes), "faults": faults, "requests": asked, "matrix": matrix},
    )


def _attempts(ir: FlowIR, node: Node) -> int:
    """How often the owner of a node's retries attempts it on its flow's profile."""
    handlers = [one for one in ir.surfaces if one.kind == "error_handler" and node.id in one.targets]
    lost = any(edge.delivery == "at_most_once" for edge in ir.incoming(node.id))
    return retry_plan(node, handlers[0] if handlers else None, ir.profile, Deliveries(lost)).attempts


@dataclass
class _Node:
    """A node, and what was found of it."""

    node: Node
    attempts: int
    gap: str | None = None
    input: JsonValue = None
    scripts: dict[str, Script] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    judged: list[Judged] = field(default_factory=list)

    @property
    def part(self) -> tuple[Part, tuple[str, ...]]:
        """What is said of it, and what is wrong with it."""
        name, wrong = f"node:{self.node.name}", [*sentences(self.judged)]
        if self.gap is not None:
            return Part(name=name, verdict="could_not_run", summary=f"node {self.node.name}: {self.gap}"), ()
        said = "; ".join([f"{len(self.judged)} faults at {len(self.calls)} calls", *wrong])
        verdict: Verdict = "failed" if wrong else "passed"
        return Part(name=name, verdict=verdict, summary=said), tuple(f"node {self.node.name}: {one}" for one in wrong)

    def matrix(self) -> dict[str, JsonValue]:
        """By call and fault, what it came to."""
        found: dict[str, dict[str, JsonValue]] = {}
        for one in self.judged:
            number = self.calls.index(one.case.call) + 1
            row = found.setdefault(f"{number} {one.case.call.title}", {})
            row[one.case.fault.name] = one.said
        return cast("dict[str, JsonValue]", found)


def _nodes(bench: Bench) -> list[Node]:
    return [node for node in nodes_of(bench) if any(use.name.startswith("http.") for use in node.capabilities)]


def _search(bench: Bench, parts: Mapping[str, _Node]) -> None:
    """What each node asks where all goes well."""
    scripts = {f"find{number}": Script() for number, _ in enumerate(parts)}
    asked: JsonValue = {name: {"case": case} for name, case in zip(parts, scripts, strict=True)}
    with FaultServer(scripts) as server:
        told = read(bench.probe(NAME, {"nodes": asked}, door=server.open), SEARCHED)
    for (name, part), script in zip(parts.items(), scripts.values(), strict=True):
        found = told.get(name, _NO_ANSWER)
        if isinstance(found, Found) and all(1 <= number <= len(script.asked) for number in found.bodies):
            _prepare(part, found, script)
        else:
            part.gap = (found if isinstance(found, Gap) else _NO_ANSWER).gap


def _prepare(part: _Node, found: Found, search: Script) -> None:
    """The cases of a node: one in which all goes well, and each fault at each of its calls."""
    bodies = {search.asked[number - 1].call: body.encode() for number, body in sorted(found.bodies.items())}
    part.input, part.calls = found.input, tuple(bodies)[:_MOST_CALLS]
    fine = Script(status=found.status, bodies=bodies, body=found.body.encode())
    part.scripts[_FINE] = fine
    for number, call in enumerate(part.calls):
        for fault in FAULTS:
            if fault.way != "refused" or number == 0:  # later calls cannot be told apart before they are read
                part.scripts[f"{number}:{fault.name}"] = fine.failing(fault, call)


def _fail(bench: Bench, parts: Mapping[str, _Node]) -> None:
    """Run each node in all of its cases, and judge what it came to."""
    ready = {name: part for name, part in parts.items() if part.gap is None}
    if not ready:
        return
    scripts = {f"{name}:{case}": script for name, part in ready.items() for case, script in part.scripts.items()}
    asked: JsonValue = {name: {"input": part.input, "cases": _cases(name, part)} for name, part in ready.items()}
    with FaultServer(scripts) as server:
        told = read(bench.probe(NAME, {"nodes": asked}, door=server.open), CAME)
    for name, part in ready.items():
        came = told.get(name, _NO_ANSWER)
        if isinstance(came, list) and len(came) == len(part.scripts):
            _judge(part, came)
        else:
            part.gap = (came if isinstance(came, Gap) else _NO_ANSWER).gap


def _judge(part: _Node, came: list[Came]) -> None:
    by_case = dict(zip(part.scripts, came, strict=True))
    fine, asked = by_case.pop(_FINE), part.scripts[_FINE].asked
    if fine.type is not None:
        part.gap = "what it does is not the same the second time, so that nothing can be said of faults"
        return
    hosts = frozenset(host for use in part.node.capabilities for host in use.egress)
    for case, outcome in by_case.items():
        script = part.scripts[case]
        at = script.at or part.calls[0]
        usual = sum(one.call == at for one in asked)
        allowed = max(usual, 1) * (part.attempts if script.fault.kind in _PASSING else 1)
        part.judged.append(judged(Case(at, script, allowed, hosts, part.calls), outcome, fine))


def _cases(name: str, part: _Node) -> list[JsonValue]:
    return [
        {
            "name": f"{name}:{case}",
            "fails": script.at is not None,
            "timeout_s": _TIMEOUT_S if script.fault.way == "silent" else None,
            "again": script.at is not None and script.at != part.calls[0] and part.node.effects == "effectful",
        }
        for case, script in part.scripts.items()
    ]
