"""Say whether this machine can build, check and serve flows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.health import Finding

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@verb(
    examples="""
    flows doctor
    flows doctor flow.py
    flows doctor --json
    """
)
@click.argument("path", type=PATH, required=False)
def command(console: Console, path: Path | None) -> Exit:
    """Say what this machine lacks for building, checking and serving flows, and what helps.

    With a PATH the flow there is built and checked as well. A warning is no failure: exit 3 if something that is
    needed is missing, 1 if the flow has problems.
    """
    from flowlattice.health import installation, machine, worst
    from flowlattice.language.loading import flow_file

    if path is not None:
        flow_file(path)
    found = [*installation(), *machine()]
    code = Exit.UNAVAILABLE if worst(found) == "fail" else Exit.OK
    if path is not None:
        finding, code = _flow(path) if code == Exit.OK else (_unchecked(), code)
        found.append(finding)
    _report(console, found)
    return code


def _flow(path: Path) -> tuple[Finding, Exit]:
    """Whether the flow builds and checks, and the exit code that says so."""
    from flowlattice.check import CheckContext, check
    from flowlattice.health import Finding
    from flowlattice.ir.build import build
    from flowlattice.sandbox import SandboxUnavailable

    try:
        built = build(path)
    except SandboxUnavailable as error:
        remedy = "a flow is built in a confined process, which has to start; see the line of the sandbox"
        return Finding(name="flow", status="fail", text=str(error), remedy=remedy), Exit.UNAVAILABLE
    found = [*built.diagnostics, *(check(built.ir, CheckContext()) if built.ir is not None else ())]
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if errors:
        codes = ", ".join(sorted({diagnostic.code for diagnostic in errors}))
        text = f"{path} has {_count(len(errors), 'error')} ({codes})"
        remedy = f"flows check {path} says where"
        return Finding(name="flow", status="fail", text=text, remedy=remedy), Exit.PROBLEMS
    rest = f", with {_count(len(found), 'remark')}" if found else ""
    return Finding(name="flow", status="ok", text=f"{path} builds and checks{rest}"), Exit.OK


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _unchecked() -> Finding:
    from flowlattice.health import Finding

    return Finding(name="flow", status="warn", text="not looked at, for something that it needs is missing")


def _report(console: Console, found: list[Finding]) -> None:
    from flowlattice.health import worst

    if console.json:
        checks: list[JsonValue] = [
            {"name": f.name, "status": f.status, "text": f.text, "remedy": f.remedy, "details": dict(f.details)}
            for f in found
        ]
        console.emit({"status": worst(found), "checks": checks})
        return
    widest = max(len(finding.name) for finding in found)
    for finding in found:
        mark = click.style(f"{finding.status:<4}", fg=_COLORS[finding.status])
        console.result(f"{mark}  {finding.name:<{widest}}  {finding.text}")
        if finding.remedy:
            console.result(f"{'':<{widest + 8}}{finding.remedy}")
