"""Credentials of a flow: named, never held. Which secret each is, an environment says."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.language.ports import Place


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A credential that nodes may hand on: `flow.creds("stripe_key", provider="stripe", scopes=("charges:write",))`.

    Attributes:
        name: The name of the parameters that ask for it.
        provider: Who issues it.
        scopes: What it allows; a node may ask for no more.
        place: Where it is written.
    """

    name: str
    provider: str | None
    scopes: tuple[str, ...]
    place: Place
