"""The harness: runs the checks in the sandbox, replays answers in other processes, and puts the evidence together.

The sandboxed process shares an interpreter with the flow's code, so what it reports is that code's claim until the
code is approved; the admission, the reader of bodies and the review stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.carrying import Carrying
from flowlattice.certify.changes import settings_digest
from flowlattice.certify.laboratory import GATHER, REPLAY, Laboratory
from flowlattice.certify.model import Certificate, Check, Example, Sample
from flowlattice.engine.runnable import check_runnable
from flowlattice.errors import EngineUnavailable
from flowlattice.ir.model import FlowIR
from flowlattice.plan import PlanRefused, plan
from flowlattice.sandbox import Limits, Sandbox, SandboxError, protection

LIMITS = Limits(wall_clock=timedelta(seconds=60), cpu=timedelta(seconds=50))


def certify(  # noqa: PLR0913 - the flow, what is known of it, and where to work
    path: Path,
    ir: FlowIR,
    *,
    source_digest: str,
    examples: Sequence[Example] = (),
    laboratory: Laboratory | None = None,
    watch: Callable[[Check], None] = lambda _: None,
    limits: Limits = LIMITS,
    only_routes: frozenset[str] | None = None,
    base: Certificate | None = None,
) -> Certificate:
    """Gather the evidence for a flow, or for what changed in it.

    Args:
        path: The flow file.
        ir: Its IR, as it was checked.
        source_digest: Digest of the sources that are certified.
        examples: Requests with the answers that the brief states.
        laboratory: Sandboxes to use; its own by default.
        watch: Called with each check as it is done.
        limits: What each sandboxed process may use.
        only_routes: The routes to exercise, as `METHOD /path` (see `changed_routes`); the others are carried over from
            `base`. All where there is no base, or one that did not pass.
        base: The certificate of the flow before the change.
    """
    lacking = _not_run(ir)
    if lacking is not None:
        watch(lacking)
        return _without_evidence(ir, source_digest, lacking)
    carrying = Carrying.over(ir, only_routes, base)
    checks: list[Check] = []

    def done(check: Check) -> None:
        checks.append(check if carrying is None else carrying.noted(check))
        watch(checks[-1])

    samples: list[Sample] = []
    with laboratory_or_own(laboratory) as lab:
        worlds = lab.worlds  # they start while the evidence is gathered
        try:
            part = {} if carrying is None else carrying.request
            stated: JsonValue = [example.model_dump(mode="json") for example in examples]
            value = _gather(path, {"path": str(path), "examples": stated, **part}, lab, limits, done)
            samples = [Sample.model_validate(entry) for entry in cast(list[JsonValue], value["samples"])]
            done(_replay(path, value, worlds, limits))
            for check in () if carrying is None else carrying.missing({check.name for check in checks}):
                done(check)
        except SandboxError as error:
            done(Check(name="sandbox", verdict="could_not_run", summary=str(error)))
    confined = protection()
    return Certificate(
        source_digest=source_digest,
        flow=f"{ir.name} {ir.version}",
        checks=tuple(checks),
        samples=tuple(samples if carrying is None else carrying.samples(samples)),
        settings=settings_digest(ir),
        base=None if carrying is None else carrying.base.digest,
        protection=confined.notice or confined.summary,
    )


def _not_run(ir: FlowIR) -> Check | None:
    """Why no host of this version runs the flow, so that there is nothing to look at; none if one does."""
    try:
        check_runnable(plan(ir))
    except (EngineUnavailable, PlanRefused) as error:
        return Check(name="host", verdict="could_not_run", summary=str(error))
    return None


def _without_evidence(ir: FlowIR, source_digest: str, lacking: Check) -> Certificate:
    return Certificate(
        source_digest=source_digest,
        flow=f"{ir.name} {ir.version}",
        checks=(lacking,),
        samples=(),
        settings=settings_digest(ir),
        protection=protection().summary,
    )


@contextmanager
def laboratory_or_own(given: Laboratory | None) -> Iterator[Laboratory]:
    """The laboratory that was given, left open; or one of its own, closed in the end."""
    if given is not None:
        yield given
        return
    with Laboratory() as own:
        yield own


def _gather(
    path: Path, given: JsonValue, lab: Laboratory, limits: Limits, done: Callable[[Check], None]
) -> dict[str, JsonValue]:
    result = lab.work.run(
        GATHER,
        given,
        read=[path.parent],
        limits=limits,
        on_event=lambda event: done(Check.model_validate(event)),
    )
    return cast(dict[str, JsonValue], result.value)


def _replay(path: Path, value: dict[str, JsonValue], worlds: Sequence[Sandbox], limits: Limits) -> Check:
    """Strict routes answer byte for byte the same in processes that differ in all that must not matter."""
    requests, answers = value["requests"], value["answers"]
    if not isinstance(requests, list) or not requests:
        return Check(name="replay", verdict="not_applicable", summary="no route is strict from end to end")

    def again(world: Sandbox) -> JsonValue:
        given: JsonValue = {"path": str(path), "requests": requests}
        return world.run(REPLAY, given, read=[path.parent], limits=limits).value

    with ThreadPoolExecutor(max_workers=len(worlds)) as pool:
        replays = list(pool.map(again, worlds))
    differing = sum(replay != answers for replay in replays)
    if differing:
        said = f"{differing} of {len(worlds)} processes answered otherwise"
        return Check(name="replay", verdict="failed", summary=said, failures=(said,))
    summary = f"{len(requests)} answers repeated in {len(worlds)} processes of other hash seeds, zones and locales"
    return Check(name="replay", verdict="passed", summary=f"{summary}, byte for byte")
