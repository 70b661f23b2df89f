"""Where a registry is kept: keys and bytes, written once and never again. Backends know nothing of what they hold."""

from __future__ import annotations

import re
from typing import Final, Protocol

_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class Absent(Exception):
    """Nothing is kept under a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"nothing is kept under {key}")


class Store(Protocol):
    """Keys with their content.

    A key is parts of letters, digits, dots, dashes and underscores, joined by slashes. Once `put` has returned, its
    content is there, also after a loss of power; if it fails or its process is killed, nothing is, or all of it.
    """

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    def put(self, key: str, content: bytes) -> bool:
        """Keep content under a key that has none; of several that try at once, exactly one does.

        Returns:
            Whether it was kept; false if there is content already, of whatever kind.

        Raises:
            OSError: It cannot be written.
            EngineUnavailable: The server cannot be reached or refuses.
        """
        ...

    def get(self, key: str) -> bytes:
        """The content of a key.

        Raises:
            Absent: It has none.
            OSError: It cannot be read.
            EngineUnavailable: The server cannot be reached or refuses.
        """
        ...

    def keys(self, folder: str) -> list[str]:
        """The keys that begin with these parts, sorted.

        Raises:
            OSError: They cannot be read.
            EngineUnavailable: The server cannot be reached or refuses.
        """
        ...


def parts_of(key: str) -> list[str]:
    """A key's parts.

    Raises:
        ValueError: It is none.
    """
    parts = key.split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{key!r} is no key")
    return parts
