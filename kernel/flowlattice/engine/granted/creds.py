"""Grants of creds: a node holds a name; what stands behind it is read when a request is sent, and goes nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from flowlattice.capabilities import Creds
from flowlattice.engine.backends import Bindings, Credential
from flowlattice.engine.granted.base import Grant
from flowlattice.ir.model import CapabilityUse


class GrantedCreds:
    """`Creds`: a name for the node, and for the engine the way to the credential.

    What leads there is underscored: code of a flow that names such an attribute is not loaded.
    """

    __slots__ = ("_credential", "name")

    def __init__(self, name: str, credential: Credential) -> None:
        self.name = name
        self._credential = credential


def headers_of(auth: Creds | None) -> Mapping[str, str]:
    """The headers of a request that is sent with a credential.

    Raises:
        TypeError: It is no credential that the engine gave.
        UsageError: It has no value any more.
    """
    if auth is None:
        return {}
    if not isinstance(auth, GrantedCreds):
        raise TypeError(f"auth takes a parameter of type Creds, not a {type(auth).__name__}")
    return auth._credential.headers()  # noqa: SLF001 - what is private is private to this module


def creds(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant creds."""
    granted = GrantedCreds(use.binding, bindings.credential(use.binding))
    return lambda _attempt: granted
