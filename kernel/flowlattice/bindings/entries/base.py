"""What all entries of `bindings.toml` have in common."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from flowlattice.bindings.references import Source


class BaseEntry(BaseModel):
    """An entry: what one binding is bound to.

    Attributes:
        region: Where its data is, in the words of the flow's residency tags (`eu`).
    """

    # Its input may hold what is no input at all: a credential that somebody wrote out.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: str | None = None

    def references(self) -> Mapping[str, Source]:
        """The credentials that it refers to, by their places in the entry."""
        return {}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports that it connects to, as far as the entry says."""
        return ()

    def database_in_words(self) -> str | None:
        """The database that it is, in words that are the same for the same one; none for what is no database."""
        return None
