"""What verbs share that need a flow's IR."""

from __future__ import annotations

from pathlib import Path

from flowlattice.check.render import render_text
from flowlattice.console import Console
from flowlattice.ir.build import build
from flowlattice.ir.model import FlowIR


def ir_or_report(console: Console, path: Path) -> FlowIR | None:
    """The IR of a flow; none if it cannot be built, which is then said on stderr with file, line and cause.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
    """
    built = build(path)
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None:
        folder = path if path.is_dir() else path.parent
        named = "" if folder == Path() else f"{folder.as_posix().rstrip('/')}/"
        console.progress(render_text(built.diagnostics, built.sources, named))
    return built.ir
