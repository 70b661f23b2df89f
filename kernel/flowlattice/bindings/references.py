"""Credentials by reference: `bindings.toml` names where a value is, and the value is read when it is needed.

A value is never kept, never part of a message, and never shown: what stands for it is the name of its variable or file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from flowlattice.errors import UsageError

_VARIABLE: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_HEADER: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9-]*) )?\$([A-Za-z_][A-Za-z0-9_]*)")
_SENSITIVE: Final = re.compile(r"authorization|cookie|token|secret|password|credential|api-?key|access-?key", re.I)
_HOW: Final = 'name it, "$NAME" for an environment variable or { file = "/run/secrets/name" }'


class FromEnvironment(BaseModel):
    """A value in an environment variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variable: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.variable

    def read(self, binding: str) -> str:
        """The value.

        Raises:
            UsageError: The variable is not set, or holds nothing that can be sent.
        """
        value = os.environ.get(self.variable)
        if not value:
            raise UsageError(f"binding {binding}: the environment variable {self.variable} is not set")
        return _sendable(binding, self.name, value)

    def is_there(self) -> bool:
        """Whether there is a value."""
        return bool(os.environ.get(self.variable))


class FromFile(BaseModel):
    """A value in a file, without the line end after it. The path is absolute, for a deployed flow has no folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.file

    def read(self, binding: str) -> str:
        """The value.

        Raises:
            UsageError: The file cannot be read, or holds nothing that can be sent.
        """
        try:
            value = Path(self.file).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"binding {binding}: {self.file} cannot be read ({type(error).__name__})") from None
        except UnicodeDecodeError:
            raise UsageError(f"binding {binding}: {self.file} is no text") from None
        return _sendable(binding, self.name, value)

    def is_there(self) -> bool:
        """Whether there is a value."""
        try:
            return Path(self.file).stat().st_size > 0
        except OSError:
            return False


Source: TypeAlias = FromEnvironment | FromFile


class Header(BaseModel):
    """The value of a header: a text, or a credential with a word before it, `"Bearer $NAME"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""
    source: FromEnvironment | FromFile | None = None

    def read(self, binding: str) -> str:
        """The value as it is sent.

        Raises:
            UsageError: It refers to something that has no value.
        """
        return self.text if self.source is None else self.text + self.source.read(binding)


def _reference(value: object) -> Source:
    named = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if named is not None:
        return FromEnvironment(variable=named[1])
    in_file = _in_file(value)
    if in_file is None:
        raise ValueError(f"a credential is never written here; {_HOW}")
    return in_file


def _in_file(value: object) -> FromFile | None:
    """The file that a table names by its absolute path; none if it is no such table."""
    path = value.get("file") if isinstance(value, Mapping) and len(value) == 1 else None
    return FromFile(file=path) if isinstance(path, str) and path.startswith("/") else None


def _header(value: object) -> Header:
    if isinstance(value, str):
        found = _HEADER.fullmatch(value)
        if found is not None:
            return Header(text=f"{found[1]} " if found[1] else "", source=FromEnvironment(variable=found[2]))
        return Header(text=value)
    in_file = _in_file(value)
    if in_file is None:
        raise ValueError(f"neither a text nor a credential; {_HOW}")
    return Header(source=in_file)


Reference: TypeAlias = Annotated[FromEnvironment | FromFile, BeforeValidator(_reference)]
"""A credential in an entry of `bindings.toml`."""

HeaderValue: TypeAlias = Annotated[Header, BeforeValidator(_header)]
"""A header's value in an entry of `bindings.toml`."""


def refuse_written(headers: Mapping[str, Header]) -> None:
    """Refuse headers that carry credentials by their names and have them written out.

    Raises:
        ValueError: One is.
    """
    for name, header in headers.items():
        if header.source is None and _SENSITIVE.search(name):
            raise ValueError(f"the value of {name} is a credential and never written here; {_HOW}")


def _sendable(binding: str, name: str, value: str) -> str:
    """A value that fits into a header; what does not would be quoted by the library that finds out."""
    stripped = value.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable():
        raise UsageError(f"binding {binding}: {name} holds nothing that can be sent (one line of ASCII text)")
    return stripped
