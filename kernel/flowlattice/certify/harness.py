"""The harness: runs the checks beside each other, each with its probes in the sandbox, and puts the evidence together.

A sandboxed process shares an interpreter with the flow's code, so what it reports is that code's claim until the code
is approved; the admission, the reader of bodies and the review stand beside it.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from pydantic import JsonValue

import flowlattice
from flowlattice.certify.bench import Bench, RouteInputs, routes_of
from flowlattice.certify.carried import Carried
from flowlattice.certify.checklists import checklists
from flowlattice.certify.checks import ALONE, CHECKS, CheckModule
from flowlattice.certify.checks.goldens import recorded
from flowlattice.certify.goldens import read_goldens, write_goldens
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Certificate, Check, Example, Sample
from flowlattice.certify.parts import inner_nodes, parts_of
from flowlattice.ir.digest import read_sources
from flowlattice.ir.model import FlowIR
from flowlattice.language.sources import decoded, flow_file
from flowlattice.policy import Decision
from flowlattice.sandbox import Limits, SandboxError, protection

LIMITS = Limits(wall_clock=timedelta(seconds=60), cpu=timedelta(seconds=50))
HARNESS = 2
"""The version of the harness: raised whenever what a check shows changes, so that older evidence is not reused."""
AT_ONCE = 2
"""So many checks run beside each other: the machines that this is made for have two cores."""


def harness() -> str:
    """What ran the checks: the harness and the versions beneath it; evidence of another one is not carried over."""
    return f"{HARNESS} on flowlattice {flowlattice.__version__}, Python {platform.python_version()}"


def certify(  # noqa: PLR0913 - the flow, what is known of it, and where to work
    path: Path,
    ir: FlowIR,
    *,
    source_digest: str,
    examples: Sequence[Example] = (),
    laboratory: Laboratory | None = None,
    watch: Callable[[Check], None] = lambda _: None,
    limits: Limits = LIMITS,
    base: Certificate | None = None,
    only: Collection[str] = (),
    environment: str | None = None,
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
        base: A certificate of the flow as it was: of parts that did not change, what passed is carried over.
        only: Names of the checks to run; all by default.
        environment: The environment that it is certified for; none: local doubles.
        decision: What the policies say of it; none where they are not asked.

    Raises:
        UsageError: The goldens beside the flow cannot be read.
    """
    texts = {name: decoded(file.content) for name, file in read_sources(path).items() if file.is_module}
    policies = None if decision is None else decision.policies_digest
    carried = Carried.over(parts_of(texts, ir), base, harness=harness(), environment=environment, policies=policies)
    every = routes_of(ir)
    done: list[Check] = []
    with laboratory_or_own(laboratory) as lab, ThreadPoolExecutor(AT_ONCE) as pool:
        bench = Bench(
            path=path.resolve(),
            ir=ir,
            nodes=tuple(node.name for node in inner_nodes(ir)),
            routes=every,
            examples=tuple(examples),
            laboratory=lab,
            limits=limits,
            environment=environment,
            decision=decision,
            goldens=read_goldens(flow_file(path).parent),
            inputs=RouteInputs(lambda route: bench.probe("inputs", {"route": route})),
        )
        planned = [(check, carried.bench(check.NAME, bench)) for check in CHECKS if not only or check.NAME in only]
        try:
            new = replace(bench, routes=carried.unsampled(every))
            for route in new.routes:
                pool.submit(bench.inputs.of, route)
            if not only:
                lab.start_worlds()
            sampled = pool.submit(_samples, new)
            for check in _results(pool, planned):
                done.append(carried.merged(check))
                watch(done[-1])
            samples = carried.samples(every, sampled.result())
        except BaseException:
            bench.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    confined = protection()
    order = {check.NAME: number for number, check in enumerate(CHECKS)}
    return Certificate(
        source_digest=source_digest,
        flow=f"{ir.name} {ir.version}",
        checks=tuple(sorted(done, key=lambda check: order[check.name])),
        samples=samples,
        base=carried.used(done),
        protection=confined.notice or confined.summary,
        flowlattice=flowlattice.__version__,
        harness=harness(),
        environment=environment,
        decision=None if decision is None else decision.digest,
        policies=policies,
        parts=dict(carried.parts),
        complete=len(done) == len(CHECKS),
        checklists=checklists(ir, done, decision),
    )


def record(path: Path, ir: FlowIR, certificate: Certificate, laboratory: Laboratory) -> tuple[Path, int]:
    """Record what nodes make and routes answer as goldens beside a flow; gives the file, and how many there are.

    Args:
        path: The flow file.
        ir: Its IR.
        certificate: Where the answers of routes come from.
        laboratory: Sandboxes to use.

    Raises:
        SandboxError: The flow could not be run.
    """
    bench = Bench(
        path=path.resolve(),
        ir=ir,
        nodes=tuple(node.name for node in inner_nodes(ir)),
        routes=routes_of(ir),
        examples=(),
        laboratory=laboratory,
        limits=LIMITS,
    )
    found = recorded(bench, certificate.samples)
    return write_goldens(flow_file(path).parent, found), len(found)


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
