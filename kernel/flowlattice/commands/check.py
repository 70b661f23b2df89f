"""Check a flow, and fix what can be fixed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from blake3 import blake3

import flowlattice
from flowlattice.check_cache import CheckCache, Shown
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.check import CheckContext, Environment
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.build import Built


_Circumstances = tuple[Path | None, Path | None, str | None]

# What the sources alone say. Other failures of a build may be the machine's, and are not kept.
_LASTING: Final = frozenset({"LOAD001", "LOAD002"})


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
@click.option("--no-cache", is_flag=True, help="Build and check anew, even if nothing has changed.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    path: Path,
    fix: bool,
    unsafe_fixes: bool,
    style: str | None,
    allow_hosts: Path | None,
    facts: Path | None,
    environment: str | None,
    no_cache: bool,
) -> Exit:
    """Build a flow's graph in the sandbox and report what is wrong with it.

    PATH is a flow file, or a folder that holds flow.py. Exit code 1 if there is an error; warnings are none.
    `flows explain CODE` explains a code.

    What is stated with --facts: deadline_ms, deadlines_ms (by trigger), rate {qps, burst}, rates (by node),
    identities (by node: {fields, ttl_ms}), partitions (by node: fields), dedupe_ttl_ms, approvals (by checkpoint:
    {ttl_ms, on_timeout, escalate_to}), data_classes (by Record or Record.field), hosts (by binding), budgets (by node).
    """
    if unsafe_fixes and not fix:
        raise UsageError("--unsafe-fixes says which fixes --fix applies; give both")
    style = "json" if console.json else style or "text"
    cache = None
    if not (fix or no_cache):
        cache = CheckCache(path, _request(path, style, allow_hosts, facts, environment))
        shown = cache.find()
        if shown is not None:
            return _print(console, shown)
    built, found, context = _checked(console, path, (allow_hosts, facts, environment), fix=fix, unsafe=unsafe_fixes)
    text = "\n".join(_texts(style, path, built, found, context))
    is_wrong = any(diagnostic.severity == "error" for diagnostic in found)
    shown = Shown(text=text, notice=built.notice, code=Exit.PROBLEMS if is_wrong else Exit.OK)
    if cache is not None and (built.ir is not None or all(each.code in _LASTING for each in found)):
        cache.keep(shown, built.sources, built.beside)
    return _print(console, shown)


def _print(console: Console, shown: Shown) -> Exit:
    if shown.notice is not None:
        console.warn(shown.notice)
    if shown.text:
        console.result(shown.text)
    return Exit(shown.code)


def _request(
    path: Path, style: str, allow_hosts: Path | None, facts: Path | None, environment: str | None
) -> dict[str, str]:
    """What a result depends on besides the flow: how it is shown, and what is known of its circumstances."""
    request = {"style": style, "folder": _folder(path), "here": str(Path.cwd()) if style == "sarif" else ""}
    for name, file in (("hosts", allow_hosts), ("facts", facts)):
        if file is not None:
            request[name] = blake3(file.read_bytes()).hexdigest() if file.is_file() else str(file)
    if environment is not None:
        request["environment"] = repr(_environment(path, environment))
    return request


def _checked(
    console: Console, path: Path, circumstances: _Circumstances, *, fix: bool, unsafe: bool
) -> tuple[Built, tuple[Diagnostic, ...], CheckContext]:
    from flowlattice.ir import TASK
    from flowlattice.language.loading import flow_file
    from flowlattice.sandbox import Sandbox

    flow_file(path)
    with Sandbox(TASK) as sandbox:  # what it imports, it imports while this process imports the checker
        from flowlattice.check.repair import examine, repair

        context = _context(path, *circumstances)
        if not fix:
            return (*examine(path, context, sandbox), context)
        repaired = repair(path, context, sandbox, unsafe=unsafe)
        for name in repaired.changed:
            console.progress(f"fixed {_folder(path)}{name}")
        return repaired.built, repaired.left, context


def _texts(style: str, path: Path, built: Built, found: tuple[Diagnostic, ...], context: CheckContext) -> Iterator[str]:
    """What is shown of a check."""
    from flowlattice.check import with_edits
    from flowlattice.check.render import render_json, render_sarif, render_text, summary

    folder = _folder(path)
    if built.ir is not None and any(each.fix is not None for each in found):
        found = with_edits(built.ir, found, built.sources, context)  # a fix that cannot be made is not offered
    if style == "text":
        if found:
            yield render_text(found, built.sources, folder)
        yield f"{folder}{built.file.name}: {summary(found)}{_named(built)}"
        return
    if style == "sarif":
        yield render_sarif(found, version=flowlattice.__version__, folder=_base(built.file.parent))
    elif found:
        yield render_json(found)


def _named(built: Built) -> str:
    from flowlattice.check.finding import printable

    if built.ir is None:
        return ""
    return f" ({printable(f'{built.ir.name} {built.ir.version}')}, {len(built.ir.nodes)} nodes)"


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


def _context(path: Path, allow_hosts: Path | None, facts: Path | None, environment: str | None) -> CheckContext:
    from flowlattice.check import CheckContext, Facts, read_facts
    from flowlattice.check.allowed import read_hosts

    hosts = None if allow_hosts is None else read_hosts(allow_hosts)
    known = Facts() if facts is None else read_facts(facts)
    if environment is None:
        return CheckContext(allowed_hosts=hosts, facts=known)
    return CheckContext(allowed_hosts=hosts, environment=_environment(path, environment), facts=known)


def _environment(path: Path, name: str) -> Environment:
    """What an environment binds, and which credentials that it refers to are missing."""
    from flowlattice.bindings.file import bindings_text, described

    return described(bindings_text((path if path.is_dir() else path.parent).resolve(), name), name)
