"""Which processes are alive, told by locks: the system releases a process's locks when it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final

HERE: Final = "this process"


class Presence:
    """This process among those that share a file.

    Args:
        folder: Where each process has a file that it holds a lock on; none where no other process can be.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: tuple[str, int] | None = None

    @property
    def id(self) -> str:
        """The name under which others find this process; its lock is taken when it is first asked for."""
        if self._folder is None:
            return HERE
        if self._held is None:
            name = secrets.token_hex(8)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._folder / name, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held = name, descriptor
        return self._held[0]

    def is_alive(self, name: str) -> bool:
        """Whether the process of that name is alive; the file of one that is not is taken away."""
        if self._folder is None or (self._held is not None and self._held[0] == name):
            return True
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        path.unlink(missing_ok=True)
        return False

    def close(self) -> None:
        """Be no longer there."""
        if self._held is not None and self._folder is not None:
            name, descriptor = self._held
            self._held = None
            (self._folder / name).unlink(missing_ok=True)
            os.close(descriptor)
