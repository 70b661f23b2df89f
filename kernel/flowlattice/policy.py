"""Policies: an organisation's rules over Flow IR, as data. Each is CEL with an id, a severity, a remedy and tests.

A policy has subjects (`for_each`, a CEL list) and a condition that must hold for each (`require`, with the subject as
`it`). A rule that cannot be evaluated is a denial: the default is to refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from flowlattice.errors import UsageError
from flowlattice.ir.model import FlowIR
from flowlattice.ir.records import records_of
from flowlattice.resources import data_folder

if TYPE_CHECKING:
    from cel import Program

Severity = Literal["deny", "warn", "audit"]

# What the CEL library raises for a rule that does not fit its subject.
_CANNOT = (ValueError, RuntimeError, TypeError, KeyError, IndexError, ArithmeticError)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyTest(_Model):
    """A case that a policy must judge as it says; `ir` holds only what the policy reads."""

    name: str
    passes: bool
    ir: dict[str, JsonValue]
    allowed_hosts: tuple[str, ...] = ()


class Policy(_Model):
    """One rule.

    Attributes:
        id: Its name for ever.
        severity: `deny` blocks a flow, `warn` is shown, `audit` is kept.
        code: The diagnostic's code that says the same, where there is one.
        for_each: CEL that gives the subjects.
        require: CEL that must be true for each subject, `it`.
        message: What is wrong; `{it.name}` and the like stand for parts of the subject.
        remedy: What to do about it.
        tests: Cases that the policy must judge as they say; they run in the tests.
    """

    id: str = Field(pattern=r"^[A-Z][A-Z0-9-]*$")
    severity: Severity
    code: str | None = None
    for_each: str
    require: str
    message: str
    remedy: str
    tests: tuple[PolicyTest, ...] = Field(min_length=2)


class Finding(_Model):
    """A subject for which a policy does not hold."""

    policy: str
    severity: Severity
    code: str | None
    message: str
    remedy: str
    subject: str


def load_policies(folder: Path | None = None) -> tuple[Policy, ...]:
    """The policies of a folder (by default those that come with the package), by file and position.

    Raises:
        UsageError: A file is not YAML or not a list of policies, or an id stands twice.
    """
    folder = folder or data_folder("flowlattice", "policies")
    policies: list[Policy] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            entries = yaml.safe_load(file.read_text(encoding="utf-8"))
            policies.extend(Policy.model_validate(entry) for entry in entries)
        except (yaml.YAMLError, ValidationError, TypeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not a list of policies: {str(error).splitlines()[0]}") from error
    ids = [policy.id for policy in policies]
    twice = sorted({policy for policy in ids if ids.count(policy) > 1})
    if twice:
        raise UsageError(f"{folder}: {', '.join(twice)} stands twice; an id names one policy")
    return tuple(policies)


def evaluate(policies: Sequence[Policy], ir: FlowIR, *, allowed_hosts: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What the policies find in a flow, in the order of the policies; `*.example.com` allows all hosts below it."""
    plain = ir.model_dump(mode="json", by_alias=True)
    wanted = {host for node in ir.nodes for use in node.capabilities for host in use.egress}
    below = tuple(name[1:] for name in allowed_hosts if name.startswith("*."))
    hosts = [*allowed_hosts, *sorted(host for host in wanted if host.endswith(below))]
    return tuple(finding for policy in policies for finding in _judge(policy, plain, hosts))


def policies_digest(policies: Sequence[Policy]) -> str:
    """SHA-256 of everything that the policies say, hex; a decision that names it is of exactly these policies."""
    content = [policy.model_dump(mode="json") for policy in policies]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def run_tests(policy: Policy) -> Iterator[tuple[PolicyTest, bool]]:
    """Each test of a policy and whether the policy judged it as the test says."""
    for test in policy.tests:
        findings = list(_judge(policy, dict(test.ir), test.allowed_hosts))
        yield test, (not findings) == test.passes


def _judge(policy: Policy, ir: Mapping[str, JsonValue], allowed_hosts: Sequence[str]) -> Iterator[Finding]:
    schemas = ir.get("schemas")
    names: dict[str, object] = {
        "ir": dict(ir),
        "allowed_hosts": list(allowed_hosts),
        "records": [record.model_dump() for record in records_of(schemas if isinstance(schemas, dict) else {})],
    }
    try:
        subjects = _program(policy.for_each).execute(names)
    except _CANNOT as error:
        yield _finding(policy, None, f" (the rule cannot be evaluated: {error})")
        return
    for subject in subjects:
        try:
            holds = _program(policy.require).execute({**names, "it": subject})
        except _CANNOT as error:
            yield _finding(policy, subject, f" (the rule cannot be evaluated: {error})")
            continue
        if holds is not True:
            yield _finding(policy, subject, "")


def _finding(policy: Policy, subject: object, suffix: str) -> Finding:
    name = subject.get("name", "") if isinstance(subject, dict) else str(subject or "")
    return Finding(
        policy=policy.id,
        severity=policy.severity,
        code=policy.code,
        message=_filled(policy.message, subject) + suffix,
        remedy=_filled(policy.remedy, subject),
        subject=str(name),
    )


def _filled(template: str, subject: object) -> str:
    def value(match: re.Match[str]) -> str:
        found: object = subject
        for part in match[1].split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return str(found)

    return re.sub(r"\{it\.([\w.]+)\}", value, template)


@cache
def _program(expression: str) -> Program:
    return cast("Program", _cel().compile(expression))


@cache
def _cel() -> ModuleType:
    """The CEL library's compiled module alone: the package around it imports its command line, half a second of it."""
    package = find_spec("cel")
    if package is None or package.origin is None:
        raise UsageError("policies need the package common-expression-language; pip install flowlattice again")
    compiled = next(iter(sorted(Path(package.origin).parent.glob("cel*.so"))), None)
    found = None if compiled is None else spec_from_file_location("cel.cel", compiled)
    if found is None or found.loader is None:
        return import_module("cel")
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module
