"""The solver: `flows author` in a process and a home of its own, and everything that it leaves behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import yaml

from flowlattice_agents.evals.brief import Fields, Task
from flowlattice_agents.evals.evidence import Authored, Told
from flowlattice_agents.evals.processes import Children, environment, without_secrets
from flowlattice_agents.store import RunStores
from flowlattice_agents.yaml_text import MAX_BYTES

OFFLINE = "offline"
REPLAY = "replay:"
FIRST_ARM = "six"
ARMS = (FIRST_ARM, "single", "no-fix", "kernel-fixes")
_BUILT = ("deployed", "certified")


class NoRecord(Exception):
    """There is no record to replay; its text says which file is missing."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all samples have in common.

    Attributes:
        model: As `flows author --model` takes it; for `replay:DIR` every brief has its own record in DIR.
        seed: The first epoch's seed; none leaves it to the agents.
        budget_usd: What one run of the agents may cost, USD, as text.
        price: USD for a million tokens in and out, as text: IN/OUT.
        timeout_s: How long one command may take.
        record: Folder that keeps each brief's record for `replay:`; what is there already is replayed, not asked again.
    """

    model: str = OFFLINE
    seed: int | None = None
    budget_usd: str | None = None
    price: str | None = None
    timeout_s: float = 600.0
    record: Path | None = None

    @property
    def deterministic(self) -> bool:
        """Whether the same brief gives the same result every time."""
        return self.model == OFFLINE or self.model.startswith(REPLAY)

    def record_to_replay(self, names: Sequence[str]) -> Path | None:
        """The record of the first name that has one; none where nothing is replayed.

        Raises:
            NoRecord: There is none.
        """
        replays = self.model.startswith(REPLAY)
        folder = Path(self.model.removeprefix(REPLAY)) if replays else self.record
        if folder is None:
            return None
        files = [folder / f"{name}.jsonl" for name in names]
        found = next((file for file in files if file.is_file() and file.stat().st_size), None)
        if found is None and not replays:
            return None
        if found is None:
            raise NoRecord(f"no record {files[0]}")
        return found.absolute()


@dataclass(frozen=True, kw_only=True)
class Solver:
    """Authors briefs for one sample.

    Attributes:
        settings: What all samples have in common.
        arm: Which agents work.
        epoch: Counts repetitions from 0; moves the seed.
        epochs: How many there are.
        work: The sample's folder; its home is below it.
        children: Who runs the processes.
    """

    settings: Settings
    arm: str = FIRST_ARM
    epoch: int = 0
    epochs: int = 1
    work: Path
    children: Children = field(repr=False)

    @property
    def home(self) -> Path:
        """The sample's `$FLOWS_HOME`."""
        return self.work / "home"

    def author(self, task: Task, name: str, *, edit: Path | None = None, records: Sequence[str]) -> Authored:
        """Give a brief or change request to the agents.

        Args:
            task: What is asked.
            name: The folder of the flow, below `work`.
            edit: The flow to change.
            records: Names of the record to replay, the first that is there counts.

        Raises:
            NoRecord: There is no record to replay.
            Stopped: The eval was stopped.
        """
        replayed = self.settings.record_to_replay(records)
        folder = self.work / f"{name}-asked"
        folder.mkdir(parents=True, exist_ok=True)
        kept = self.settings.record
        record = folder / "record.jsonl" if kept is None else kept.absolute() / f"{records[-1]}.jsonl"
        arguments = [*self._asked(task, folder), "--out", name, "--yes", "--json"]
        arguments += ["--model", self.settings.model if replayed is None else f"{REPLAY}{replayed}"]
        if edit is not None:
            arguments += ["--edit", str(edit)]
        if not self.settings.deterministic and replayed is None:
            arguments += ["--record", str(record)]
        arguments += self._options()
        keys = self.settings.model.startswith("openai")
        env = environment(self.home, keys=keys)
        before = time.monotonic()
        told = self.children.flows(
            "author", *arguments, cwd=self.work, env=env, timeout_s=self.settings.timeout_s, whole_out=True
        )
        seconds = round(time.monotonic() - before, 3)
        result = last_object(told.out)
        return Authored(
            told=told if result is None else Told(code=told.code, out="", err=told.err),
            result=result,
            seconds=seconds,
            exchanges=tuple(json_lines(replayed or record, env)),
            events=tuple(self._events(result)),
        )

    def flow_of(self, authored: Authored) -> Path | None:
        """The flow that came out, if one did."""
        result = authored.result or {}
        path = result.get("flow")
        if result.get("outcome") not in _BUILT or not isinstance(path, str):
            return None
        found = self.work / path
        return found if found.exists() else None

    def _asked(self, task: Task, folder: Path) -> Iterator[str]:
        brief = folder / "brief.md"
        brief.write_text(task.brief, encoding="utf-8")
        yield str(brief)
        if task.answers:
            answers = folder / "answers.yaml"
            answers.write_text(yaml.safe_dump([answer.model_dump() for answer in task.answers]), encoding="utf-8")
            yield from ("--answers", str(answers))
        if task.allow_hosts:
            hosts = folder / "hosts.yaml"
            hosts.write_text(yaml.safe_dump(list(task.allow_hosts)), encoding="utf-8")
            yield from ("--allow-hosts", str(hosts))

    def _options(self) -> Iterator[str]:
        settings = self.settings
        if self.arm != FIRST_ARM:
            yield from ("--arm", self.arm)
        if settings.budget_usd is not None:
            yield from ("--budget-usd", settings.budget_usd)
        if settings.price is not None:
            yield from ("--price", settings.price)
        if settings.seed is not None or (self.epochs > 1 and not settings.deterministic):
            yield from ("--seed", str((settings.seed or 0) + self.epoch))

    def _events(self, result: Fields | None) -> Iterator[Fields]:
        run = (result or {}).get("run")
        stores = RunStores(self.home)
        if isinstance(run, str) and run in stores.names():
            for event in stores.open(run).read_events():
                if event.get("kind") != "step":
                    yield {key: value for key, value in event.items() if key in ("agent", "kind", "text")}


def last_object(text: str) -> Fields | None:
    """The last JSON object that a text has on a line of its own."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                # Half of a surrogate pair can be written as an escape, but is no text that could be kept.
                whole = json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace")
                return cast(Fields, json.loads(whole))
            except ValueError:
                continue
    return None


def json_lines(file: Path, env: dict[str, str]) -> Iterator[Fields]:
    """The objects of a file of JSON lines, without keys; a line that was cut off is left out."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        found = last_object(without_secrets(line, env))
        if found is not None:
            yield found


def sources_below(folder: Path) -> dict[str, str]:
    """The Python files of a flow's folder, by name."""
    files = sorted(file for file in folder.rglob("*.py") if file.is_file() and file.stat().st_size <= MAX_BYTES)
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8", errors="replace") for file in files}
