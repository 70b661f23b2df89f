"""What a check knows besides the flow: which hosts are allowed, what an environment binds, what the spec states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice.check.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What an environment binds, as `bindings.toml` says it.

    Attributes:
        name: Its name.
        backends: The kind of backend (`http`, `sqlite`) of each binding.
        missing_credentials: What each binding refers to and has no value: environment variables, files.
        databases: The database of each binding that is kept in one, in words that are the same for the same one.
        hosts: The hosts that a binding may reach at all, `host` or `host:port` in lower case; not those of a binding
            that leaves it to the flow.
        regions: The region that each binding's data is in, where it says so.
        scopes: What the credential of each binding allows, where it says so.
        variables: The values that it gives to the flow's variables.
    """

    name: str
    backends: Mapping[str, str]
    missing_credentials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    databases: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


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
