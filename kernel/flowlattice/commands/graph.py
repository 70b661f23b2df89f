"""Draw a flow's graph."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb


@verb(
    examples="""
    flows graph flow.py
    flows graph orders/ --format svg > orders.svg
    flows graph orders/ --format dot | dot -Tpng -o orders.png
    """
)
@click.argument("path", type=PATH)
@click.option(
    "--format", "style", type=click.Choice(["mermaid", "dot", "svg"]), default="mermaid", show_default=True,
    help="Mermaid and DOT are text for other tools; SVG is a picture.",
)  # fmt: skip
def command(console: Console, path: Path, style: str) -> Exit:
    """Draw a flow's graph as Mermaid, DOT or SVG."""
    from flowlattice.ir.build import build
    from flowlattice.ir.drawing import FORMATS

    built = build(path)
    if built.ir is None:
        return Exit.PROBLEMS
    drawn = FORMATS[style](built.ir)
    if console.json:
        console.emit({"format": style, "graph": drawn})
    else:
        console.result(drawn.removesuffix("\n"))
    return Exit.OK
