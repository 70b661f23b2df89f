"""Breach reports: what a day's ceiling refused, written down for whoever makes the calls smaller.

One file for each scope and day, in JSON. The first refusal writes it, later ones raise its count and say the latest.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from flowlattice.errors import UsageError


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Count(_Model):
    """Money and tokens; None where there is no ceiling.

    Attributes:
        micro_usd: Millionths of a dollar.
        tokens: Tokens read and written.
    """

    micro_usd: int | None
    tokens: int | None


class Breach(_Model):
    """What became of the calls of one node in one day.

    Attributes:
        kind: What the file is.
        environment: Where the flow ran.
        flow: Its name.
        node: Whose calls were refused.
        path: The flow's folder, where it is known.
        scope: The budget that is used up: the node's day, a tenant's part of it, or the flow's day.
        day: The UTC day.
        ceiling: The most that may be spent in it.
        spent: What was.
        held: What was set aside for calls under way.
        asked: What the refused call would have come to at worst.
        calls: How many calls were made.
        each: What they came to on average.
        refused: How many were refused, as far as it was counted.
        first: When the first one was.
        last: When the last one was that was written down.
    """

    kind: Literal["budget breach"] = "budget breach"
    environment: str
    flow: str
    node: str
    path: str | None = None
    scope: str
    day: date
    ceiling: Count
    spent: Count
    held: Count
    asked: Count
    calls: int
    each: Count
    refused: int
    first: datetime
    last: datetime


class Breaches:
    """The reports of one folder.

    Args:
        folder: The folder, which is made when there is something to write.
        flow: The folder of the flow that they are about, where it is known.
    """

    def __init__(self, folder: Path, flow: Path | None = None) -> None:
        self._folder = folder
        self.flow = flow

    def note(self, breach: Breach) -> Path:
        """Write a breach down; one of the same scope and day that is there already is brought up to date.

        Raises:
            OSError: It cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / _name(breach)
        with _alone(self._folder):
            known = read_breach(path) if path.exists() else None
            if known is not None:
                update = {"refused": known.refused + breach.refused, "first": known.first}
                breach = breach.model_copy(update=update)
            part = path.with_suffix(".part")
            part.write_text(breach.model_dump_json(indent=2) + "\n", encoding="utf-8")
            part.replace(path)
        return path

    def all(self) -> list[tuple[Path, Breach]]:
        """All of them with their files, the latest first.

        Raises:
            UsageError: A file is none.
        """
        found = [(path, read_breach(path)) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda one: (one[1].last, one[0].name), reverse=True)


def read_breach(path: Path) -> Breach:
    """A report from a file.

    Raises:
        UsageError: It is none.
    """
    try:
        return Breach.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(f"{path}: no breach report; flows budget --breaches lists those that there are") from error


def _name(breach: Breach) -> str:
    """A name that people can read, and that no other scope has."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{breach.flow}-{breach.node}")[:80]
    return f"{breach.day}-{readable}-{sha256(breach.scope.encode()).hexdigest()[:8]}.json"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
