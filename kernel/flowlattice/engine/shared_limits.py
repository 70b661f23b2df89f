"""Token buckets that several processes share: 16 bytes in a mapped file, read and written under a lock.

The lock is the operating system's (`lockf`), which lets go of it when its process dies, however that came. The clock is
the machine's monotonic one, the same in all processes.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from flowlattice.engine.limits import TokenBucket

_CELL: Final = struct.Struct("dd")  # tokens, and when they were counted; all zeros until the first take


class SharedBucket(TokenBucket):
    """A bucket whose tokens are in a file; used from one thread of each process.

    Args:
        file: A descriptor of the file.
        cells: The file, mapped.
        qps: Tokens that come back in a second.
        burst: How many tokens there are at most.
        clock: A monotonic clock in seconds, the same in all processes.
    """

    __slots__ = ("_cells", "_file")

    def __init__(self, file: int, cells: mmap.mmap, qps: float, burst: int, clock: Callable[[], float]) -> None:
        super().__init__(qps, burst, clock)
        self._file = file
        self._cells = cells

    def take(self) -> float:
        """Take a token: 0.0 if there was one, else after how many seconds there will be one."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            tokens, at = _CELL.unpack_from(self._cells)
            if at:
                self._tokens, self._at = max(0.0, tokens), at
            wait = super().take()
            self._cells[: _CELL.size] = _CELL.pack(self._tokens, self._at)
            return wait
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


class SharedLimits:
    """Buckets of all processes that are given the same folder.

    Args:
        folder: Where their files are; it is there, and goes with whoever made it.
        clock: A monotonic clock in seconds, the same in all processes.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        # Never closed: closing any descriptor of a file gives up the locks that the process has on it.
        self._files: dict[str, tuple[int, mmap.mmap]] = {}

    def bucket(self, name: str, qps: float, burst: int) -> TokenBucket:
        """The bucket of that name, with what all processes left in it."""
        if name not in self._files:
            self._files[name] = self._opened(name)
        return SharedBucket(*self._files[name], qps, burst, self._clock)

    def _opened(self, name: str) -> tuple[int, mmap.mmap]:
        path = self._folder / sha256(name.encode()).hexdigest()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(file, _CELL.size)  # adds zeros where there is nothing, and leaves alone what is there
        return file, mmap.mmap(file, _CELL.size)
