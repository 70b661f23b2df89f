"""`backend = "secret"`: a credential that nodes hand on with `auth=`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source


class SecretEntry(BaseEntry):
    """For creds.

    Attributes:
        value: Where it is.
        header: The header of a request that carries it.
        scheme: The word before it; empty for none.
        scopes: What it allows, in the provider's words; not given where nobody wrote it down.
    """

    backend: Literal["secret"]
    value: Reference
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    scheme: str = Field(default="Bearer", pattern=r"^[A-Za-z0-9-]*$")
    scopes: tuple[str, ...] | None = None

    def references(self) -> Mapping[str, Source]:
        """The value."""
        return {"value": self.value}
