"""What is laid over the organisation's rules: the profile of an environment, and the overlay of a team."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError

from flowlattice.errors import UsageError
from flowlattice.policy.judging import with_parameters
from flowlattice.policy.model import SEVERITIES, Policy, PolicyId, PolicyModel, Severity, Value

# The compiled one takes a tenth of the time, where PyYAML was built with it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

M = TypeVar("M", bound=BaseModel)


class Layer(PolicyModel):
    """A file of `profiles/` or `overlays/`.

    Attributes:
        flows: Names of flows, `pay*`, for which an overlay counts whoever asks; a profile has none.
        rules: Rules that it adds.
        severities: Severities of rules that are there, by id.
        parameters: Values of their parameters, by id and name.
    """

    flows: tuple[str, ...] = ()
    rules: tuple[Policy, ...] = ()
    severities: dict[PolicyId, Severity] = Field(default_factory=dict)
    parameters: dict[PolicyId, dict[str, Value]] = Field(default_factory=dict)


def laid_over(policies: Sequence[Policy], layer: Layer, file: Path, *, only_tighter: bool) -> tuple[Policy, ...]:
    """The policies with a layer over them.

    Args:
        policies: What it is laid over.
        layer: The layer.
        file: Its file, for what is wrong with it.
        only_tighter: Whether it may raise severities and tighten parameters only; an environment's profile, which the
            organisation itself writes, may do both.

    Raises:
        UsageError: It names what is not there, stands a rule twice, or loosens what it may not.
    """
    known = {policy.id: policy for policy in policies}
    for name in (*layer.severities, *layer.parameters):
        if name not in known:
            raise UsageError(f"{file}: there is no rule {name} to change; `rules` adds one")
    for name, severity in layer.severities.items():
        if only_tighter and SEVERITIES.index(severity) < SEVERITIES.index(known[name].severity):
            was = known[name].severity
            raise UsageError(f"{file}: {name} is {was}, and an overlay cannot make it {severity}; it only tightens")
        known[name] = known[name].model_copy(update={"severity": severity})
    for name, values in layer.parameters.items():
        known[name] = _with_values(known[name], values, file, only_tighter=only_tighter)
    for rule in layer.rules:
        if rule.id in known:
            raise UsageError(f"{file}: {rule.id} stands twice; an id names one policy")
        known[rule.id] = rule
    return tuple(known.values())


def together(policies: Sequence[Policy], others: Sequence[Policy], file: Path) -> tuple[Policy, ...]:
    """What two overlays make of the same policies: of each severity and parameter what is stricter.

    Raises:
        UsageError: Both add a rule of one id, and not the same.
    """
    known = {policy.id: policy for policy in policies}
    for other in others:
        one = known.get(other.id, other)
        if (one.require, one.for_each, one.parameters.keys()) != (
            other.require,
            other.for_each,
            other.parameters.keys(),
        ):
            raise UsageError(f"{file}: {other.id} stands twice; an id names one policy")
        severity = max(one.severity, other.severity, key=SEVERITIES.index)
        parameters = {name: given.stricter(other.parameters[name]) for name, given in one.parameters.items()}
        known[other.id] = one.model_copy(update={"severity": severity, "parameters": parameters})
    return tuple(known.values())


def _with_values(policy: Policy, values: dict[str, Value], file: Path, *, only_tighter: bool) -> Policy:
    try:
        changed = with_parameters(policy, values)
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error
    for name, value in values.items():
        given = policy.parameters[name]
        if type(given.value) is not type(value):
            raise UsageError(f"{file}: {policy.id}.{name} is a {_kind(given.value)}, not a {_kind(value)}")
        if only_tighter and given.loosened_by(value):
            said = f"{policy.id}.{name} is {_said(given.value)}, and an overlay cannot make it {_said(value)}"
            raise UsageError(f"{file}: {said}; it only tightens ({given.tighter})")
    return changed


def read_layer(file: Path) -> Layer | None:
    """A layer; none where there is no such file.

    Raises:
        UsageError: It is none.
    """
    return read_yaml(file, Layer, "layer of policies") if file.is_file() else None


def read_policies(file: Path) -> list[Policy]:
    """The rules of a file.

    Raises:
        UsageError: It is not YAML or not a list of policies.
    """
    found = _loaded(file, "list of policies")
    if not isinstance(found, list):
        raise UsageError(f"{file}: not a list of policies: there is {'nothing' if found is None else 'no list'} in it")
    try:
        return [Policy.model_validate(entry) for entry in found]
    except ValidationError as error:
        raise UsageError(f"{file}: not a list of policies: {_problem(error)}") from error


def read_yaml(file: Path, kind: type[M], what: str) -> M:
    """A file that holds one object.

    Raises:
        UsageError: It is not YAML, or holds something else.
    """
    try:
        return kind.model_validate(_loaded(file, what) or {})
    except ValidationError as error:
        raise UsageError(f"{file}: not a {what}: {_problem(error)}") from error


def _loaded(file: Path, what: str) -> object:
    try:
        found: object = yaml.load(file.read_text(encoding="utf-8"), _LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = str(error).splitlines()[0]
        raise UsageError(f"{file}: not a {what}: {said}") from error
    return found


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _kind(value: Value) -> str:
    return "list" if isinstance(value, tuple) else "number"


def _said(value: Value) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)
