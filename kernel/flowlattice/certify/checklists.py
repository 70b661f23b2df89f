"""The checklists of the stories, each line with its evidence: from the checks, the IR and what the checker finds.

A line is ticked only by something that shows it. What does not concern a flow does not apply to it; all else is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flowlattice.certify.model import Check, Checklist, Line
from flowlattice.check import CheckContext, check
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.model import FlowIR, Node
from flowlattice.plan import PlanRefused, plan
from flowlattice.policy import Decision

_REACHING: Final = frozenset({"http", "mail", "kafka", "queue", "ai", "blob", "db"})
"""The families of capabilities that may leave the process for another host."""

TOLD: Final[Mapping[str, str]] = {
    "passed": "passed",
    "failed": "failed",
    "not_applicable": "does not apply",
    "could_not_run": "could not run",
}
"""A verdict in words."""


def checklists(ir: FlowIR, checks: Sequence[Check], decision: Decision | None = None) -> tuple[Checklist, ...]:
    """Both checklists for a flow.

    Args:
        ir: The flow.
        checks: What the checks found.
        decision: What the policies say, with the waivers that let findings pass; none where they were not asked.
    """
    known = _Known(ir, {each.name: each for each in checks}, decision, check(ir, CheckContext()))
    return (
        Checklist(title="Pre-publish (connector, subflow)", lines=tuple(_line(known, *each) for each in _PUBLISH)),
        Checklist(title="Flow readiness", lines=tuple(_line(known, *each) for each in _READY)),
    )


@dataclass(frozen=True)
class _Known:
    """What lines rest on."""

    ir: FlowIR
    checks: Mapping[str, Check]
    decision: Decision | None
    found: Sequence[Diagnostic]

    def by_check(self, name: str) -> Line:
        """What a check says."""
        found = self.checks.get(name)
        if found is None:
            return _open(f"the check {name} was not run")
        evidence = f"{name}: {found.summary}"
        if found.verdict in {"passed", "not_applicable"}:
            return _ticked(evidence) if found.verdict == "passed" else _na(evidence)
        return _open(f"{name} {TOLD[found.verdict]}: {found.summary}")

    def by_rules(self, codes: Sequence[str], holds: str) -> Line:
        """What rules of the checker find, waived or not; `holds` where they find nothing."""
        found = [each for each in self.found if each.code in codes]
        waived = [each for each in found if self.decision and self.decision.waiver_of(each)]
        left = [each for each in found if each not in waived]
        if left:
            return _open(f"{left[0].code}: {left[0].message}")
        count = f", {len(waived)} waived" if waived else ""
        return _ticked(f"{holds} ({', '.join(codes)}{count})")

    def named(self, wanted: Callable[[Node], bool]) -> list[str]:
        """The names of some nodes."""
        return [node.name for node in self.ir.nodes if wanted(node)]


def _effects(known: _Known) -> Line:
    return known.by_check("effects")


def _replay(known: _Known) -> Line:
    return known.by_check("replay")


def _identity(known: _Known) -> Line:
    effectful = [node for node in known.ir.nodes if node.effects == "effectful"]
    if not effectful:
        return _na("no node has an effect")
    without = [node.name for node in effectful if node.idempotency is None and node.subflow is None]
    if without:
        return _open(f"no key: {_names(without)}")
    proof = known.by_check("idempotency")
    keys = ", ".join(f"{n.name} by {' and '.join(n.idempotency.fields)}" for n in effectful if n.idempotency)
    return proof if proof.state == "open" else _ticked(f"{keys}; {proof.evidence}")


def _egress(known: _Known) -> Line:
    uses = [use for node in known.ir.nodes for use in node.capabilities if use.name.partition(".")[0] in _REACHING]
    if not uses:
        return _na("no node reaches out")
    open_ = known.by_rules(("EGRESS101", "SECR201", "DAG331"), "")
    if open_.state == "open":
        return open_
    hosts = {host for use in uses for host in use.egress} | {host for g in known.ir.egress for host in g.hosts}
    scopes = {scope for use in uses for scope in use.scopes} | {s for c in known.ir.credentials for s in c.scopes}
    listed = f"hosts {_names(sorted(hosts)) or 'none but the bindings'}; scopes {_names(sorted(scopes)) or 'none'}"
    policy = known.by_check("policy")
    return policy if policy.state == "open" else _ticked(f"{listed}; {policy.evidence}")


def _contract(known: _Known) -> Line:
    return known.by_check("contract")


def _data(known: _Known) -> Line:
    by_rules = known.by_rules(("DATA101", "DATA102"), "every field has a data class")
    if by_rules.state == "open":
        return by_rules
    proof = known.by_check("data")
    return proof if proof.state == "open" else _ticked(f"{by_rules.evidence}; {proof.evidence}")


def _signed(_known: _Known) -> Line:
    return Line(title="", state="open", evidence="made when it is published (flows publish)", later=True)


def _partitions(known: _Known) -> Line:
    kinds = {"kafka", "queue"}
    busy = known.named(lambda node: node.trigger is not None and node.trigger.kind in kinds)
    surfaces = [surface for surface in known.ir.surfaces if surface.kind == "partition"]
    keys = {edge.partition_key for edge in known.ir.edges if edge.partition_key}
    keys |= {str(field) for one in surfaces for field in _listed(one.config.get("fields"))}
    found = known.by_rules(("IDEM020",), f"partitioned by {_names(sorted(keys))}")
    if found.state == "open" or keys:
        return found
    return (
        _open(f"what {_names(busy)} brings is partitioned by no field") if busy else _na("no topic, no queue is read")
    )


def _retries(known: _Known) -> Line:
    owners = [f"{node.name}: {node.retry.owner}" for node in known.ir.nodes if node.retry is not None]
    handled = [surface for surface in known.ir.surfaces if surface.kind == "error_handler"]
    found = known.by_rules(("RETRY010", "RETRY011"), f"one owner each: {_names(owners) or 'the defaults'}")
    if found.state == "open" or owners or handled:
        return found
    return _na("nothing is retried")


def _windows(known: _Known) -> Line:
    aggregates = known.named(lambda node: node.kind == "aggregate")
    if not aggregates:
        return _na("nothing is aggregated")
    windows = [surface.config for surface in known.ir.surfaces if surface.kind == "window"]
    said = _names([f"{one.get('shape')}, late by {one.get('lateness_ms')} ms at most" for one in windows])
    return known.by_rules(("WIN001",), f"{_names(aggregates)}: {said}")


def _caches(known: _Known) -> Line:
    cached = [f"{n.name} by {' and '.join(n.cache.fields)}" for n in known.ir.nodes if n.cache is not None]
    found = known.by_rules(("CACHE001", "CACHE002"), _names(cached) or "nothing that repeats leaves the process")
    goldens = known.checks.get("goldens")
    if found.state == "open" or not cached:
        return found if cached or found.state == "open" else _na("nothing that repeats leaves the process")
    if goldens is not None and goldens.verdict in {"failed", "could_not_run"}:
        return _open(f"goldens: {goldens.summary}")
    return found


def _people(known: _Known) -> Line:
    if not known.ir.checkpoints:
        return _na("it waits for nobody")
    waits = _names([f"{one.id} {one.ttl_s} s, then {one.on_timeout}" for one in known.ir.checkpoints])
    return known.by_rules(("HITL101",), waits)


def _thresholds(known: _Known) -> Line:
    if known.ir.profile != "temporal":
        return _na(f"its profile is {known.ir.profile}")
    try:
        plan(known.ir)
    except PlanRefused as error:
        return _open(str(error))
    return _ticked("its plan continues as new after 2,000 events or 3 h (flows plan)")


_Maker = Callable[[_Known], Line]

_PUBLISH: Final[tuple[tuple[str, _Maker], ...]] = (
    ("Effects derived == declared", _effects),
    ("Determinism replay proof attached", _replay),
    ("Idempotency key present (if effectful)", _identity),
    ("Egress domains & scopes listed", _egress),
    ("Contract tests (200/401/429/5xx)", _contract),
    ("Data-class tags on all fields", _data),
    ("SBOM + signature", _signed),
)
_READY: Final[tuple[tuple[str, _Maker], ...]] = (
    ("Partition keys for hot paths", _partitions),
    ("Retry owner singular & justified", _retries),
    ("Window/watermark specified when aggregating", _windows),
    ("CacheSpec for strict/stable segments", _caches),
    ("HITL TTL & escalation policy defined", _people),
    ("Temporal thresholds set (if Temporal)", _thresholds),
)


def _line(known: _Known, title: str, make: _Maker) -> Line:
    return make(known).model_copy(update={"title": title})


def _ticked(evidence: str) -> Line:
    return Line(title="", state="ticked", evidence=evidence)


def _na(evidence: str) -> Line:
    return Line(title="", state="not_applicable", evidence=evidence)


def _open(evidence: str) -> Line:
    return Line(title="", state="open", evidence=evidence)


def _names(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
