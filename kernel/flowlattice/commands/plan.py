"""Show how a host would run a flow: its execution plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.commands._flows import ir_or_report
from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.plan import ExecPlan


@verb(
    examples="""
    flows plan flow.py
    flows plan flow.py --profile dev
    flows plan orders/ --json
    """
)
@click.argument("path", type=PATH)
@click.option("--profile", help="The kind of host to plan for; by default the flow's own.")
def command(console: Console, path: Path, profile: str | None) -> Exit:
    """Print a flow's execution plan: what is fused into one call, where nodes run, the routes and the limits."""
    from flowlattice.plan import plan

    flow = ir_or_report(console, path)
    if flow is None:
        return Exit.PROBLEMS
    planned = plan(flow, profile)
    console.emit(planned) if console.json else console.result(_text(planned))
    return Exit.OK


def _text(planned: ExecPlan) -> str:
    """The plan for people: routes, limits, and where each node runs and why."""
    lines = [f"{planned.flow} {planned.version} on {planned.profile}"]
    for trigger in planned.triggers:
        deadline = "no deadline" if trigger.deadline_ms is None else f"deadline {trigger.deadline_ms} ms"
        lines.append(
            f"  {trigger.method} {trigger.path} -> {', '.join(hop.to for hop in trigger.next.hops)}; {deadline}"
        )
    lines += [f"  at most {limit.qps:g} requests a second, {limit.burst} at once" for limit in planned.rate_limits]
    lines.append(f"  at most {planned.max_in_flight} under way")
    widest = max((len(placement.node) for placement in planned.placements), default=0)
    for placement in planned.placements:
        lines.append(f"  {placement.node:<{widest}}  {placement.place:<8} {placement.unit}: {placement.because}")
    return "\n".join(lines)
