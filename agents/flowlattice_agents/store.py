"""The run store: everything a run produces that is more than a word, by content, in files that never change.

A run is a folder below `$FLOWS_HOME/runs`. It holds `objects/` (content by digest), `workspace/` (git), the graph's
checkpoints, and `events.jsonl`, which is what `flows show` reads. A write is complete or not there at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue

from flowlattice.files import replace_file
from flowlattice_agents.errors import RunError

M = TypeVar("M", bound=BaseModel)

RUN_ID_LENGTH = 12


@dataclass(frozen=True)
class RunStore:
    """The folder of one run."""

    folder: Path

    @property
    def run(self) -> str:
        """The run's id."""
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        """The graph's checkpoints, SQLite."""
        return self.folder / "checkpoints.sqlite"

    @property
    def workspace(self) -> Path:
        """The git workspace."""
        return self.folder / "workspace"

    @property
    def events(self) -> Path:
        """What the agents said, a JSON object a line."""
        return self.folder / "events.jsonl"

    def put(self, content: str | bytes) -> str:
        """Keep content; gives its digest (SHA-256, hex)."""
        data = content.encode() if isinstance(content, str) else content
        digest = sha256(data).hexdigest()
        file = self._object(digest)
        if not file.exists():
            replace_file(file, data)
        return digest

    def put_json(self, value: BaseModel | Sequence[BaseModel] | JsonValue) -> str:
        """Keep models or a JSON value in canonical form (sorted keys), so that equal values have equal digests."""
        return self.put(json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain))

    def text(self, digest: str) -> str:
        """Content by digest.

        Raises:
            RunError: It is not there or was changed.
        """
        try:
            data = self._object(digest).read_bytes()
        except FileNotFoundError as error:
            raise RunError(f"run {self.run}: object {digest[:12]} is missing; start the run again") from error
        if sha256(data).hexdigest() != digest:
            raise RunError(f"run {self.run}: object {digest[:12]} was changed on disk; start the run again")
        return data.decode()

    def json(self, digest: str) -> JsonValue:
        """A JSON value by digest."""
        value: JsonValue = json.loads(self.text(digest))
        return value

    def model(self, kind: type[M], digest: str) -> M:
        """A model by digest."""
        return kind.model_validate_json(self.text(digest))

    def append_event(self, event: JsonValue) -> None:
        """Add a line to what the agents said."""
        with self.events.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event, ensure_ascii=False) + "\n")

    def read_events(self) -> Iterator[dict[str, JsonValue]]:
        """What the agents said; a line that a crash cut off is left out."""
        if not self.events.exists():
            return
        for line in self.events.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / digest[:2] / digest[2:]


class RunStores:
    """All runs below one `$FLOWS_HOME`."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "runs"

    def create(self, run: str) -> RunStore:
        """A new run's store."""
        store = RunStore(self._folder / run)
        store.folder.mkdir(parents=True, mode=0o700)
        return store

    def open(self, run: str) -> RunStore:
        """The store of a run; a prefix that names only one run will do.

        Raises:
            RunError: No run, or more than one, is named so.
        """
        matches = [name for name in self.names() if name.startswith(run)] if run.isalnum() else []
        if len(matches) != 1:
            what = "no run is" if not matches else f"{len(matches)} runs are"
            raise RunError(f"{what} named {run}; `flows runs` lists them")
        return RunStore(self._folder / matches[0])

    def names(self) -> list[str]:
        """The ids of all runs, newest first."""
        if not self._folder.is_dir():
            return []
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir()]
        return [folder.name for folder in sorted(folders, key=lambda f: f.stat().st_ctime_ns, reverse=True)]


def _plain(value: object) -> JsonValue:
    if not isinstance(value, BaseModel):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    plain: JsonValue = value.model_dump(mode="json")
    return plain
