"""Say whether this machine can build, check and serve flows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bindings.file import EnvironmentText
    from flowlattice.health import Finding

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@verb(
    examples="""
    flows doctor
    flows doctor flow.py
    flows doctor orders/ --env production
    flows doctor orders/ --env production --connect
    flows doctor --json
    """
)
@click.argument("path", type=PATH, required=False)
@click.option("--env", "environment", metavar="NAME", help="Environment of bindings.toml that the flow is to run in.")
@click.option("--connect", is_flag=True, help="With --env, try to connect to the servers that it names.")
def command(console: Console, path: Path | None, environment: str | None, connect: bool) -> Exit:
    """Say what this machine lacks for building, checking and serving flows, and what helps.

    With a PATH the flow there is built and checked as well, and each binding that it needs is looked for: whether it
    is bound, its credentials have values, its file or folder is there. A warning is no failure: exit 3 if something is
    missing without which nothing works, 1 if the flow has problems or lacks something.
    """
    from flowlattice.health import installation, machine, worst
    from flowlattice.language.sources import flow_file

    bound = _environment(path, environment, connect=connect)
    if path is not None:
        flow_file(path)
    found = [*installation(), *machine()]
    code = Exit.UNAVAILABLE if worst(found) == "fail" else Exit.OK
    if path is not None:
        findings, code = _flow(path, bound, connect=connect) if code == Exit.OK else ([_unchecked()], code)
        found += findings
    _report(console, found)
    return code


def _environment(path: Path | None, environment: str | None, *, connect: bool) -> EnvironmentText | None:
    if environment is None:
        if connect:
            raise UsageError("--connect tries the servers of an environment; name it with --env")
        return None
    if path is None:
        raise UsageError("--env is looked up in the bindings.toml of a flow; give its PATH")
    from flowlattice.bindings.file import bindings_text, read_environment
    from flowlattice.language.sources import flow_file

    return read_environment(bindings_text(flow_file(path).parent, environment), environment)


def _flow(path: Path, bound: EnvironmentText | None, *, connect: bool) -> tuple[list[Finding], Exit]:
    """Whether the flow builds and checks and what it needs is there, and the exit code that says so."""
    from flowlattice.check import CheckContext, check
    from flowlattice.health import Finding, worst
    from flowlattice.health.needs import met
    from flowlattice.ir.build import build
    from flowlattice.sandbox import SandboxUnavailable

    try:
        built = build(path)
    except SandboxUnavailable as error:
        remedy = "a flow is built in a confined process, which has to start; see the line of the sandbox"
        return [Finding(name="flow", status="fail", text=str(error), remedy=remedy)], Exit.UNAVAILABLE
    found = [*built.diagnostics, *(check(built.ir, CheckContext()) if built.ir is not None else ())]
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if errors:
        codes = ", ".join(sorted({diagnostic.code for diagnostic in errors}))
        text = f"{path} has {_count(len(errors), 'error')} ({codes})"
        remedy = f"flows check {path} says where"
        flow, code = Finding(name="flow", status="fail", text=text, remedy=remedy), Exit.PROBLEMS
        return [flow, *([] if built.ir is None else met(built.ir, bound, built.file.parent, connect=connect))], code
    rest = f", with {_count(len(found), 'remark')}" if found else ""
    flow = Finding(name="flow", status="ok", text=f"{path} builds and checks{rest}")
    needed = [] if built.ir is None else list(met(built.ir, bound, built.file.parent, connect=connect))
    return [flow, *needed], Exit.PROBLEMS if worst(needed) == "fail" else Exit.OK


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
