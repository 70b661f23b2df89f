"""A registry in a folder of a local or shared file system that has hard links."""

from __future__ import annotations

from pathlib import Path

from flowlattice.files import WRITING, create_file
from flowlattice.registry.store import Absent, parts_of


class FolderStore:
    """Keys are files below a folder, which are written beside their place and then linked into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def put(self, key: str, content: bytes) -> bool:
        """Create a file, read-only, if there is none (see `Store.put`)."""
        file = self._file(key)
        return not file.exists() and create_file(file, content, mode=0o444)

    def get(self, key: str) -> bytes:
        """Read a file (see `Store.get`)."""
        try:
            return self._file(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Absent(key) from error

    def keys(self, folder: str) -> list[str]:
        """The files below a folder (see `Store.keys`)."""
        found = (file for file in self._file(folder).rglob("*") if file.is_file() and not file.name.startswith(WRITING))
        return sorted(file.relative_to(self._folder).as_posix() for file in found)

    def _file(self, key: str) -> Path:
        return self._folder.joinpath(*parts_of(key))
