"""Run records from a file through a flow, with local doubles for what it calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb


@verb(
    examples="""
    flows run flow.py --input orders.jsonl
    flows run flow.py --input orders.jsonl --json
    flows run shop/ --input orders.jsonl --trigger refunds --state .state
    """
)
@click.argument("path", type=PATH)
@click.option("--input", "input_file", type=PATH, required=True, metavar="FILE.jsonl", help="One JSON record a line.")
@click.option("--trigger", help="The trigger that the records go into, where there are several.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--state", type=PATH, metavar="DIR", help="Folder of kv and dedupe entries; empty memory without it.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    path: Path,
    input_file: Path,
    trigger: str | None,
    environment: str | None,
    state: Path | None,
) -> Exit:
    """Run each line of a file through a flow and show what came out.

    Lines that do not fit the trigger's record go to the side output `rejected`. Exit code 1 when the flow fails on
    a line.
    """
    from flowlattice.bindings import CALLS_FILE, SqliteCallLog, bindings_for
    from flowlattice.engine import MemoryCallLog
    from flowlattice.hosts.dev import choose_trigger, run_lines
    from flowlattice.hosts.programs import load_flow, runtime

    flow = load_flow(path)
    bindings = bindings_for(flow.program.file.parent, environment, state)
    log = MemoryCallLog(beside=None if state is None else SqliteCallLog(state / CALLS_FILE, flow.ir))
    running = runtime(flow, bindings, profile="dev", log=log)
    entry = choose_trigger(running, trigger)

    async def run() -> Exit:
        with input_file.open("rb") as lines:
            report = await run_lines(running, entry, lines, log)
        await running.close()
        if console.json:
            console.emit(report)
        else:
            for output in report.outputs:
                console.emit(output)
        rejected = sum(len(records) for records in report.side_outputs.values())
        for error in report.errors:
            console.progress(f"line {error.line}: {f'node {error.node} failed: ' if error.node else ''}{error.error}")
        doubles = f" ({', '.join(running.doubles)}: local doubles)" if running.doubles else ""
        console.progress(
            f"{report.status}: {len(report.outputs)} outputs, {rejected} rejected, {len(report.calls)} calls{doubles}"
        )
        return Exit.PROBLEMS if report.errors else Exit.OK

    return asyncio.run(run())
