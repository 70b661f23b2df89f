"""Contract: what services do to a node is what its caller is told, and who retries is who should.

Every node that talks HTTP, alone, against a real server that refuses, fails, is silent, hangs up, breaks off, answers
something else, or sends it elsewhere, at each of its calls. It has to fail with the kind that the fault is, or to come
to something else than where all goes well: what a service refused is never a success. What was asked is read off the
server: no more often than the owner of the retries allows, not sooner than it was told to wait, at no other host, and
nothing without a key that a later call left half done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.alone import with_code
from flowlattice.certify.bench import Bench
from flowlattice.certify.faults import FAULTS, Call, FaultServer, Script
from flowlattice.certify.faults.judging import Case, Judged, judged, sentences
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.ir.model import FlowIR, Node
from flowlattice.plan.retries import Deliveries, retry_plan

NAME = "contract"
TITLE = (
    "What services refuse or leave undone is a failure of the right kind, retried by one owner and half done nowhere"
)

_MOST_CALLS: Final = 4
_TIMEOUT_S: Final = 0.06
_PASSING: Final = frozenset({"rate_limited", "transient"})


def applies(bench: Bench) -> str | None:
    """It needs a node that talks HTTP."""
    return None if _nodes(bench) else "no node talks HTTP"


def run(bench: Bench) -> Check:
    """Look for what each node asks, then fail it in all ways."""
    nodes = _nodes(bench)
    parts = {node.name: _Part(node, attempts_of(bench.ir, node)) for node in nodes}
    _search(bench, parts)
    _fail(bench, parts)
    return _check([*parts.values()])


def attempts_of(ir: FlowIR, node: Node) -> int:
    """How often the owner of a node's retries attempts it on its flow's profile."""
    handlers = [one for one in ir.surfaces if one.kind == "error_handler" and node.id in one.targets]
    lost = any(edge.delivery == "at_most_once" for edge in ir.incoming(node.id))
    return retry_plan(node, handlers[0] if handlers else None, ir.profile, Deliveries(lost)).attempts


@dataclass
class _Part:
    """A node, and what was found of it."""

    node: Node
    attempts: int
    gap: str | None = None
    input: JsonValue = None
    scripts: dict[str, Script] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    judged: list[Judged] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        if self.gap is not None:
            return "could_not_run"
        return "failed" if any(one.wrong for one in self.judged) else "passed"

    @property
    def summary(self) -> str:
        if self.gap is not None:
            return self.gap
        found = f"{len(self.judged)} faults at {len(self.calls)} calls"
        return "; ".join([found, *sentences(self.judged)])

    @property
    def failures(self) -> Iterator[str]:
        if self.gap is not None:
            yield f"node {self.node.name}: {self.gap}"
        yield from (f"node {self.node.name}: {sentence}" for sentence in sentences(self.judged))

    def matrix(self) -> dict[str, JsonValue]:
        """By call and fault, what it came to."""
        found: dict[str, dict[str, JsonValue]] = {}
        for one in self.judged:
            number = self.calls.index(one.case.call) + 1
            row = found.setdefault(f"{number} {one.case.call.title}", {})
            row[one.case.fault.name] = one.said
        return cast("dict[str, JsonValue]", found)


def _nodes(bench: Bench) -> list[Node]:
    return [
        node
        for node in with_code(bench.ir)
        if node.name in bench.nodes and any(use.name.startswith("http.") for use in node.capabilities)
    ]


def _search(bench: Bench, parts: Mapping[str, _Part]) -> None:
    """What each node asks where all goes well."""
    scripts = {f"find{number}": Script() for number, _ in enumerate(parts)}
    asked: JsonValue = {name: {"case": case} for name, case in zip(parts, scripts, strict=True)}
    with FaultServer(scripts) as server:
        told = cast("Mapping[str, Mapping[str, JsonValue]]", bench.probe(NAME, {"nodes": asked}, door=server.open))
    for (name, part), script in zip(parts.items(), scripts.values(), strict=True):
        found = told[name]
        if "gap" in found:
            part.gap = str(found["gap"])
        else:
            _prepare(part, found, script)


def _prepare(part: _Part, found: Mapping[str, JsonValue], search: Script) -> None:
    """The cases of a node: one in which all goes well, and each fault at each of its calls."""
    bodies = {
        search.asked[int(number) - 1].call: str(body).encode()
        for number, body in sorted(
            cast("Mapping[str, JsonValue]", found["bodies"]).items(), key=lambda one: int(one[0])
        )
    }
    part.input, part.calls = found["input"], tuple(bodies)[:_MOST_CALLS]
    fine = Script(status=cast("int", found["status"]), bodies=bodies, body=str(found["body"]).encode())
    part.scripts["fine"] = fine
    for number, call in enumerate(part.calls):
        for fault in FAULTS:
            if fault.way != "refused" or number == 0:  # later calls cannot be told apart before they are read
                part.scripts[f"{number} {fault.name}"] = fine.failing(fault, call)


def _fail(bench: Bench, parts: Mapping[str, _Part]) -> None:
    """Run each node in all of its cases, and judge what it came to."""
    ready = {name: part for name, part in parts.items() if part.gap is None}
    if not ready:
        return
    scripts = {_title(name, case): script for name, part in ready.items() for case, script in part.scripts.items()}
    asked: JsonValue = {name: {"input": part.input, "cases": _cases(name, part)} for name, part in ready.items()}
    with FaultServer(scripts) as server:
        told = cast("Mapping[str, JsonValue]", bench.probe(NAME, {"nodes": asked}, door=server.open))
    for name, part in ready.items():
        came = told[name]
        if isinstance(came, list):
            _judge(part, [cast("Mapping[str, JsonValue]", one) for one in came])
        else:
            part.gap = str(cast("Mapping[str, JsonValue]", came)["gap"])


def _judge(part: _Part, came: list[Mapping[str, JsonValue]]) -> None:
    by_case = dict(zip(part.scripts, came, strict=True))
    fine = by_case.pop("fine")
    if fine["type"] is not None:
        part.gap = "what it does is not the same the second time, so that nothing can be said of faults"
        return
    hosts = frozenset(host for use in part.node.capabilities for host in use.egress)
    for case, outcome in by_case.items():
        script = part.scripts[case]
        at = script.at or part.calls[0]
        usual = sum(one.call == at for one in part.scripts["fine"].asked)
        allowed = max(usual, 1) * (part.attempts if script.fault.kind in _PASSING else 1)
        part.judged.append(judged(Case(at, script, allowed, hosts, part.calls), outcome, fine))


def _cases(name: str, part: _Part) -> list[JsonValue]:
    return [
        {
            "name": _title(name, case),
            "fails": script.at is not None,
            "timeout_s": _TIMEOUT_S if script.fault.way == "silent" else None,
            "again": script.at is not None and script.at != part.calls[0] and part.node.effects == "effectful",
        }
        for case, script in part.scripts.items()
    ]


def _title(node: str, case: str) -> str:
    return f"{node}:{case}".replace(" ", ":")


_WORST: Final[tuple[Verdict, ...]] = ("failed", "could_not_run", "passed")


def _check(parts: list[_Part]) -> Check:
    verdicts = {part.verdict for part in parts}
    failures = tuple(dict.fromkeys(failure for part in parts for failure in part.failures))
    faults = sum(len(part.judged) for part in parts)
    asked = sum(len(script.asked) for part in parts for script in part.scripts.values())
    said = f"{len(parts)} nodes, {faults} faults, {asked} requests"
    return Check(
        name=NAME,
        verdict=next(one for one in _WORST if one in verdicts),
        summary=said if not failures else f"{said}; {failures[0]}",
        failures=failures[:10],
        measured={
            "nodes": len(parts),
            "faults": faults,
            "requests": asked,
            "matrix": {part.node.name: part.matrix() for part in parts},
        },
        parts=tuple(Part(name=f"node:{part.node.name}", verdict=part.verdict, summary=part.summary) for part in parts),
    )
