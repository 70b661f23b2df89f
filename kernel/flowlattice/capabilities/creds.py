"""Credentials by reference: a node hands one on with `auth=` and never sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from flowlattice.capabilities.base import Detail, capability
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True)
class Scopes(Detail):
    """What a credential has to allow, in the provider's own words."""

    names: tuple[str, ...]

    def facts(self) -> Mapping[str, JsonValue]:
        """The scopes."""
        return {"scopes": list(self.names)}


def scopes(*names: str) -> Scopes:
    """What a credential has to allow.

    `key: Annotated[Creds, scopes("charges:write")]`
    """
    return Scopes(names)


@capability(
    "creds",
    effects=Effects.READ_ONLY,
    determinism=Determinism.STRICT,
    backends=["secret"],
    details=[Scopes],
)
class Creds(Protocol):
    """A credential, opaque: `await stripe.post(url, json=body, auth=key)`. The engine attaches it to the request.

    It is strict, since a node cannot see what it holds, so that what the node gives cannot depend on it.
    """

    @property
    def name(self) -> str:
        """The name of its binding, never its value."""
