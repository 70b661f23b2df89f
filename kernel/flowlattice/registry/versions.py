"""Semantic versions: how they are ordered, and how a flow and a version are named together."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Final

from flowlattice.errors import UsageError

_NUMBER: Final = r"(0|[1-9]\d{0,8})"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")


@total_ordering
class Version:
    """A semantic version, ordered as https://semver.org §11 says; without build metadata, which orders nothing.

    Args:
        text: `MAJOR.MINOR.PATCH`, perhaps with `-PRERELEASE`.

    Raises:
        UsageError: It is none, or carries build metadata.
    """

    def __init__(self, text: str) -> None:
        match = _VERSION.fullmatch(text)
        if match is None or len(text) > 64:
            hint = "; leave the part after + out, which makes no other version" if "+" in text else ""
            raise UsageError(f"{text[:80]!r} is no version that can be published; write MAJOR.MINOR.PATCH{hint}")
        self.text = text
        self.numbers = int(match[1]), int(match[2]), int(match[3])
        self.prerelease: str | None = match[4]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    def __str__(self) -> str:
        return self.text

    def _order(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        parts = [] if self.prerelease is None else self.prerelease.split(".")
        order = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
        return self.numbers, self.prerelease is None, order


def named(text: str) -> tuple[str, Version | None]:
    """The name and the version of `NAME` or `NAME@VERSION`.

    Raises:
        UsageError: It is neither.
    """
    name, at, version = text.partition("@")
    return checked_name(name), Version(version) if at else None


def checked_name(name: str) -> str:
    """A flow's name.

    Raises:
        UsageError: It is none.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:80]!r} names no flow; write NAME or NAME@VERSION")
    return name
