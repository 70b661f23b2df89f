"""Look at what a flow's effects came to: `flows certify idem`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.certify.incident import Evidence, Finding
    from flowlattice.ir.model import FlowIR

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Ago(click.ParamType["timedelta"]):
    """A span of time as people write it: 90s, 30m, 24h, 7d."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The span; anything else is refused with an example."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", str(value))
        if match is None:
            self.fail(f"{value!r} is no span of time; write it like 24h, 30m or 7d", param, ctx)
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


class _Places(NamedTuple):
    """Where to look: run logs, stores of keys, and the flow."""

    logs: list[Path]
    stores: list[Path]
    path: Path | None


@verb(
    name="idem",
    examples="""
    flows certify idem --flow payments --since 24h
    flows certify idem --flow payments --since 7d --json
    flows certify idem --flow payments --state ./state --path payments/
    """,
)
@click.option("--flow", required=True, metavar="NAME", help="The flow's name.")
@click.option("--since", type=_Ago(), default="24h", show_default=True, help="How far back calls are looked at.")
@click.option("--state", type=PATH, metavar="DIR", help="The --state folder of flows serve or flows run.")
@click.option("--path", type=PATH, metavar="PATH", help="The flow as it stands; by default what is deployed.")
@click.option("--env", "environment", metavar="NAME", help="The environment of PATH's bindings.toml with its stores.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console, flow: str, since: timedelta, state: Path | None, path: Path | None, environment: str | None
) -> Exit:
    """Read the run log and the stores of keys, and report effects that did not happen once.

    It reports effects that were had twice under one key, keys that were derived differently, keys that are kept for
    less time than their record may be delivered again, effects of failed runs that nothing undid, and keys in doubt.
    Exit code 1 where there is any.
    """
    from flowlattice.certify.incident import found, gathered

    places = _places(flow, state, path, environment)
    ir = None if places.path is None else _ir(console, places.path, flow)
    if places.path is not None and ir is None:
        return Exit.PROBLEMS
    now = datetime.now(UTC)
    evidence = gathered(flow, since=now - since, now=now, logs=places.logs, stores=places.stores, ir=ir)
    findings = found(evidence)
    _show(console, evidence, findings)
    return Exit.PROBLEMS if findings else Exit.OK


def _places(flow: str, state: Path | None, path: Path | None, environment: str | None) -> _Places:
    """Where to look.

    Raises:
        UsageError: There is nothing to look at.
    """
    from flowlattice.bindings import CALLS_FILE, bindings_text
    from flowlattice.bindings.call_log import logged_flows
    from flowlattice.bindings.kept import LOCAL_STORE, environment_stores
    from flowlattice.deployments import Deployments
    from flowlattice.home import flows_home
    from flowlattice.hosts.versions import deployed_stores, state_folder
    from flowlattice.language.sources import flow_file

    if environment is not None and path is None:
        raise UsageError("--env names an environment of a flow's bindings.toml: give its --path too")
    if state is not None:
        if not (state / CALLS_FILE).is_file():
            raise UsageError(f"{state}: there is no run log; it is where flows serve or flows run had its --state")
        logged = logged_flows(state / CALLS_FILE)
        if flow not in logged:
            raise UsageError(
                f"{state}: its run log has nothing of {flow}; it has {', '.join(logged) or 'nothing at all'}"
            )
        stores = [state / LOCAL_STORE]
        if path is not None and environment is not None:
            folder = flow_file(path).parent
            stores += environment_stores(bindings_text(folder, environment), environment, folder)
        return _Places([state / CALLS_FILE], stores, path)
    home = flows_home()
    deployments = Deployments(home)
    current = deployments.current(flow)
    log = state_folder(home, flow) / CALLS_FILE
    if current is None and not log.is_file():
        raise UsageError(f"{flow} is not deployed here; flows deployments lists what is, --state names another log")
    stands = path or (None if current is None else deployments.flow_file(current))
    return _Places([log], deployed_stores(home), stands)


def _ir(console: Console, path: Path, flow: str) -> FlowIR | None:
    """The flow as it stands; none where it cannot be built, which is said.

    Raises:
        UsageError: It is another flow.
    """
    from flowlattice.commands._flows import ir_or_report

    ir = ir_or_report(console, path)
    if ir is not None and ir.name != flow:
        raise UsageError(f"{path}: is the flow {ir.name}, and --flow asks for {flow}")
    return ir


def _show(console: Console, evidence: Evidence, findings: tuple[Finding, ...]) -> None:
    looked = f"{len(evidence.calls)} calls since {evidence.since:%Y-%m-%d %H:%M} UTC, {len(evidence.kept)} keys"
    if console.json:
        console.emit(
            {
                "flow": evidence.flow,
                "since": evidence.since.isoformat(),
                "calls": len(evidence.calls),
                "keys": len(evidence.kept),
                "retention_looked_at": evidence.ir is not None,
                "findings": [finding.model_dump(mode="json") for finding in findings],
            }
        )
        return
    for finding in findings:
        key = "" if finding.key is None else f" key {finding.key[:16]}"
        runs = f" (run {', '.join(finding.runs)})" if finding.runs else ""
        console.result(f"{finding.kind:10} {finding.node}{key}: {finding.summary}{runs}")
        console.result(f"{'':10} {finding.remedy}")
    if evidence.ir is None:
        console.progress("how long keys are kept was not looked at: say where the flow is with --path")
    said = "nothing is wrong" if not findings else "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    console.progress(f"{evidence.flow}: {said} in {looked}")
