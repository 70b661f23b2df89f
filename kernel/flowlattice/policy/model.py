"""What a policy is: one rule over a flow, as data, with its parameters and its own tests; and what it finds."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictInt, StringConstraints

Severity = Literal["deny", "warn", "audit"]

SEVERITIES: Final[tuple[Severity, ...]] = ("audit", "warn", "deny")
"""From the mildest to the most severe."""

LOCAL: Final = "local"
"""The environment of a flow that runs on local doubles, without `--env`."""

PolicyId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]*$")]
Value = StrictInt | tuple[str, ...]


class PolicyModel(BaseModel):
    """Base of what the files say: frozen, and an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Parameter(PolicyModel):
    """A number or a list that a rule reads as `params.NAME`, with its unit in its name.

    Attributes:
        value: What it is.
        tighter: Which way is stricter: a `lower` or `higher` number, a list with `fewer` or `more` entries. An overlay
            may only go this way.
    """

    value: Value
    tighter: Literal["lower", "higher", "fewer", "more"]

    def loosened_by(self, value: Value) -> bool:
        """Whether another value would be less strict, or one of another kind."""
        if isinstance(self.value, int) and isinstance(value, int):
            return (value > self.value) if self.tighter == "lower" else (value < self.value)
        if isinstance(self.value, tuple) and isinstance(value, tuple):
            was, now = set(self.value), set(value)
            return not (now <= was if self.tighter == "fewer" else now >= was)
        return True

    def stricter(self, other: Parameter) -> Self:
        """The stricter of two values of one parameter; of lists what is in both, or in either."""
        mine, theirs = self.value, other.value
        if isinstance(mine, int) and isinstance(theirs, int):
            return self.with_value(min(mine, theirs) if self.tighter == "lower" else max(mine, theirs))
        if not (isinstance(mine, tuple) and isinstance(theirs, tuple)):
            return self
        if self.tighter == "fewer":
            return self.with_value(tuple(item for item in mine if item in theirs))
        return self.with_value((*mine, *(item for item in theirs if item not in mine)))

    def with_value(self, value: Value) -> Self:
        """The same parameter with another value."""
        return self.model_copy(update={"value": value})


class Bound(PolicyModel):
    """What an environment binds one binding to, as rules see it.

    Attributes:
        backend: The kind of backend, `http`, `postgres`, `local`.
        region: Where its data is; none where the environment does not say.
        egress: The hosts that it may reach; none where that is left to the flow.
        scopes: What a credential allows; none where the environment does not say.
    """

    backend: str
    region: str | None = None
    egress: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None


class PolicyTest(PolicyModel):
    """A case that a policy must judge as it says; `ir` holds only what the policy reads."""

    name: str
    passes: bool
    ir: dict[str, JsonValue]
    allowed_hosts: tuple[str, ...] = ()
    environment: str = LOCAL
    bindings: dict[str, Bound] = Field(default_factory=dict)
    parameters: dict[str, Value] = Field(default_factory=dict)


class Policy(PolicyModel):
    """One rule.

    Attributes:
        id: Its name for ever.
        severity: `deny` blocks a flow, `warn` is shown, `audit` is kept.
        code: The diagnostic's code that says the same, where there is one.
        for_each: CEL that gives the subjects.
        require: CEL that must be true for each subject, `it`.
        message: What is wrong; `{it.name}`, `{params.longest_ms}` and the like stand for values.
        remedy: What to do about it.
        parameters: The numbers and lists that it reads, by name.
        waivable: Whether a waiver can let a finding pass.
        tests: Cases that the policy must judge as they say; they run in the tests.
    """

    id: PolicyId
    severity: Severity
    code: str | None = None
    for_each: str
    require: str
    message: str
    remedy: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    waivable: bool = True
    tests: tuple[PolicyTest, ...] = Field(min_length=2)


class Finding(PolicyModel):
    """A subject for which a policy does not hold."""

    policy: str
    severity: Severity
    code: str | None
    message: str
    remedy: str
    subject: str
