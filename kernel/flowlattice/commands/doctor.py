"""Say whether this machine can build, check and serve flows."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb


@verb(
    examples="""
    flows doctor
    flows doctor flow.py
    flows doctor --json
    """
)
@click.argument("path", type=PATH, required=False)
def command(console: Console, path: Path | None) -> Exit:
    """Say what this machine lacks for building, checking and serving flows, and what helps."""
    return Exit.OK
