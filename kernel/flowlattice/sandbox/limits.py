"""What a sandboxed run may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a sandboxed run may use; passing one kills it.

    Attributes:
        wall_clock: Time from the request to the answer.
        cpu: Processor time of the process, its own imports included.
        memory_bytes: Address space, its own imports included.
        output_bytes: Events and answer together, as JSON.
        scratch_bytes: Files in its scratch folder together.
        open_files: File descriptors.
        threads: Threads.
    """

    wall_clock: timedelta = timedelta(seconds=30)
    cpu: timedelta = timedelta(seconds=20)
    memory_bytes: int = 1024 * _MIB
    output_bytes: int = 8 * _MIB
    scratch_bytes: int = 64 * _MIB
    open_files: int = 128
    threads: int = 64

    def to_json(self) -> dict[str, float]:
        """As numbers, times in seconds."""
        return {
            name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in vars(self).items()
        }

    @classmethod
    def from_json(cls, numbers: Mapping[str, float]) -> Limits:
        """What `to_json` gave."""
        return cls(
            wall_clock=timedelta(seconds=numbers["wall_clock"]),
            cpu=timedelta(seconds=numbers["cpu"]),
            memory_bytes=int(numbers["memory_bytes"]),
            output_bytes=int(numbers["output_bytes"]),
            scratch_bytes=int(numbers["scratch_bytes"]),
            open_files=int(numbers["open_files"]),
            threads=int(numbers["threads"]),
        )
