"""`backend = "folder"`: a folder on this machine as a bucket; its files are the objects."""

from __future__ import annotations

from typing import Literal

from flowlattice.bindings.entries.base import BaseEntry


class FolderEntry(BaseEntry):
    """For blob capabilities and blob triggers.

    Attributes:
        path: The folder, relative to `bindings.toml`; a key is a path below it.
        bucket: What its bucket is called; the folder's name if not given.
    """

    backend: Literal["folder"]
    path: str
    bucket: str | None = None
