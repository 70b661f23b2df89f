"""The harness: runs the checks in the sandbox, replays answers in other processes, and puts the evidence together.

The sandboxed process shares an interpreter with the flow's code, so what it reports is that code's claim until the
code is approved; the admission, the reader of bodies and the review stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice import sandbox
from flowlattice.certify.model import Certificate, Check, Example, Sample
from flowlattice.ir.model import FlowIR
from flowlattice.sandbox import Limits, SandboxError

# Each process differs in what must not matter: the hash seed, the time zone, the locale.
WORLDS = (
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
)
LIMITS = Limits(wall_clock=timedelta(seconds=60), cpu=timedelta(seconds=50))


def certify(
    path: Path,
    ir: FlowIR,
    *,
    source_digest: str,
    examples: Sequence[Example] = (),
    watch: Callable[[Check], None] = lambda _: None,
    limits: Limits = LIMITS,
) -> Certificate:
    """Gather the evidence for a flow.

    Args:
        path: The flow file.
        ir: Its IR, as it was checked.
        source_digest: Digest of the sources that are certified.
        examples: Requests with the answers that the brief states.
        watch: Called with each check as it is done.
        limits: What each sandboxed process may use.
    """
    checks: list[Check] = []

    def done(check: Check) -> None:
        checks.append(check)
        watch(check)

    samples: list[Sample] = []
    try:
        given: JsonValue = {"path": str(path), "examples": [example.model_dump(mode="json") for example in examples]}
        result = sandbox.run(
            "flowlattice.certify.task:gather",
            given,
            read=[path.parent],
            limits=limits,
            on_event=lambda event: done(Check.model_validate(event)),
        )
        value = cast(dict[str, JsonValue], result.value)
        samples = [Sample.model_validate(entry) for entry in cast(list[JsonValue], value["samples"])]
        done(_replay(path, value, limits))
    except SandboxError as error:
        done(Check(name="sandbox", verdict="could_not_run", summary=str(error)))
    protection = sandbox.protection()
    return Certificate(
        source_digest=source_digest,
        flow=f"{ir.name} {ir.version}",
        checks=tuple(checks),
        samples=tuple(samples),
        protection=protection.notice or protection.summary,
    )


def _replay(path: Path, value: dict[str, JsonValue], limits: Limits) -> Check:
    """Strict routes answer byte for byte the same in processes that differ in all that must not matter."""
    requests, answers = value["requests"], value["answers"]
    if not isinstance(requests, list) or not requests:
        return Check(name="replay", verdict="not_applicable", summary="no route is strict from end to end")

    def again(world: dict[str, str]) -> JsonValue:
        given: JsonValue = {"path": str(path), "requests": requests}
        task = "flowlattice.certify.task:replay"
        return sandbox.run(task, given, read=[path.parent], limits=limits, env=world).value

    with ThreadPoolExecutor(max_workers=len(WORLDS)) as pool:
        replays = list(pool.map(again, WORLDS))
    differing = sum(replay != answers for replay in replays)
    summary = f"{len(requests)} answers repeated in {len(WORLDS)} processes of other hash seeds, zones and locales"
    if differing:
        said = f"{differing} of {len(WORLDS)} processes answered otherwise"
        return Check(name="replay", verdict="failed", summary=said, failures=(said,))
    return Check(name="replay", verdict="passed", summary=f"{summary}, byte for byte")
