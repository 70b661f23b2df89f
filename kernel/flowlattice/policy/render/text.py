"""A policy's page, a decision with every rule's verdict, and waivers, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from flowlattice.check.finding import printable
from flowlattice.policy.decision import Decision, Judged
from flowlattice.policy.judging import Judgement
from flowlattice.policy.model import Parameter, Policy
from flowlattice.policy.ruleset import Ruleset
from flowlattice.policy.waivers import Waiver, lapse, said

_WIDTH: Final = 100
_MARKS: Final = {"deny": "✗ deny ", "warn": "! warn ", "audit": "· audit"}


def policy_page(policy: Policy, ruleset: Ruleset, at: datetime) -> str:
    """What a policy asks and why it would refuse: its page for `flows policy explain ID`."""
    lines = [
        f"# {policy.id} ({policy.severity}{'' if policy.code is None else f', says the same as {policy.code}'})",
        "",
        *textwrap.wrap(f"Refused: {_with_parameters(policy.message, policy)}.", _WIDTH),
        *textwrap.wrap(f"Remedy: {_with_parameters(policy.remedy, policy)}.", _WIDTH),
        "",
        f"for each  {policy.for_each}",
        f"require   {policy.require}",
    ]
    for name, given in policy.parameters.items():
        lines.append(f"{name} = {_value(given)}  (tighter: {given.tighter})")
    lines += ["", *(f"{'passes ' if test.passes else 'refused'}  {test.name}" for test in policy.tests)]
    given_up = [waiver for waiver in ruleset.waivers.entries if waiver.policy == policy.id]
    if not policy.waivable:
        lines += ["", "It cannot be waived."]
    lines += ["", *(waiver_line(waiver, ruleset, at) for waiver in given_up)] if given_up else []
    return "\n".join(lines)


def _with_parameters(template: str, policy: Policy) -> str:
    """A message with what is the same for every subject."""
    for name, given in policy.parameters.items():
        template = template.replace(f"{{params.{name}}}", _value(given))
    return template


def _value(given: Parameter) -> str:
    return f"[{', '.join(given.value)}]" if isinstance(given.value, tuple) else str(given.value)


def render_decision(decision: Decision, judged: Sequence[Judgement]) -> str:
    """Every rule with its verdict, its subjects, and what is waived or no longer is; then the decision."""
    found = {policy: [f for f in decision.findings if f.policy == policy] for policy in decision.policies}
    width = max(map(len, decision.policies), default=0)
    lines = [line for one in judged for line in _rule(one, found[one.policy], width)]
    denied = list(dict.fromkeys(finding.policy for finding in decision.denials))
    verdict = f"denied by {', '.join(denied)}" if denied else "allowed"
    layers = f" ({', '.join(decision.layers)})" if decision.layers else ""
    return "\n".join([*lines, f"{printable(decision.flow)} in {decision.environment}{layers}: {verdict}"])


def _rule(one: Judgement, findings: Sequence[Judged], width: int) -> Iterator[str]:
    if not findings:
        names = ", ".join(dict.fromkeys(name for name in one.subjects if name))
        mark, subjects = ("✓ holds", names) if one.subjects else ("- none ", "nothing here that it is about")
        yield printable(f"{mark}  {one.policy:<{width}}  {textwrap.shorten(subjects, _WIDTH, placeholder=' …')}")
    for finding in findings:
        mark = _MARKS[finding.severity] if finding.waiver is None else "~ waive"
        yield printable(f"{mark}  {one.policy:<{width}}  {finding.message}")
        given = finding.waiver
        if given is None:
            yield printable(f"         {'':<{width}}  {finding.remedy}")
        else:
            text = f"waiver {given.id} of {given.owner} until {said(given.expires)}: {given.reason}"
            yield printable(f"         {'':<{width}}  {text}")
        yield from (printable(f"         {'':<{width}}  {why}") for why in finding.lapsed)


def waiver_line(waiver: Waiver, ruleset: Ruleset, at: datetime) -> str:
    """A waiver on one line, and whether it counts."""
    scope = waiver.scope.flow if waiver.scope.node is None else f"{waiver.scope.flow}/{waiver.scope.node}"
    state = lapse(waiver, at, ruleset.longest) or f"until {said(waiver.expires)}"
    return printable(f"{waiver.id}  {waiver.policy}  {scope}  {state}  {waiver.owner}: {waiver.reason}")
