"""Files that are replaced or created in one step, the one way in which state and sources are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

WRITING: Final = ".writing-"
"""What the names of files start with that are not whole yet; they lie beside what they are going to replace."""

_MADE_WITH: Final = 0o600
"""What a temporary file may be done with: its owner reads and writes it."""


def replace_file(file: Path, data: bytes, *, mode: int = _MADE_WITH) -> None:
    """Write a file so that a reader, also after a crash, sees all of it or what was there before.

    Args:
        file: The file; its folder is made if it is not there.
        data: Its new content.
        mode: Its permissions.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with _whole(file, data, mode) as scratch:
        scratch.replace(file)


def create_file(file: Path, data: bytes, *, mode: int = 0o600) -> bool:
    """Write a file that is not there yet, so that it is there as a whole or not at all, also after a loss of power.

    Args:
        file: The file; its folder is made if it is not there.
        data: Its content.
        mode: Its permissions.

    Returns:
        Whether it was written; false if there was one, of whatever content.

    Raises:
        OSError: It cannot be written; then it is not there.
    """
    made = [folder for folder in (file.parent, *file.parents) if not folder.exists()]
    file.parent.mkdir(parents=True, exist_ok=True)
    with _whole(file, data, mode) as scratch:
        try:
            os.link(scratch, file)
        except FileExistsError:
            return False
    for folder in (file.parent, *(folder.parent for folder in made)):
        _sync(folder)
    return True


@contextmanager
def _whole(file: Path, data: bytes, mode: int) -> Iterator[Path]:
    """All of a file's content on disk, beside it and under another name, for as long as the block lasts."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as stream:
            if mode != _MADE_WITH:  # a sandbox lets nobody change modes
                os.fchmod(handle, mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
