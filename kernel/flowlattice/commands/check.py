"""Check a flow, and fix what can be fixed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import flowlattice
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.check import CheckContext
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.build import Built


@verb(
    examples="""
    flows check flow.py
    flows check orders/ --fix
    flows check orders/ --fix --facts facts.yaml
    flows check orders/ --env production --allow-hosts hosts.yaml
    flows check flow.py --format sarif > flow.sarif
    """
)
@click.argument("path", type=PATH)
@click.option("--fix", is_flag=True, help="Apply the safe fixes to the files.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix, apply fixes too that make a choice for you.")
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), help="By default text.")
@click.option("--allow-hosts", type=PATH, metavar="FILE", help="YAML list of the hosts that flows may reach.")
@click.option("--facts", type=PATH, metavar="FILE", help="YAML of what is stated; fixes that do what it says are safe.")
@click.option("--env", "environment", metavar="NAME", help="Environment of bindings.toml that must bind everything.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    path: Path,
    fix: bool,
    unsafe_fixes: bool,
    style: str | None,
    allow_hosts: Path | None,
    facts: Path | None,
    environment: str | None,
) -> Exit:
    """Build a flow's graph in the sandbox and report what is wrong with it.

    PATH is a flow file, or a folder that holds flow.py. Exit code 1 if there is an error; warnings are none.
    `flows explain CODE` explains a code.

    What is stated with --facts: deadline_ms, deadlines_ms (by trigger), rate {qps, burst}, rates (by node),
    identities (by node: {fields, ttl_ms}), partitions (by node: fields), dedupe_ttl_ms, approvals (by checkpoint:
    {ttl_ms, on_timeout, escalate_to}), data_classes (by Record or Record.field), hosts (by binding), budgets (by node).
    """
    from flowlattice.ir import TASK
    from flowlattice.language.loading import flow_file
    from flowlattice.sandbox import Sandbox

    if unsafe_fixes and not fix:
        raise UsageError("--unsafe-fixes says which fixes --fix applies; give both")
    file = flow_file(path)
    with Sandbox(TASK) as sandbox:  # what it imports, it imports while this process imports the checker
        from flowlattice.check.repair import examine, repair

        context = _context(file, allow_hosts, facts, environment)
        if fix:
            repaired = repair(path, context, sandbox, unsafe=unsafe_fixes)
            built, found = repaired.built, repaired.left
            for name in repaired.changed:
                console.progress(f"fixed {_folder(path)}{name}")
        else:
            built, found = examine(path, context, sandbox)
    if built.notice is not None:
        console.warn(built.notice)
    _show(console, "json" if console.json else style or "text", path, built, found, context)
    return Exit.PROBLEMS if any(diagnostic.severity == "error" for diagnostic in found) else Exit.OK


def _show(  # noqa: PLR0913, PLR0917 - all that a check came to
    console: Console, style: str, path: Path, built: Built, found: tuple[Diagnostic, ...], context: CheckContext
) -> None:
    from flowlattice.check import with_edits
    from flowlattice.check.render import render_json, render_sarif, render_text, summary

    folder = _folder(path)
    if style == "text":
        if found:
            console.result(render_text(found, built.sources, folder))
        nodes = "" if built.ir is None else f" ({built.ir.name} {built.ir.version}, {len(built.ir.nodes)} nodes)"
        console.result(f"{folder}{built.file.name}: {summary(found)}{nodes}")
        return
    if built.ir is not None:
        found = with_edits(built.ir, found, built.sources, context)
    if style == "sarif":
        console.result(render_sarif(found, version=flowlattice.__version__, folder=_base(built.file.parent)))
    elif found:
        console.result(render_json(found))


def _folder(path: Path) -> str:
    """The flow's folder as the person named it, with `/` at its end; empty for this folder."""
    folder = path if path.is_dir() else path.parent
    return "" if folder == Path() else f"{folder.as_posix().rstrip('/')}/"


def _base(folder: Path) -> str:
    """The folder for tools: relative to this one where it is below, as code scanning expects, else a URI."""
    here = Path.cwd().resolve()
    if folder == here:
        return ""
    return f"{folder.relative_to(here).as_posix()}/" if folder.is_relative_to(here) else f"{folder.as_uri()}/"


def _context(file: Path, allow_hosts: Path | None, facts: Path | None, environment: str | None) -> CheckContext:
    from flowlattice.check import CheckContext, Facts, read_facts
    from flowlattice.check.allowed import read_hosts

    hosts = None if allow_hosts is None else read_hosts(allow_hosts)
    known = Facts() if facts is None else read_facts(facts)
    if environment is None:
        return CheckContext(allowed_hosts=hosts, facts=known)
    from flowlattice.bindings.file import bindings_text, described

    bound = described(bindings_text(file.parent, environment), environment)
    return CheckContext(allowed_hosts=hosts, environment=bound, facts=known)
