"""`bindings.toml`: which backend each binding has in an environment, and what the flow's variables are there.

    [production.postmark]                   # environment, binding
    backend = "http"
    egress = ["api.postmarkapp.com"]
    headers = { X-Postmark-Server-Token = "$POSTMARK_TOKEN" }

    [production.seen]
    backend = "sqlite"
    path = "seen.sqlite"                    # relative to bindings.toml

    [production.vars]
    approval_cents = 250000

`entries` has what each kind of backend takes; the file itself is read here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from flowlattice.bindings.entries import Entry, HttpEntry, SecretEntry
from flowlattice.check.context import Environment
from flowlattice.errors import UsageError
from flowlattice.ir.bindings import VARIABLES

BINDINGS_FILE: Final = "bindings.toml"

_ENTRIES: Final[TypeAdapter[dict[str, dict[str, Entry]]]] = TypeAdapter(dict[str, dict[str, Entry]])
_VALUES: Final[TypeAdapter[dict[str, dict[str, JsonValue]]]] = TypeAdapter(dict[str, dict[str, JsonValue]])


@dataclass(frozen=True, kw_only=True)
class EnvironmentText:
    """One environment as the file has it.

    Attributes:
        name: Its name.
        entries: What each binding is bound to.
        variables: The values that it gives to the flow's variables.
    """

    name: str
    entries: Mapping[str, Entry]
    variables: Mapping[str, JsonValue]


def read_environment(text: str, environment: str) -> EnvironmentText:
    """One environment.

    Args:
        text: The text of a `bindings.toml`.
        environment: The environment's name.

    Raises:
        UsageError: The text is wrong, or has no such environment.
    """
    try:
        tables: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{BINDINGS_FILE}: not TOML ({error})") from None
    variables = {
        name: {VARIABLES: table.pop(VARIABLES)}
        for name, table in tables.items()
        if isinstance(table, dict) and VARIABLES in table
    }
    try:
        entries = _ENTRIES.validate_python(tables)
        values = _VALUES.validate_python({name: found[VARIABLES] for name, found in variables.items()})
    except ValidationError as error:
        # From None: the error beneath has what was given, and somebody may have written a credential out.
        problem = error.errors(include_url=False, include_input=False)[0]
        said = problem["msg"].removeprefix("Value error, ")
        raise UsageError(f"{BINDINGS_FILE}: {'.'.join(map(str, problem['loc']))}: {said}") from None
    if environment not in entries:
        known = ", ".join(entries) or "none"
        raise UsageError(f"{BINDINGS_FILE}: no environment {environment}; there is {known}")
    return EnvironmentText(name=environment, entries=entries[environment], variables=values.get(environment, {}))


def described(text: str, environment: str) -> Environment:
    """What an environment binds, as the checker wants to know it.

    Args:
        text: The text of a `bindings.toml`.
        environment: The environment's name.

    Raises:
        UsageError: The text is wrong, or has no such environment.
    """
    found = read_environment(text, environment)
    missing = {
        binding: tuple(source.name for source in entry.references().values() if not source.is_there())
        for binding, entry in found.entries.items()
    }
    return Environment(
        name=environment,
        backends={binding: entry.backend for binding, entry in found.entries.items()},
        missing_credentials={binding: names for binding, names in missing.items() if names},
        databases={b: words for b, entry in found.entries.items() if (words := entry.database_in_words()) is not None},
        hosts={
            binding: entry.egress
            for binding, entry in found.entries.items()
            if isinstance(entry, HttpEntry) and entry.egress is not None
        },
        regions={binding: entry.region for binding, entry in found.entries.items() if entry.region is not None},
        scopes={
            binding: entry.scopes
            for binding, entry in found.entries.items()
            if isinstance(entry, SecretEntry) and entry.scopes is not None
        },
        variables=found.variables,
    )


def bindings_text(folder: Path, environment: str) -> str:
    """The text of a folder's `bindings.toml`.

    Raises:
        UsageError: There is none.
    """
    try:
        return (folder / BINDINGS_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"{folder / BINDINGS_FILE}: not there; --env {environment} takes its bindings from it"
        raise UsageError(message) from None
