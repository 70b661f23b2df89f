"""How a rule is judged: its condition for each of its subjects. A rule that cannot be evaluated denies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from pydantic import JsonValue

from flowlattice.ir.model import FlowIR
from flowlattice.policy import _cel
from flowlattice.policy.facts import Circumstances, facts_of
from flowlattice.policy.model import Finding, Policy, PolicyModel, PolicyTest, Value


class Judgement(PolicyModel):
    """What one policy says of a flow: the subjects that it asked, and those for which it does not hold."""

    policy: str
    subjects: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def plain(ir: FlowIR) -> dict[str, JsonValue]:
    """An IR as rules see it."""
    return ir.model_dump(mode="json", by_alias=True)


def run_tests(policy: Policy) -> Iterator[tuple[PolicyTest, bool]]:
    """Each test of a policy and whether the policy judged it as the test says.

    Raises:
        ValueError: A test gives a parameter that the policy has not.
    """
    for test in policy.tests:
        where = Circumstances(environment=test.environment, bindings=test.bindings, allowed_hosts=test.allowed_hosts)
        judged = judge(with_parameters(policy, test.parameters), facts_of(test.ir, where))
        yield test, (not judged.findings) == test.passes


def with_parameters(policy: Policy, values: Mapping[str, Value]) -> Policy:
    """A policy with other values of its parameters.

    Raises:
        ValueError: It has no such parameter.
    """
    unknown = sorted(values.keys() - policy.parameters.keys())
    if unknown:
        raise ValueError(f"{policy.id} has no parameter {unknown[0]}")
    changed = {name: policy.parameters[name].with_value(value) for name, value in values.items()}
    return policy.model_copy(update={"parameters": {**policy.parameters, **changed}})


def judge_all(policies: Iterable[Policy], names: Mapping[str, object]) -> Iterator[Judgement]:
    """What each policy says, given what its expressions see (`facts_of`)."""
    for policy in policies:
        yield judge(policy, names)


def judge(policy: Policy, names: Mapping[str, object]) -> Judgement:
    """What one policy says."""
    params = {name: _plain(given.value) for name, given in policy.parameters.items()}
    seen = {**names, "params": params}
    try:
        subjects = _cel.evaluate(policy.for_each, seen)
    except _cel.CANNOT as error:
        return Judgement(policy=policy.id, findings=(_cannot(policy, None, params, error),))
    if not isinstance(subjects, list):
        return Judgement(policy=policy.id, findings=(_cannot(policy, None, params, "for_each gives no list"),))
    findings = [found for subject in subjects if (found := _held(policy, subject, seen, params)) is not None]
    return Judgement(policy=policy.id, subjects=tuple(map(subject_name, subjects)), findings=tuple(findings))


def subject_name(subject: object) -> str:
    """How findings and waivers name a subject: by its name, or else its id."""
    if isinstance(subject, dict):
        return str(subject.get("name") or subject.get("id") or "")
    return str(subject or "")


def _held(policy: Policy, subject: object, names: Mapping[str, object], params: object) -> Finding | None:
    try:
        holds = _cel.evaluate(policy.require, {**names, "it": subject})
    except _cel.CANNOT as error:
        return _cannot(policy, subject, params, error)
    return None if holds is True else _finding(policy, subject, params)


def _finding(policy: Policy, subject: object, params: object) -> Finding:
    known = {"it": subject, "params": params}
    return Finding(
        policy=policy.id,
        severity=policy.severity,
        code=policy.code,
        message=_filled(policy.message, known),
        remedy=_filled(policy.remedy, known),
        subject=subject_name(subject),
    )


def _cannot(policy: Policy, subject: object, params: object, error: object) -> Finding:
    """What is not known to hold is denied, however mild the policy is."""
    found = _finding(policy, subject, params)
    said = " ".join(str(error).split())
    message = f"{found.message} (the rule cannot be evaluated: {said})"
    return found.model_copy(update={"message": message, "severity": "deny"})


def _filled(template: str, known: Mapping[str, object]) -> str:
    def value(match: re.Match[str]) -> str:
        found: object = known
        for part in match[1].split("."):
            found = cast("dict[str, object]", found).get(part) if isinstance(found, dict) else None
        return ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return re.sub(r"\{((?:it|params)\.[\w.]+)\}", value, template)


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
