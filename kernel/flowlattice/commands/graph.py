"""Draw a flow's graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.ir.build import Built

FORMATS = ("mermaid", "dot", "svg")


@verb(
    examples="""
    flows graph flow.py
    flows graph orders/ --format svg > orders.svg
    flows graph orders/ --format dot | dot -Tpng -o orders.png
    """
)
@click.argument("path", type=PATH)
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="mermaid",
    show_default=True,
    help="SVG is a picture; Mermaid and DOT are text from which other tools make one.",
)
def command(console: Console, path: Path, style: str) -> Exit:
    """Draw a flow's graph: its nodes with what they do and may reach, and the ways between them.

    The flow is built, not checked: a graph with faults is drawn too, so that they can be seen.
    """
    from flowlattice.ir import drawing
    from flowlattice.ir.build import build

    built = build(path)
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None:
        _explain(console, path, built)
        return Exit.PROBLEMS
    drawn = drawing.FORMATS[style](built.ir)
    if console.json:
        console.emit({"format": style, "graph": drawn})
    else:
        console.result(drawn.removesuffix("\n"))
    return Exit.OK


def _explain(console: Console, path: Path, built: Built) -> None:
    """Why there is nothing to draw. For people on stderr: stdout may be a file that a picture was to go into."""
    from flowlattice.check.render import render_json, render_text, summary

    if console.json:
        console.result(render_json(built.diagnostics))
        return
    folder = path if path.is_dir() else path.parent
    console.progress(render_text(built.diagnostics, built.sources, "" if folder == Path() else f"{folder}/"))
    console.progress(summary(built.diagnostics))
