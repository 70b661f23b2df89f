"""What verbs share that need a flow's IR."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flowlattice.check.render import render_text
from flowlattice.console import Console
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.build import Built, build
from flowlattice.ir.model import FlowIR


def built_or_report(console: Console, path: Path) -> tuple[Built, FlowIR] | None:
    """A built flow with its IR; none if it cannot be built, which is then said on stderr with file, line and cause.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
    """
    built = build(path)
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None:
        report(console, path, built, built.diagnostics)
        return None
    return built, built.ir


def ir_or_report(console: Console, path: Path) -> FlowIR | None:
    """The IR of a flow; none if it cannot be built, which is then said on stderr with file, line and cause.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
    """
    found = built_or_report(console, path)
    return None if found is None else found[1]


def report(console: Console, path: Path, built: Built, problems: Iterable[Diagnostic]) -> None:
    """Say on stderr what is wrong with a flow, each with its line."""
    folder = path if path.is_dir() else path.parent
    named = "" if folder == Path() else f"{folder.as_posix().rstrip('/')}/"
    console.progress(render_text(problems, built.sources, named))
