"""All samples of an eval: gathers what is missing, several at a time, and keeps each as it ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from flowlattice_agents.evals.brief import Brief
from flowlattice_agents.evals.evidence import Attempt, Evidence
from flowlattice_agents.evals.probes import use
from flowlattice_agents.evals.processes import Children
from flowlattice_agents.evals.results import Result, Results
from flowlattice_agents.evals.scoring import score
from flowlattice_agents.evals.solver import FIRST_ARM, NoRecord, Settings, Solver
from flowlattice_agents.evals.suite import Suite

_PATIENCE_S = 0.2
Watch = Callable[[Result], None]


@dataclass(frozen=True)
class Sample:
    """A brief, authored once."""

    brief: Brief
    arm: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs the samples of a suite.

    Attributes:
        suite: The briefs.
        settings: What all samples have in common.
        arms: Which agents work, one after the other.
        epochs: How often each brief is authored.
        jobs: How many samples run at once.
        results: Where they are kept.
        children: Who runs the processes.
    """

    suite: Suite
    settings: Settings
    arms: Sequence[str] = (FIRST_ARM,)
    epochs: int = 1
    jobs: int = 1
    results: Results
    children: Children = field(default_factory=Children, repr=False)

    def samples(self) -> list[Sample]:
        """All samples, in the order in which they run."""
        return [Sample(b, arm, epoch) for epoch in range(self.epochs) for b in self.suite.briefs for arm in self.arms]

    def run(self, watch: Watch) -> list[Result]:
        """Bring every sample to its end and give all results.

        What was measured before is not measured again, unless there was nothing to score or the brief is another one.
        On Ctrl-C every process that runs is ended; what has ended is kept.

        Args:
            watch: Told of every result, those from before too.
        """
        self.results.tidy()
        pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="sample")
        try:
            futures = [pool.submit(self._settle, sample, watch) for sample in self.samples()]
            _first_error(futures)
        except BaseException:
            self.children.stop()
            pool.shutdown(cancel_futures=True)
            raise
        pool.shutdown()
        self.results.tidy()
        return [future.result() for future in futures]

    def _settle(self, sample: Sample, watch: Watch) -> Result:
        before = self.results.get(sample.arm, sample.epoch, sample.brief.id)
        if before is not None and before.score.status == "scored" and before.brief == sample.brief:
            watch(before)
            return before
        evidence = self._evidence(sample)
        result = Result(
            arm=sample.arm,
            epoch=sample.epoch,
            brief=sample.brief,
            evidence=evidence,
            score=score(sample.brief, evidence),
        )
        self.results.put(result)
        watch(result)
        return result

    def _evidence(self, sample: Sample) -> Evidence:
        self.children.check()
        work = self.results.workplace(sample.arm)
        solver = Solver(
            settings=self.settings,
            arm=sample.arm,
            epoch=sample.epoch,
            epochs=self.epochs,
            work=work,
            children=self.children,
        )
        try:
            return gather(sample.brief, self.suite.base_of(sample.brief), solver)
        except NoRecord as missing:
            return Evidence(unscored=str(missing))
        finally:
            shutil.rmtree(work, ignore_errors=True)


def gather(brief: Brief, base: Brief | None, solver: Solver) -> Evidence:
    """Author a brief, use what was built, and ask for the change if all went well so far.

    Args:
        brief: The brief.
        base: The brief whose flow is to be changed, if it names one.
        solver: Authors it.

    Raises:
        NoRecord: There is no record to replay.
        Stopped: The eval was stopped.
    """
    before, flow = None, None
    if base is not None:
        before = solver.author(base, "base", records=(f"{brief.id}.base", base.id))
        made = solver.flow_of(before)
        if made is None:
            return Evidence(base=before)
        flow = _copied(made, solver.work / "given")
    elif brief.edit is not None:
        flow = solver.work / "given" / "flow.py"
        flow.parent.mkdir()
        flow.write_text(brief.edit, encoding="utf-8")
    sources = {} if flow is None else {flow.name: flow.read_text(encoding="utf-8")}
    authored = solver.author(brief, "built", edit=flow, records=(brief.id,))
    built = solver.flow_of(authored)
    attempt = Attempt(authored=authored, built=None if built is None else use(built, brief.probes, solver))
    evidence = Evidence(base=before, base_sources=sources, attempt=attempt)
    if brief.change is None or built is None or not _well_so_far(brief, evidence):
        return evidence
    given = _copied(built, solver.work / "to-change")
    authored = solver.author(brief.change, "changed", edit=given, records=(f"{brief.id}.change",))
    built = solver.flow_of(authored)
    used = None if built is None else use(built, brief.change.probes, solver)
    return evidence.model_copy(update={"change": Attempt(authored=authored, built=used)})


def _well_so_far(brief: Brief, evidence: Evidence) -> bool:
    return score(brief.model_copy(update={"change": None}), evidence).passed


def _copied(flow: Path, folder: Path) -> Path:
    """A copy of a flow's folder, in which it may be changed; the flow's place in it."""
    home = flow if flow.is_dir() else flow.parent
    shutil.copytree(home, folder)
    return folder / "flow.py" if flow.is_dir() else folder / flow.name


def _first_error(futures: Sequence[Future[Result]]) -> None:
    """Wait for all, or for the first that fails, and raise what it raised."""
    left = set(futures)
    while left:
        # A signal that comes just before a wait does not end it, so no wait is long.
        done, left = wait(left, timeout=_PATIENCE_S, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


def rescored(results: Results, suite: Suite | None) -> list[Result]:
    """All results with scores worked out again from their evidence, and kept.

    Args:
        results: Where they are.
        suite: Briefs whose expectations count now; without one, those that are kept beside the evidence.
    """
    now = {} if suite is None else {brief.id: brief for brief in suite.briefs}
    found = []
    for result in results.all():
        if suite is not None and result.brief.id not in now:
            continue
        brief = now.get(result.brief.id, result.brief)
        again = result.model_copy(update={"brief": brief, "score": score(brief, result.evidence)})
        results.put(again)
        found.append(again)
    return found
