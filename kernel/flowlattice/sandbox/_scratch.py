"""The folders that a sandboxed process may write: how full one is, and removing it whatever is in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_MOST_ENTRIES = 10_000


def create(place: str) -> Path:
    """A new, empty folder in a place for temporary files."""
    return Path(tempfile.mkdtemp(prefix="flowlattice-", dir=place)).resolve()


@contextmanager
def kept_folder() -> Iterator[Path]:
    """A new folder that several runs may write one after the other (`Sandbox.run(..., write=)`), removed at the end."""
    root = create(tempfile.gettempdir())
    try:
        yield root
    finally:
        remove(root)


def is_over(root: Path, limit_bytes: int) -> bool:
    """Whether the files below hold more bytes, or are more or nested deeper, than any honest task needs."""
    used = entries = 0
    pending = [root]
    while pending:
        try:
            for entry in _listing(pending.pop()):
                entries += 1
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                else:
                    used += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # removed while we look
        except OSError:
            return True  # too long a path
        if used > limit_bytes or entries > _MOST_ENTRIES:
            return True
    return False


def remove(root: Path) -> None:
    """Remove the folder. Folders in folders are lifted to the top first, so no depth is too deep."""
    while entries := _listing(root):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                for inner in _listing(Path(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        Path(inner.path).chmod(0o700)  # moving a folder writes to it
                    Path(inner.path).rename(root / uuid4().hex)
                Path(entry.path).rmdir()
            else:
                Path(entry.path).unlink()
    root.rmdir()


def _listing(place: Path) -> list[os.DirEntry[str]]:
    place.chmod(0o700)  # it may have been made unreadable
    with os.scandir(place) as listing:
        return list(listing)
