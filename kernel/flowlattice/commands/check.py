"""Check flows, and fix what can be fixed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from blake3 import blake3

import flowlattice
from flowlattice.check_cache import CheckCache, Shown
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import FlowlatticeError, UsageError

if TYPE_CHECKING:
    from flowlattice.check import CheckContext, Environment
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.build import Built
    from flowlattice.sandbox import Sandbox


# What the sources alone say. Other failures of a build may be the machine's, and are not kept.
_LASTING: Final = frozenset({"LOAD001", "LOAD002"})


@verb(
    examples="""
    flows check flow.py
    flows check examples/*/
    flows check orders/ --fix
    flows check orders/ --fix --facts facts.yaml
    flows check orders/ --env production --allow-hosts hosts.yaml
    flows check flow.py --format sarif > flow.sarif
    """
)
@click.argument("paths", type=PATH, nargs=-1, required=True, metavar="PATH...")
@click.option("--fix", is_flag=True, help="Apply the safe fixes to the files.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix, apply fixes too that make a choice for you.")
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), help="By default text.")
@click.option("--allow-hosts", type=PATH, metavar="FILE", help="YAML list of the hosts that flows may reach.")
@click.option("--facts", type=PATH, metavar="FILE", help="YAML of what is stated; fixes that do what it says are safe.")
@click.option("--env", "environment", metavar="NAME", help="Environment of bindings.toml that must bind everything.")
@click.option("--no-cache", is_flag=True, help="Build and check anew, even if nothing has changed.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    paths: tuple[Path, ...],
    fix: bool,
    unsafe_fixes: bool,
    style: str | None,
    allow_hosts: Path | None,
    facts: Path | None,
    environment: str | None,
    no_cache: bool,
) -> Exit:
    """Build the graphs of flows in the sandbox and report what is wrong with them.

    PATH is a flow file, or a folder that holds flow.py. Of several, each is built in a process of its own, forked from
    one that has imported what they need; they are reported in the order given, as JSON with the files named from here,
    as SARIF in one run. Exit code 1 if there is an error in any; warnings are none. `flows explain CODE` explains a
    code.

    What is stated with --facts: deadline_ms, deadlines_ms (by trigger), rate {qps, burst}, rates (by node),
    identities (by node: {fields, ttl_ms}), partitions (by node: fields), dedupe_ttl_ms, approvals (by checkpoint:
    {ttl_ms, on_timeout, escalate_to}), data_classes (by Record or Record.field), hosts (by binding), budgets (by node).
    """
    if unsafe_fixes and not fix:
        raise UsageError("--unsafe-fixes says which fixes --fix applies; give both")
    style = "json" if console.json else style or "text"
    asked = _Asked(style, len(paths) > 1, fix, unsafe_fixes, allow_hosts, facts, environment)
    shown = _results(console, paths, asked, is_kept=not (fix or no_cache))
    return _print(console, _one_log([*shown]) if style == "sarif" else shown)


def checked(console: Console, path: Path, environment: str | None) -> str | None:
    """Refuse what `flows check PATH` refuses; its last line otherwise, if there is something to say.

    An unchanged flow is not built again.

    Raises:
        FlowRefused: There is an error.
        UsageError: There is no flow, or no such environment.
    """
    asked = _Asked("text", False, False, False, None, None, environment)
    [shown] = _results(console, [path], asked, is_kept=True)
    *found, line = shown.text.splitlines()
    if shown.code != Exit.OK:
        raise FlowRefused(path, environment, line)
    return line if found else None


class FlowRefused(FlowlatticeError):
    """A flow in which the checker finds an error."""

    def __init__(self, path: Path, environment: str | None, line: str) -> None:
        where = "" if environment is None else f" --env {environment}"
        super().__init__(f"{line}; flows check {path}{where} shows what is wrong")


def _print(console: Console, results: Iterable[Shown]) -> Exit:
    """Print each result as it comes, what the sandbox lacks once; the worst exit code of them."""
    worst, noticed = Exit.OK, set[str]()
    for shown in results:
        if shown.notice is not None and shown.notice not in noticed:
            noticed.add(shown.notice)
            console.warn(shown.notice)
        if shown.text:
            console.result(shown.text)
        worst = max(worst, Exit(shown.code))
    return worst


def _one_log(results: list[Shown]) -> list[Shown]:
    """The SARIF logs of several paths as one log of one run, after the notices of all."""
    if len(results) == 1:
        return results
    logs = [json.loads(shown.text) for shown in results]
    logs[0]["runs"][0]["results"] = [result for log in logs for result in log["runs"][0]["results"]]
    *others, last = (replace(shown, text="") for shown in results)
    return [*others, replace(last, text=json.dumps(logs[0], indent=2))]


@dataclass(frozen=True)
class _Asked:
    """How to check, and how to show it; `is_one_of_many` says that several paths are checked."""

    style: str
    is_one_of_many: bool
    fix: bool
    unsafe: bool
    allow_hosts: Path | None
    facts: Path | None
    environment: str | None

    def request(self, path: Path) -> dict[str, str]:
        """What a result depends on besides the flow: how it is shown, and what is known of its circumstances."""
        is_named = self.style == "json" and self.is_one_of_many
        request = {
            "style": f"{self.style} with folders" if is_named else self.style,
            "folder": _folder(path),
            "here": str(Path.cwd()) if self.style == "sarif" else "",
        }
        for name, file in (("hosts", self.allow_hosts), ("facts", self.facts)):
            if file is not None:
                request[name] = blake3(file.read_bytes()).hexdigest() if file.is_file() else str(file)
        if self.environment is not None:
            request["environment"] = repr(_environment(path, self.environment))
        return request

    def context(self, path: Path) -> CheckContext:
        """What is known besides the flow."""
        from flowlattice.check import CheckContext, Facts, read_facts
        from flowlattice.check.allowed import read_hosts

        hosts = None if self.allow_hosts is None else read_hosts(self.allow_hosts)
        known = Facts() if self.facts is None else read_facts(self.facts)
        if self.environment is None:
            return CheckContext(allowed_hosts=hosts, facts=known)
        return CheckContext(allowed_hosts=hosts, environment=_environment(path, self.environment), facts=known)


def _results(console: Console, paths: Sequence[Path], asked: _Asked, *, is_kept: bool) -> Iterator[Shown]:
    """What is shown of each path, in order: what was kept, or what is found anew."""
    caches = [CheckCache(path, asked.request(path)) if is_kept else None for path in paths]
    kept = [None if cache is None else cache.find() for cache in caches]
    left = [(path, cache) for path, cache, shown in zip(paths, caches, kept, strict=True) if shown is None]
    if left:
        _require_flows(path for path, _ in left)
    anew = _anew(console, left, asked)
    for shown in kept:
        yield next(anew) if shown is None else shown


def _require_flows(paths: Iterable[Path]) -> None:
    """Refuse a path where there is no flow before anything is built or shown."""
    from flowlattice.language.sources import flow_file

    for path in paths:
        flow_file(path)


def _anew(console: Console, left: Sequence[tuple[Path, CheckCache | None]], asked: _Asked) -> Iterator[Shown]:
    """What is found in flows, each built in a process of its own, all of them forked from one."""
    from flowlattice.ir import TASK
    from flowlattice.sandbox import Sandbox

    with Sandbox(TASK) as sandbox:  # what it imports, it imports while this process imports the checker
        for path, cache in left:
            context = asked.context(path)
            built, found = _examined(console, path, context, sandbox, asked)
            text = "\n".join(_texts(asked, path, built, found, context))
            is_wrong = any(diagnostic.severity == "error" for diagnostic in found)
            shown = Shown(text=text, notice=built.notice, code=Exit.PROBLEMS if is_wrong else Exit.OK)
            if cache is not None and (built.ir is not None or all(each.code in _LASTING for each in found)):
                cache.keep(shown, built.sources, built.beside)
            yield shown


def _examined(
    console: Console, path: Path, context: CheckContext, sandbox: Sandbox, asked: _Asked
) -> tuple[Built, tuple[Diagnostic, ...]]:
    from flowlattice.check.repair import examine, repair

    if not asked.fix:
        return examine(path, context, sandbox)
    repaired = repair(path, context, sandbox, unsafe=asked.unsafe)
    for name in repaired.changed:
        console.progress(f"fixed {_folder(path)}{name}")
    return repaired.built, repaired.left


def _texts(
    asked: _Asked, path: Path, built: Built, found: tuple[Diagnostic, ...], context: CheckContext
) -> Iterator[str]:
    """What is shown of a check."""
    from flowlattice.check import with_edits
    from flowlattice.check.render import render_json, render_sarif, render_text, summary

    folder = _folder(path)
    if built.ir is not None and any(each.fix is not None for each in found):
        found = with_edits(built.ir, found, built.sources, context)  # a fix that cannot be made is not offered
    if asked.style == "text":
        if found:
            yield render_text(found, built.sources, folder)
        yield f"{folder}{built.file.name}: {summary(found)}{_named(built)}"
        return
    if asked.style == "sarif":
        yield render_sarif(found, version=flowlattice.__version__, folder=base_for_tools(built.file.parent))
    elif found:
        yield render_json(found, folder if asked.is_one_of_many else "")


def _named(built: Built) -> str:
    from flowlattice.check.finding import printable

    if built.ir is None:
        return ""
    return f" ({printable(f'{built.ir.name} {built.ir.version}')}, {len(built.ir.nodes)} nodes)"


def _folder(path: Path) -> str:
    """The flow's folder as the person named it, with `/` at its end; empty for this folder."""
    folder = path if path.is_dir() else path.parent
    return "" if folder == Path() else f"{folder.as_posix().rstrip('/')}/"


def base_for_tools(folder: Path) -> str:
    """The folder for tools: relative to this one where it is below, as code scanning expects, else a URI."""
    here = Path.cwd().resolve()
    if folder == here:
        return ""
    return f"{folder.relative_to(here).as_posix()}/" if folder.is_relative_to(here) else f"{folder.as_uri()}/"


def _environment(path: Path, name: str) -> Environment:
    """What an environment binds, and which credentials that it refers to are missing."""
    from flowlattice.bindings.file import bindings_text, described

    return described(bindings_text((path if path.is_dir() else path.parent).resolve(), name), name)
