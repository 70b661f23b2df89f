"""Which backend a place on the command line means."""

from __future__ import annotations

from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice.registry.folder import FolderStore
from flowlattice.registry.s3 import SCHEME, BucketStore
from flowlattice.registry.store import Store


def store_at(place: str) -> Store:
    """The store at a place: `s3://BUCKET/PREFIX`, or a folder, which is made when something is put into it.

    Raises:
        UsageError: There is no backend for such a place.
        EngineUnavailable: What the backend needs is not installed.
    """
    if place.startswith(SCHEME):
        return BucketStore(place)
    scheme, is_address, _ = place.partition("://")
    if is_address:
        raise UsageError(f"{place}: no registry can be kept at {scheme}://; name a folder, or s3://BUCKET/PREFIX")
    return FolderStore(Path(place).absolute())
