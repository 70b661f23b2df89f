"""Credentials by reference: `bindings.toml` names where a value is, and the value is read when it is needed.

A value is never kept, never part of a message, and never shown: what stands for it is the name of its variable or file.
"""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from flowlattice.errors import UsageError

_VARIABLE: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_HEADER: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9-]*) )?\$([A-Za-z_][A-Za-z0-9_]*)")
_SENSITIVE: Final = re.compile(r"authorization|cookie|token|secret|password|credential|api-?key|access-?key", re.I)
_HOW: Final = 'name it, "$NAME" for an environment variable or { file = "/run/secrets/name" }'


class _Unusable(Exception):
    """Why there is no value that can be used, without the value."""


class _Reference(BaseModel):
    """Where a value is. Each kind says what it is called, whether something is there, and reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is a value; it is neither read nor judged."""

    def read(self, binding: str) -> str:
        """The value.

        Raises:
            UsageError: There is none, it cannot be read, or it is not one line of ASCII text.
        """
        try:
            return self._sendable()
        except _Unusable as why:
            raise UsageError(f"binding {binding}: {why}") from None

    def problem(self) -> str | None:
        """What `read` would say against the value, which is read for that; none if it is fit."""
        try:
            self._sendable()
        except _Unusable as why:
            return str(why)
        return None

    def _sendable(self) -> str:
        """A value that fits into a header; what does not would be quoted by the library that finds out."""
        value = self._value().strip()
        if not value or not value.isascii() or not value.isprintable():
            raise _Unusable(f"{self.name} holds nothing that can be sent (one line of ASCII text)")
        return value

    @abstractmethod
    def _value(self) -> str:
        """The value as it stands there.

        Raises:
            _Unusable: There is none, or it cannot be read.
        """


class FromEnvironment(_Reference):
    """A value in an environment variable."""

    variable: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.variable

    def is_there(self) -> bool:
        """Whether there is a value; it is not judged."""
        return bool(os.environ.get(self.variable))

    def _value(self) -> str:
        value = os.environ.get(self.variable)
        if not value:
            raise _Unusable(f"the environment variable {self.variable} is not set")
        return value


class FromFile(_Reference):
    """A value in a file, without the line end after it. The path is absolute, for a deployed flow has no folder."""

    file: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.file

    def is_there(self) -> bool:
        """Whether there is a value; it is not read."""
        try:
            return Path(self.file).stat().st_size > 0
        except OSError:
            return False

    def _value(self) -> str:
        try:
            return Path(self.file).read_text(encoding="utf-8")
        except OSError as error:
            raise _Unusable(f"{self.file} cannot be read ({type(error).__name__})") from None
        except UnicodeDecodeError:
            raise _Unusable(f"{self.file} is no text") from None


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
