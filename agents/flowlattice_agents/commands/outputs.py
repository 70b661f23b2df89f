"""Files that a verb is to write at its end: tried before it starts, so that no work ends in a file that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from flowlattice.errors import UsageError


def check_file(path: Path | None, option: str) -> None:
    """See that a file could be written, as far as that can be seen without writing it.

    Args:
        path: The file; its folder need not be there. None is fine.
        option: The option that names it.

    Raises:
        UsageError: It could not.
    """
    if path is None:
        return
    try:
        is_taken = path.exists() and not path.is_file()
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be written ({error.strerror}); name another file") from error
    if is_taken:
        raise UsageError(f"{option} {path}: is no file that could be written; name another one")
    check_folder(path.absolute().parent, f"{option} {path}")


def check_folder(path: Path | None, named: str) -> None:
    """See that files could be written into a folder, which need not be there.

    Args:
        path: The folder. None is fine.
        named: How a person named it.

    Raises:
        UsageError: They could not.
    """
    if path is None:
        return
    try:
        nearest = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    except OSError as error:
        raise UsageError(f"{named}: cannot be written ({error.strerror}); name another place") from error
    if not nearest.is_dir():
        raise UsageError(f"{named}: {nearest} is no folder; name another place")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{named}: nothing can be written into {nearest}; name another place")


def write_report(path: Path, data: bytes) -> None:
    """Write a file, and its folder where that is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
