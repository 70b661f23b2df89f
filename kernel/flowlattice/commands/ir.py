"""Print a flow's IR as JSON, or the JSON Schema of the IR."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flowlattice.commands._flows import ir_or_report
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError


@verb(
    examples="""
    flows ir flow.py
    flows ir orders/ --json
    flows ir --schema > flow-ir.schema.json
    """
)
@click.argument("path", type=PATH, required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the IR instead.")
def command(console: Console, path: Path | None, schema: bool) -> Exit:
    """Build a flow's graph in the sandbox and print its IR, indented; with --json on one line."""
    if schema == (path is not None):
        raise UsageError("name a flow or --schema, one of them: flows ir flow.py")
    if path is None:
        from flowlattice.ir.model import json_schema

        console.emit(json_schema()) if console.json else console.result(json.dumps(json_schema(), indent=2))
        return Exit.OK
    flow = ir_or_report(console, path)
    if flow is None:
        return Exit.PROBLEMS
    console.emit(flow) if console.json else console.result(flow.to_json())
    return Exit.OK
