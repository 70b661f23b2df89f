"""What a check knows besides the flow: which hosts are allowed, what an environment binds, what the spec states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowlattice.check.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What an environment binds.

    Attributes:
        name: Its name.
        backends: The kind of backend (`http`, `sqlite`) of each binding.
        missing_credentials: Names of credentials that a binding refers to and that have no value.
    """

    name: str
    backends: Mapping[str, str]
    missing_credentials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """The circumstances of a check.

    Attributes:
        allowed_hosts: Hosts that flows may reach, `*.example.com` for all below one; none if that is not known.
        environment: What is bound; none where local doubles stand in.
        facts: What is stated about the flow; fixes that do what is stated are safe.
    """

    allowed_hosts: frozenset[str] | None = None
    environment: Environment | None = None
    facts: Facts = field(default_factory=Facts)
