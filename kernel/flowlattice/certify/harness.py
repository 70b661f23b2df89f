"""The harness: runs the checks beside each other, each with its probes in the sandbox, and puts the evidence together.

A sandboxed process shares an interpreter with the flow's code, so what it reports is that code's claim until the code
is approved; the admission, the reader of bodies and the review stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from pydantic import JsonValue

import flowlattice
from flowlattice.certify.bench import Bench, routes_of
from flowlattice.certify.carrying import Carrying
from flowlattice.certify.changes import settings_digest
from flowlattice.certify.checks import ALONE, CHECKS, CheckModule
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Certificate, Check, Example, Sample
from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision
from flowlattice.sandbox import Limits, SandboxError, protection

LIMITS = Limits(wall_clock=timedelta(seconds=60), cpu=timedelta(seconds=50))
HARNESS = "2"
"""The version of the harness: raised whenever what a check shows changes, so that older evidence is not reused."""
AT_ONCE = 2
"""So many checks run beside each other: the machines that this is made for have two cores."""


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
    decision: Decision | None = None,
) -> Certificate:
    """Gather the evidence for a flow, or for what changed in it.

    Args:
        path: The flow file.
        ir: Its IR, as it was checked.
        source_digest: Digest of the sources that are certified.
        examples: Requests with the answers that the brief states.
        laboratory: Sandboxes to use; its own by default.
        watch: Called in this thread with each check as it is done.
        limits: What each sandboxed process may use.
        only_routes: The routes to exercise, as `METHOD /path` (see `changed_routes`); the others are carried over from
            `base`. All where there is no base, or one that did not pass.
        base: The certificate of the flow before the change.
        decision: What the policies say of the flow; none where they are not asked.
    """
    carrying = Carrying.over(ir, only_routes, base)
    every = routes_of(ir)
    done: dict[str, Check] = {}

    def note(check: Check) -> None:
        done[check.name] = check if carrying is None else carrying.noted(check)
        watch(done[check.name])

    with laboratory_or_own(laboratory) as lab, ThreadPoolExecutor(AT_ONCE) as pool:
        bench = Bench(
            path=path.resolve(),
            ir=ir,
            nodes=tuple(node.name for node in ir.nodes if node.kind != "trigger"),
            routes=every if carrying is None else tuple(route for route in every if route not in carrying.kept),
            examples=tuple(examples),
            laboratory=lab,
            limits=limits,
            decision=decision,
        )
        try:
            bench = _with_inputs(bench, every, pool)
            sampled = pool.submit(_samples, bench)
            for check in _results(pool, _planned(bench, every, carrying)):
                note(check)
            samples = sampled.result()
        except BaseException:
            bench.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    for check in () if carrying is None else carrying.missing(set(done)):
        note(check)
    confined = protection()
    order = {check.NAME: number for number, check in enumerate(CHECKS)}
    return Certificate(
        source_digest=source_digest,
        flow=f"{ir.name} {ir.version}",
        checks=tuple(sorted(done.values(), key=lambda check: order.get(check.name, len(order)))),
        samples=tuple(samples if carrying is None else carrying.samples(samples)),
        settings=settings_digest(ir),
        base=None if carrying is None else carrying.base.digest,
        protection=confined.notice or confined.summary,
        flowlattice=flowlattice.__version__,
        harness=HARNESS,
        decision=None if decision is None else decision.digest,
    )


def _planned(bench: Bench, every: tuple[str, ...], carrying: Carrying | None) -> list[tuple[CheckModule, Bench]]:
    """Each check with what it has to look at."""
    scopes = [(check, bench if carrying is None else carrying.scope(check.NAME, bench, every)) for check in CHECKS]
    return [(check, scope) for check, scope in scopes if scope is not None]


def _with_inputs(bench: Bench, routes: Sequence[str], pool: ThreadPoolExecutor) -> Bench:
    """The bench with the inputs of all routes; they are made in the pool, and the other worlds start meanwhile."""
    if not routes:
        return bench
    _ = bench.laboratory.work
    made = {route: pool.submit(bench.probe, "inputs", {"route": route}).result for route in routes}
    _ = bench.laboratory.worlds
    return replace(bench, inputs=made)


def _results(pool: ThreadPoolExecutor, planned: Sequence[tuple[CheckModule, Bench]]) -> Iterator[Check]:
    """Run checks beside each other, those that measure times one by one after the others; each as it is done."""
    beside = [pool.submit(_run, check, bench) for check, bench in planned if check.NAME not in ALONE]
    for done in as_completed(beside):
        yield done.result()
    for check, bench in planned:
        if check.NAME in ALONE:
            yield pool.submit(_run, check, bench).result()


def _run(check: CheckModule, bench: Bench) -> Check:
    reason = check.applies(bench)
    if reason is not None:
        return Check(name=check.NAME, verdict="not_applicable", summary=reason)
    try:
        return check.run(bench)
    except SandboxError as error:
        return Check(name=check.NAME, verdict="could_not_run", summary=str(error))


def _samples(bench: Bench) -> list[Sample]:
    """A sample of each route; none where none could be made, which the checks say."""
    if not bench.routes:
        return []
    try:
        return [
            Sample.model_validate(entry) for entry in cast(list[JsonValue], bench.probe("samples", bench.subject()))
        ]
    except SandboxError:
        return []


@contextmanager
def laboratory_or_own(given: Laboratory | None) -> Iterator[Laboratory]:
    """The laboratory that was given, left open; or one of its own, closed in the end."""
    if given is not None:
        yield given
        return
    with Laboratory() as own:
        yield own
