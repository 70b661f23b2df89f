"""Fixing a flow on disk to a fixed point: build, check, apply what may be applied, and again until nothing changes.

A file is replaced in one step, and never by one that does not parse.
"""

from __future__ import annotations

import stat
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.fixes import apply_fixes, with_edits
from flowlattice.check.registry import check
from flowlattice.diagnostics import Diagnostic
from flowlattice.files import replace_file
from flowlattice.ir.build import Built, build
from flowlattice.sandbox import Sandbox

MOST_ROUNDS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What fixing came to.

    Attributes:
        built: The flow as it is now.
        left: What is still found.
        changed: Names of the files that were written.
        rounds: How often something was changed.
    """

    built: Built
    left: tuple[Diagnostic, ...]
    changed: tuple[str, ...]
    rounds: int


def examine(path: Path, context: CheckContext, sandbox: Sandbox) -> tuple[Built, tuple[Diagnostic, ...]]:
    """Build a flow and check it.

    Args:
        path: A flow file, or a folder that holds `flow.py`.
        context: What is known besides the flow.
        sandbox: A sandbox made for `ir.TASK`.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
    """
    built = build(path, sandbox=sandbox)
    return built, built.diagnostics if built.ir is None else check(built.ir, context)


def repair(path: Path, context: CheckContext, sandbox: Sandbox, *, unsafe: bool = False) -> Repaired:
    """Apply fixes until there is nothing left to apply.

    Args:
        path: A flow file, or a folder that holds `flow.py`.
        context: What is known besides the flow.
        sandbox: A sandbox made for `ir.TASK`.
        unsafe: Apply unsafe fixes too.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
        OSError: A file cannot be written.
    """
    changed: set[str] = set()
    for rounds in range(MOST_ROUNDS):
        built, found = examine(path, context, sandbox)
        if built.ir is None:
            return Repaired(built=built, left=found, changed=tuple(sorted(changed)), rounds=rounds)
        found = with_edits(built.ir, found, built.sources, context)
        fixed = _fixed(built.sources, found, unsafe)
        if not fixed:
            return Repaired(built=built, left=found, changed=tuple(sorted(changed)), rounds=rounds)
        for name, text in fixed.items():
            _write(built.file.parent / name, text)
        changed |= set(fixed)
    built, found = examine(path, context, sandbox)
    return Repaired(built=built, left=found, changed=tuple(sorted(changed)), rounds=MOST_ROUNDS)


def _fixed(sources: Mapping[str, str], found: tuple[Diagnostic, ...], unsafe: bool) -> dict[str, str]:
    """The files that fixes change, as they leave them."""
    texts = {
        name: apply_fixes(text, [diagnostic for diagnostic in found if diagnostic.file == name], unsafe=unsafe)
        for name, text in sources.items()
    }
    return {name: text for name, text in texts.items() if text != sources[name]}


def _write(file: Path, text: str) -> None:
    """Replace a file in one step, keeping its permissions and its byte order mark."""
    mode = stat.S_IMODE(file.stat().st_mode)
    mark = BOM_UTF8 if file.read_bytes().startswith(BOM_UTF8) else b""
    replace_file(file, mark + text.encode(), mode=mode)
