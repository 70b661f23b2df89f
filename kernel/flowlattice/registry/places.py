"""Which backend a place on the command line means."""

from __future__ import annotations

from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice.registry.folder import FolderStore
from flowlattice.registry.store import Store


def store_at(place: str) -> Store:
    """The store at a place: a folder, which is made when something is put into it.

    Raises:
        UsageError: There is no backend for such a place.
    """
    scheme, is_address, _ = place.partition("://")
    if is_address:
        raise UsageError(f"{place}: no registry can be kept at {scheme}://; name a folder")
    return FolderStore(Path(place).absolute())
