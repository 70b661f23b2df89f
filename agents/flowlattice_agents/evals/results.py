"""The folder of one eval: what was asked for, one file for each sample, and the records that can be replayed.

eval.json                       the settings
samples/ARM/BRIEF.EPOCH.json    brief, evidence and score of a sample, written whole when it has ended
records/BRIEF.jsonl             the exchanges of the first arm and epoch, as `--model replay:DIR` takes them;
                                below records/ARM.EPOCH/ those of the others
work/                           samples that are under way
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pydantic import ValidationError

import flowlattice
from flowlattice.errors import UsageError
from flowlattice.files import replace_file
from flowlattice_agents.evals.brief import Brief, Fields, Part
from flowlattice_agents.evals.evidence import Authored, Evidence
from flowlattice_agents.evals.scoring import Score
from flowlattice_agents.evals.solver import ARMS, FIRST_ARM, Settings

SETTINGS_FILE = "eval.json"


class Result(Part):
    """A sample that has ended."""

    arm: str
    epoch: int
    brief: Brief
    evidence: Evidence
    score: Score

    @property
    def usd(self) -> float:
        """What all its runs of the agents cost, USD."""
        return sum(number_of(run, "usd") for run in self.evidence.runs)


class Manifest(Part):
    """What an eval was started with.

    Attributes:
        version: The version of flowlattice.
        suite: As it was named.
        model: The model.
        seed: The first epoch's seed.
        budget_usd: What one run of the agents could cost, USD.
        deterministic: Whether the model gives the same result every time.
    """

    version: str
    suite: str
    model: str
    seed: int | None
    budget_usd: str | None
    deterministic: bool

    @classmethod
    def of(cls, suite: str, settings: Settings) -> Manifest:
        """What to write for these settings."""
        return cls(
            version=flowlattice.__version__,
            suite=suite,
            model=settings.model,
            seed=settings.seed,
            budget_usd=settings.budget_usd,
            deterministic=settings.deterministic,
        )


@dataclass(frozen=True)
class Results:
    """One eval's folder."""

    folder: Path

    def begin(self, manifest: Manifest) -> None:
        """Start an eval here, or go on with one.

        Raises:
            UsageError: What is here was measured with another model or seed.
        """
        if not (self.folder / SETTINGS_FILE).exists():
            replace_file(self.folder / SETTINGS_FILE, manifest.model_dump_json(indent=1).encode())
            return
        before = self.manifest()
        changed = [name for name in ("model", "seed") if getattr(before, name) != getattr(manifest, name)]
        if changed:
            was = ", ".join(f"{name} {getattr(before, name)}" for name in changed)
            raise UsageError(f"{self.folder}: holds results for {was}; name another folder with --out")

    def manifest(self) -> Manifest:
        """What the eval was started with.

        Raises:
            UsageError: There is none here.
        """
        file = self.folder / SETTINGS_FILE
        try:
            return Manifest.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"{self.folder}: holds no results of `flows eval` that can be read ({file.name})"
            ) from error

    def get(self, arm: str, epoch: int, brief: str) -> Result | None:
        """A sample's result, if it has one that can be read."""
        try:
            return Result.model_validate_json(self._file(arm, epoch, brief).read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    def put(self, result: Result) -> None:
        """Keep a result and its records."""
        data = result.model_dump_json(by_alias=True, exclude_unset=True).encode()
        replace_file(self._file(result.arm, result.epoch, result.brief.id), data)
        first = result.arm == FIRST_ARM and result.epoch == 0
        folder = self.folder / "records" / ("" if first else f"{result.arm}.{result.epoch}")
        evidence = result.evidence
        changed = evidence.change.authored if evidence.change is not None else None
        built = evidence.attempt.authored if evidence.attempt is not None else None
        for suffix, run in (("", built), (".base", evidence.base), (".change", changed)):
            if run is not None and run.exchanges:
                lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in run.exchanges)
                replace_file(folder / f"{result.brief.id}{suffix}.jsonl", lines.encode())

    def all(self) -> Iterator[Result]:
        """Every result, in order of arms, briefs and epochs.

        Raises:
            UsageError: One cannot be read.
        """
        self.manifest()
        for file in sorted(self.folder.glob("samples/*/*.json"), key=_in_order):
            try:
                yield Result.model_validate_json(file.read_text(encoding="utf-8"))
            except ValidationError as error:
                raise UsageError(f"{file}: is no result of this version; remove it and run it again") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from measuring into this folder; the hold ends with the process.

        Raises:
            UsageError: Another one does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UsageError(
                    f"{self.folder}: another `flows eval` writes here; wait, or name another --out"
                ) from error
            yield
        finally:
            os.close(handle)

    def workplace(self, name: str) -> Path:
        """An empty folder for a sample that is under way."""
        below = self.folder / "work"
        below.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=f"{name}-", dir=below)).resolve()

    def tidy(self) -> None:
        """Remove what samples that were cut off left behind."""
        shutil.rmtree(self.folder / "work", ignore_errors=True)

    def _file(self, arm: str, epoch: int, brief: str) -> Path:
        return self.folder / "samples" / arm / f"{brief}.{epoch}.json"


def _in_order(file: Path) -> tuple[int, str]:
    arm = file.parent.name
    return (ARMS.index(arm) if arm in ARMS else len(ARMS), file.name)


def number_of(run: Authored, name: str) -> float:
    """A figure of a run's cost; 0 where it gives none."""
    cost: Fields = _fields(run.result, "cost")
    found = cost.get(name)
    try:
        return float(found) if isinstance(found, int | float | str) else 0.0
    except ValueError:
        return 0.0


def fixes_of(runs: Sequence[Authored]) -> list[Fields]:
    """The first-round diagnostics of runs, and who resolved each."""
    found = [(run.result or {}).get("fixes") for run in runs]
    all_ = [fix for fixes in found if isinstance(fixes, list) for fix in fixes if isinstance(fix, dict)]
    return [fix for fix in all_ if fix.get("round", 1) == 1]


def _fields(result: Fields | None, name: str) -> Fields:
    found = (result or {}).get(name)
    return found if isinstance(found, dict) else {}
