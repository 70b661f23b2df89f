"""Credentials that the engine attaches to requests."""

from __future__ import annotations

from collections.abc import Mapping

from flowlattice.bindings.entries import SecretEntry


class ReferencedCredential:
    """`Credential` of an entry; its value is read for each request, so that a rotated one is used at once."""

    def __init__(self, binding: str, entry: SecretEntry) -> None:
        self._binding = binding
        self._entry = entry

    def headers(self) -> Mapping[str, str]:
        """The header that carries it.

        Raises:
            UsageError: It has no value.
        """
        value = self._entry.value.read(self._binding)
        return {self._entry.header: f"{self._entry.scheme} {value}" if self._entry.scheme else value}


class CredentialDouble:
    """`Credential` that says that it is a double."""

    def headers(self) -> Mapping[str, str]:
        """A header that no service takes for a credential."""
        return {"Authorization": "Double"}
