"""Files that are replaced in one step, the one way in which state and sources are written."""

from __future__ import annotations

import os
import tempfile
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
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as stream:
            if mode != _MADE_WITH:  # a sandbox lets nobody change modes
                os.fchmod(handle, mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
