"""Show how a profile would run a flow: its execution plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.commands._flows import built_or_report, report
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.model import FlowIR


@verb(
    examples="""
    flows plan flow.py
    flows plan flow.py --profile temporal
    flows plan flow.py --all
    flows plan orders/ --json
    """
)
@click.argument("path", type=PATH)
@click.option("--profile", help="web, queue, temporal, wasm or dev; by default the flow's own.")
@click.option("--all", "every", is_flag=True, help="Say of every profile whether it can run the flow, and why not.")
def command(console: Console, path: Path, profile: str | None, every: bool) -> Exit:
    """Print a flow's execution plan: where each node runs and why, retries, timers, limits, state, and what is needed.

    Exit code 1 where the profile cannot honour what the flow asks for; the findings say what and where. With --all,
    where that is the flow's own profile.
    """
    from flowlattice.ir.digest import source_digest
    from flowlattice.language.sources import flow_file
    from flowlattice.plan import PlanRefused, plan
    from flowlattice.plan.text import words

    if every and profile is not None:
        raise UsageError("--all is about every profile; leave --profile out")
    found = built_or_report(console, path)
    if found is None:
        return Exit.PROBLEMS
    built, flow = found
    if every:
        return _compared(console, flow)
    try:
        planned = plan(flow, profile, digest=source_digest(flow_file(path)))
    except PlanRefused as refused:
        if console.json:
            problems: list[JsonValue] = [one.model_dump(mode="json") for one in refused.diagnostics]
            console.emit({"planned": False, "diagnostics": problems})
        else:
            report(console, path, built, refused.diagnostics)
        return Exit.PROBLEMS
    console.emit(planned) if console.json else console.result(words(planned))
    return Exit.OK


def _compared(console: Console, flow: FlowIR) -> Exit:
    """A line for each profile; in the end whether the flow's own can."""
    from flowlattice.plan import PROFILES, PlanRefused, plan

    found: dict[str, list[Diagnostic]] = {}
    for profile in PROFILES:
        try:
            plan(flow, profile)
            found[profile] = []
        except PlanRefused as refused:
            found[profile] = refused.diagnostics
    if console.json:
        listed: dict[str, JsonValue] = {
            profile: [one.model_dump(mode="json") for one in problems] for profile, problems in found.items()
        }
        console.emit(listed)
    else:
        width = max(map(len, PROFILES))
        for name, problems in found.items():
            own = " (its own)" if name == flow.profile else ""
            console.result(f"{name:<{width}}  {_why_not(name, problems) or 'can'}{own}")
    return Exit.PROBLEMS if found[flow.profile] else Exit.OK


def _why_not(profile: str, problems: list[Diagnostic]) -> str:
    """Each reason once, with the first place that it stands in the way of."""
    by_reason: dict[str, list[str]] = {}
    for one in problems:
        what, _, reason = one.message.removeprefix(f"profile {profile} ").rpartition(": ")
        by_reason.setdefault(reason, []).append(what or one.message)
    said = []
    for reason, whats in by_reason.items():
        more = f" (and {len(whats) - 1} more)" if len(whats) > 1 else ""
        said.append(f"{whats[0]}{more}: {reason}")
    return "; ".join(said)
