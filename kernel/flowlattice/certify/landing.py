"""Where effects land while a node is looked at: doubles that keep what reached them in a folder, and what is there.

What leaves for a receiver (a request that writes, a message) is a line of a journal, with the key that it carried; what
is stored is in the files of the doubles. Both outlive a process that is killed, and are told apart by `Landed`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from pydantic import JsonValue

from flowlattice.bindings.doubles import HttpDouble
from flowlattice.bindings.kept import LOCAL_STORE
from flowlattice.bindings.keys import SqliteDedupe
from flowlattice.bindings.local import LocalBindings
from flowlattice.bindings.sources import Randomness
from flowlattice.capabilities import HttpResponse
from flowlattice.engine.backends import DedupeBackend, HttpBackend, Sender
from flowlattice.files import WRITING

_JOURNAL: Final = "journal.jsonl"
_TABLES: Final = ".tables.sqlite"
_OBJECTS: Final = "objects"
_MOST_ROWS: Final = 10_000

Arrival = tuple[str, str, str, str, str]
"""What reached a receiver: capability, method, host or queue, key (empty for none), digest of all that was sent."""


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What is there.

    Attributes:
        arrived: What reached receivers, in order.
        stored: Digests of what is stored, sorted, by the place in words: `rows of orders`, `entries of accounts`.
    """

    arrived: tuple[Arrival, ...]
    stored: Mapping[str, tuple[str, ...]]

    def counted(self, *, by_content: bool) -> Counter[Arrival]:
        """How often each effect arrived; without `by_content` whatever was sent with a key is the same effect."""
        return Counter((*one[:4], one[4] if by_content else "") for one in self.arrived)

    def since(self, before: Landed) -> int:
        """How much arrived, was stored, was changed or was taken away since."""
        places = {*self.stored, *before.stored}
        kept = [(Counter(self.stored.get(place, ())), Counter(before.stored.get(place, ()))) for place in places]
        changed = sum(max((now - then).total(), (then - now).total()) for now, then in kept)
        return len(self.arrived) - len(before.arrived) + changed

    def to_json(self) -> JsonValue:
        """As data."""
        return {"arrived": [list(one) for one in self.arrived], "stored": {k: list(v) for k, v in self.stored.items()}}

    @classmethod
    def from_json(cls, data: JsonValue) -> Landed:
        """What `to_json` gave."""
        given = cast("Mapping[str, JsonValue]", data)
        arrived = tuple(cast("Arrival", tuple(one)) for one in cast("list[list[str]]", given["arrived"]))
        return cls(
            arrived=arrived,
            stored={place: tuple(rows) for place, rows in cast("dict[str, list[str]]", given["stored"]).items()},
        )


class Standing:
    """`Clock` that stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The one time."""
        return self._at


class Landing(LocalBindings):
    """Local doubles over a folder, with a clock that stands still.

    Args:
        folder: Where everything lands.
        at: The time that it is.
        seed: Of the random source.
        later: How much older what remembers keys is, so that what is written with the time stays the same.
    """

    def __init__(self, folder: Path, *, at: datetime, seed: int, later: timedelta) -> None:
        super().__init__(folder, clock=Standing(at), rng=Randomness(seed=seed), synced=False)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store_now = (at + later).timestamp()
        self._journal = _Journal(folder / _JOURNAL)

    def http(self, binding: str) -> HttpBackend:
        """A double that writes down what would change something."""
        return _HttpLanding(self._journal)

    def sender(self, binding: str, capability: str) -> Sender:
        """A double that writes down every message."""
        return _MessageLanding(self._journal, capability)

    def dedupe(self, binding: str) -> DedupeBackend:
        """The binding's own keys, at their own time."""
        return SqliteDedupe(self._opened(), binding, now=lambda: self._store_now)

    async def close(self) -> None:
        """Close all files."""
        self._journal.close()
        await super().close()


class _Journal:
    """Lines that are in the file once `write` has returned, whatever becomes of the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, arrival: Arrival) -> None:
        os.write(self._file, json.dumps(arrival).encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)


class _HttpLanding:
    """Answers as the usual double does."""

    def __init__(self, journal: _Journal) -> None:
        self._journal = journal
        self._double = HttpDouble()

    async def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        json: JsonValue,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> HttpResponse:
        if method != "GET":
            key = next((text for name, text in headers.items() if name.lower() == "idempotency-key"), "")
            sent = _digest([url, json, *map(str, sorted({**(params or {}), **(form or {})}.items()))])
            self._journal.write(("http.write", method.lower(), urlsplit(url).hostname or "", key, sent))
        return await self._double.send(method, url, params=params, json=json, form=form, headers=headers, hosts=hosts)


class _MessageLanding:
    def __init__(self, journal: _Journal, capability: str) -> None:
        self._journal = journal
        self._capability = capability

    async def send(self, target: str, value: JsonValue, headers: Mapping[str, str]) -> None:
        key = headers.get("idempotency_key", "")
        rest = {name: text for name, text in headers.items() if name != "idempotency_key"}
        method = self._capability.rpartition(".")[2]
        self._journal.write((self._capability, method, target, key, _digest([value, *map(str, sorted(rest.items()))])))


def look(folder: Path) -> Landed:
    """What has landed in a folder that nothing writes now."""
    return Landed(arrived=tuple(_arrived(folder / _JOURNAL)), stored=_stored(folder))


def _arrived(journal: Path) -> Iterator[Arrival]:
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            yield cast("Arrival", tuple(json.loads(line)))


def _stored(folder: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for place, row in [*_entries(folder / LOCAL_STORE), *_rows(folder), *_objects(folder / _OBJECTS)]:
        found.setdefault(place, []).append(_digest(row))
    return {place: tuple(sorted(rows)) for place, rows in sorted(found.items())}


def _entries(store: Path) -> Iterator[tuple[str, JsonValue]]:
    """What key-value and session stores hold, without the results that the engine keeps itself."""
    if not store.exists():
        return
    with closing(sqlite3.connect(store)) as connection:
        for binding, key, value in connection.execute("SELECT binding, key, value FROM kv"):
            if " " not in binding:
                yield f"entries of {binding}", [key, value]
        for binding, name, held in connection.execute("SELECT binding, id, held FROM session"):
            yield f"sessions of {binding}", [name, held]


def _rows(folder: Path) -> Iterator[tuple[str, JsonValue]]:
    for path in sorted(folder.glob(f"*{_TABLES}")):
        with closing(sqlite3.connect(path)) as connection:
            named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in named:
                quoted = str(table).replace('"', '""')
                rows = connection.execute(f'SELECT * FROM "{quoted}" LIMIT {_MOST_ROWS}')
                columns = [column[0] for column in rows.description]
                for row in rows:
                    yield f"rows of {table}", dict(zip(columns, map(_cell, row), strict=True))


def _cell(value: object) -> JsonValue:
    return value.hex() if isinstance(value, bytes) else cast("JsonValue", value)


def _objects(root: Path) -> Iterator[tuple[str, JsonValue]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith(WRITING):
            binding, *key = path.relative_to(root).parts
            yield f"objects of {binding}", ["/".join(key), sha256(path.read_bytes()).hexdigest()]


def _digest(value: JsonValue) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
