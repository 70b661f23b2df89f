"""Say what changes in meaning between two flows."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import JsonValue

from flowlattice.commands._flows import ir_or_report
from flowlattice.console import PATH, Console, Exit, verb


@verb(
    examples="""
    flows diff old/flow.py new/flow.py
    flows diff v1/ v2/ --json
    """
)
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
def command(console: Console, old: Path, new: Path) -> Exit:
    """Say what changes in meaning from one flow to another: routes, effects, hosts, data, limits, cost.

    Both are built in the sandbox. Of the bodies of functions it says which are not as they were; how, is in the text.
    """
    from flowlattice.ir.comparison import compare

    before, after = ir_or_report(console, old), ir_or_report(console, new)
    if before is None or after is None:
        return Exit.PROBLEMS
    changes = compare(before, after)
    if console.json:
        found: list[JsonValue] = [change.model_dump(mode="json") for change in changes]
        console.emit({"changes": found})
        return Exit.OK
    for change in changes:
        console.result(f"{change.weight:<8} {change.text}")
    if not changes:
        console.result("the two promise the same")
    return Exit.OK
