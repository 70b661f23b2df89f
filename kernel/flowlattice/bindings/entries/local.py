"""`backend = "local"`: a double, for whatever the binding is asked."""

from __future__ import annotations

from typing import Literal

from flowlattice.bindings.entries.base import BaseEntry


class LocalEntry(BaseEntry):
    """For every capability: nothing leaves the machine, and what is kept is kept in memory.

    By a trigger nothing comes in.
    """

    backend: Literal["local"]

    def database_in_words(self) -> str:
        """Memory, whichever double keeps something there."""
        return "memory"
