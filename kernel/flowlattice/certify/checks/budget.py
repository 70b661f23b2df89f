"""Budget: what one run can cost at worst, in tokens and money, is within the organisation's ceiling.

It is worked out from the IR: the tokens of a call times its tries, by the stated price or else the packaged one of the
model, within the budget's own ceilings; what a route asks adds up, of several cases the dearest counts. Where no price
is known, or nothing bounds how often a model is asked, there is no figure, and the check could not run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.model import Check, Part, Verdict
from flowlattice.certify.parts import title
from flowlattice.chat.prices import known_price
from flowlattice.ir.model import Node
from flowlattice.policy import Policy, load_policies
from flowlattice.policy.costs import MICROS, RunCost, run_costs
from flowlattice.policy.evidence import CEILING
from flowlattice.policy.judging import plain

NAME = "budget"
TITLE = "What one run can cost at worst, in tokens and money, is within the ceiling"

_WORST: Final[tuple[Verdict, ...]] = ("failed", "could_not_run", "passed")


def applies(bench: Bench) -> str | None:
    """It needs a node that asks a language model."""
    return None if any(node.ai is not None for node in bench.ir.nodes) else "no node asks a language model"


def run(bench: Bench) -> Check:
    """Reckon each route up and hold it against the ceiling."""
    tokens, micros = _ceiling(bench)
    costs = run_costs(plain(bench.ir), _price)
    asked = [(node, costs[str(node.id)]) for node in bench.ir.triggers() if costs[str(node.id)].asks]
    parts = [_part(node, cost, tokens, micros, is_waived=_is_waived(bench, node)) for node, cost in asked]
    verdicts = {part.verdict for part in parts}
    unknown = tuple(dict.fromkeys(why for _, cost in asked for why in cost.unknown))
    ceiling = f"the ceiling is {_usd(micros)} and {tokens:,} tokens a run"
    summary = "; ".join([*(f"{_named(part)}: {part.summary}" for part in parts[:3]), ceiling])
    verdict = next((one for one in _WORST if one in verdicts), "not_applicable")
    failures = [f"{_named(part)}: {part.summary}; {ceiling}" for part in parts if part.verdict == "failed"]
    return Check(
        name=NAME,
        verdict=verdict,
        summary=summary if parts else "no route leads to a language model",
        failures=tuple(failures or (unknown if verdict == "could_not_run" else ()))[:10],
        measured={
            "tokens": {_named(part): cost.tokens for part, (_, cost) in zip(parts, asked, strict=True)},
            "usd_micros": {_named(part): cost.usd_micros for part, (_, cost) in zip(parts, asked, strict=True)},
            "ceiling_tokens": tokens,
            "ceiling_usd_micros": micros,
        },
        parts=tuple(parts),
    )


def _part(node: Node, cost: RunCost, tokens: int, micros: int, *, is_waived: bool) -> Part:
    is_over = (cost.tokens or 0) > tokens or (cost.usd_micros or 0) > micros
    verdict: Verdict = "failed" if is_over else "could_not_run" if cost.usd_micros is None else "passed"
    money = "an unknown sum" if cost.usd_micros is None else _usd(cost.usd_micros)
    counted = "an unknown number of tokens" if cost.tokens is None else f"{cost.tokens:,} tokens"
    said = "; ".join([f"at most {money} and {counted} a run", *cost.unknown])
    waived = is_waived and verdict == "failed"
    name = f"route:{title(node)}" if node.trigger is not None and node.trigger.kind == "http" else f"node:{node.name}"
    return Part(name=name, verdict="passed" if waived else verdict, summary=f"{said}, waived" if waived else said)


def _is_waived(bench: Bench, node: Node) -> bool:
    findings = () if bench.decision is None else bench.decision.findings
    return any(f.policy == CEILING and f.subject == node.name and f.waiver is not None for f in findings)


def _ceiling(bench: Bench) -> tuple[int, int]:
    """The most tokens and micro-dollars of a run: the decision's, else the packaged baseline's."""
    given = {} if bench.decision is None else bench.decision.parameters.get(CEILING, {})
    known: Policy | None = next((policy for policy in load_policies() if policy.id == CEILING), None)
    packaged = {} if known is None else {name: one.value for name, one in known.parameters.items()}
    found = {**packaged, **given}
    return cast("int", found["most_tokens"]), cast("int", found["most_usd_micros"])


def _price(model: str) -> tuple[JsonValue, JsonValue] | None:
    """The packaged price of a million prompt and answer tokens, as decimal text."""
    found = known_price(model, datetime.now(UTC).date())
    return None if found is None else (f"{found.input:f}", f"{found.output:f}")


def _named(part: Part) -> str:
    return part.name.partition(":")[2]


def _usd(micros: int) -> str:
    return f"${micros / MICROS:,.6f}".rstrip("0").rstrip(".")
