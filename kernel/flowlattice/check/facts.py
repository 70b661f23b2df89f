"""What is stated about a flow outside of it: in a spec that people agreed on, or in a file of their own.

A fix that chooses an identity, a data class, a host or a budget is unsafe, because only people decide these. Where
they stated the fact, the same fix is safe, and its title says so. Facts are data (YAML for people); nothing here reads
a flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from flowlattice.check.finding import offer
from flowlattice.diagnostics import Fix
from flowlattice.errors import UsageError
from flowlattice.ir.model import AiBudget
from flowlattice.record import DataClass

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Names: TypeAlias = tuple[Name, ...]
Milliseconds: TypeAlias = Annotated[int, Field(gt=0)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Identity(_Fact):
    """What makes two inputs of a node the same effect: fields of its input, and for how long it is remembered."""

    fields: Annotated[Names, Field(min_length=1)]
    ttl_ms: Milliseconds | None = None


class Rate(_Fact):
    """At most `qps` a second, `burst` at once."""

    qps: float = Field(gt=0)
    burst: int = Field(ge=1)


class Approval(_Fact):
    """How long a checkpoint waits, and what happens then; `escalate_to` is who is asked next."""

    ttl_ms: Milliseconds | None = None
    on_timeout: Literal["reject", "escalate"] | None = None
    escalate_to: Name | None = None


class Facts(_Fact):
    """What the spec states; what is missing is not stated.

    Attributes:
        deadline_ms: The deadline of every trigger that has none in `deadlines_ms`, milliseconds.
        deadlines_ms: Deadlines of triggers by name, milliseconds.
        rate: The rate limit of the whole flow.
        rates: Rate limits of nodes by name.
        identities: What identifies an effect, by the node's name.
        partitions: The fields that a node's records are partitioned by, by the node's name.
        dedupe_ttl_ms: For how long keys are remembered where the identity does not say, milliseconds.
        approvals: By the checkpoint's name.
        data_classes: By `Record.field` or `Record`.
        hosts: The hosts that a binding may reach, by the binding's name.
        budgets: Ceilings of a language model's use, by the node's name.
    """

    deadline_ms: Milliseconds | None = None
    deadlines_ms: Mapping[Name, Milliseconds] = Field(default_factory=dict)
    rate: Rate | None = None
    rates: Mapping[Name, Rate] = Field(default_factory=dict)
    identities: Mapping[Name, Identity] = Field(default_factory=dict)
    partitions: Mapping[Name, Annotated[Names, Field(min_length=1)]] = Field(default_factory=dict)
    dedupe_ttl_ms: Milliseconds | None = None
    approvals: Mapping[Name, Approval] = Field(default_factory=dict)
    data_classes: Mapping[Name, DataClass] = Field(default_factory=dict)
    hosts: Mapping[Name, Annotated[Names, Field(min_length=1)]] = Field(default_factory=dict)
    budgets: Mapping[Name, AiBudget] = Field(default_factory=dict)

    def deadline(self, trigger: str) -> int | None:
        """The deadline of a trigger, milliseconds; none if none is stated."""
        return self.deadlines_ms.get(trigger, self.deadline_ms)

    def identity(self, node: str) -> Identity | None:
        """What identifies an effect of a node, with the time that is stated for all."""
        found = self.identities.get(node)
        if found is None or found.ttl_ms is not None:
            return found
        return found.model_copy(update={"ttl_ms": self.dedupe_ttl_ms})

    def data_class(self, record: str, field: str) -> str | None:
        """How sensitive a field is, by its own fact or its record's."""
        found = self.data_classes.get(f"{record}.{field}") or self.data_classes.get(record)
        return None if found is None else found.value


def stated(title: str) -> Fix:
    """A fix that does what the spec states: safe, and its title says so."""
    return offer("safe", f"{title}, as the spec states")


def read_facts(path: Path) -> Facts:
    """The facts in a YAML file.

    Raises:
        UsageError: It is not there, no YAML, or states what is no fact.
    """
    import yaml  # 0.1 s to import, for those who name a file

    try:
        return Facts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (yaml.YAMLError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UsageError(f"{path}: not a YAML file of facts") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "facts"
        raise UsageError(f"{path}: {place}: {first['msg']}; see `flows check --help`") from error
