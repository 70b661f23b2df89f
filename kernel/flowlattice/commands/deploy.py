"""Deploy an approved flow: its name stands for the digest of its sources."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.deployments import Approval, Deployments
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.build import Built
    from flowlattice.ir.model import FlowIR
    from flowlattice.policy import Finding


class Target(NamedTuple):
    """What is deployed, and to where."""

    name: str
    digest: str
    environment: str
    bindings: str | None


@verb(
    examples="""
    flows deploy flow.py --approve
    flows deploy orders/ --env production --allow-hosts hosts.yaml --approve
    flows serve --deployed
    """
)
@click.argument("path", type=PATH)
@click.option("--approve", is_flag=True, help="Approve these sources, as the person who runs the command.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--allow-hosts", type=PATH, help="YAML list of the hosts that the organisation allows.")
@click.option("--replace", is_flag=True, help="Let local doubles replace what is deployed in an environment.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console, path: Path, approve: bool, environment: str | None, allow_hosts: Path | None, replace: bool
) -> Exit:
    """Check a flow, ask the policies, and let its name stand for the digest of its sources.

    The sources are kept under the digest, and `flows serve --deployed` serves them. A deployment needs an approval of
    that digest in that environment with its bindings: given with --approve, or by an earlier run or deployment. A name
    stands for one deployment in one environment.
    """
    from flowlattice.deployments import LOCAL, Deployments
    from flowlattice.home import flows_home
    from flowlattice.ir.digest import source_digest
    from flowlattice.language.sources import flow_file

    file = flow_file(path)
    bindings = _bindings(file.parent, environment)
    digest = source_digest(file)
    built, errors = _checked(file, bindings, environment)
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None or errors:
        _report(console, built, errors)
        return Exit.PROBLEMS
    flow = built.ir
    denials = _denials(console, flow, allow_hosts)
    if denials:
        _refuse(console, flow.name, denials)
        return Exit.PROBLEMS
    deployments = Deployments(flows_home())
    target = Target(flow.name, digest, environment or LOCAL, bindings)
    recorded = deployments.record(
        name=flow.name,
        digest=digest,
        profile=flow.profile,
        environment=target.environment,
        source_folder=file,
        approval=_approval(deployments, target, approve),
        bindings=bindings,
        replace=replace,
    )
    deployment = deployments.activate(recorded)
    if console.json:
        console.emit(deployment.model_dump(mode="json", exclude={"bindings"}))
    else:
        by = deployment.approval.approved_by
        console.result(f"{flow.name} is {digest[:12]} in {deployment.environment}, approved by {by}")
        console.progress("flows serve --deployed serves it")
    return Exit.OK


def _bindings(folder: Path, environment: str | None) -> str | None:
    from flowlattice.bindings import bindings_text
    from flowlattice.deployments import LOCAL

    if environment == LOCAL:
        raise UsageError(f"{LOCAL} names the local doubles, which are what is used without --env; leave it out")
    return None if environment is None else bindings_text(folder, environment)


def _checked(file: Path, bindings: str | None, environment: str | None) -> tuple[Built, list[Diagnostic]]:
    """The built flow, and what forbids deploying it.

    Raises:
        NotRunYet: Nothing here would run it.
    """
    from flowlattice.bindings import described
    from flowlattice.check import CheckContext, check
    from flowlattice.engine.runnable import check_runnable
    from flowlattice.ir.build import build
    from flowlattice.plan import PlanRefused, plan

    built = build(file)
    found = list(built.diagnostics)
    if built.ir is not None:
        bound = None if environment is None or bindings is None else described(bindings, environment)
        found += check(built.ir, CheckContext(environment=bound))
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if built.ir is not None and not errors:
        try:
            check_runnable(plan(built.ir))
        except PlanRefused as refused:
            errors = refused.diagnostics
    return built, errors


def _approval(deployments: Deployments, target: Target, approve: bool) -> Approval:
    """A new approval, or the one that was given for the same sources, environment and bindings."""
    from flowlattice.deployments import Approval, NotApproved, approved_digest, deployed_parts

    _, digest, environment, bindings = target
    if approve:
        parts = deployed_parts(digest, environment, bindings)
        by, at = getpass.getuser(), datetime.now(UTC)
        return Approval(digest=approved_digest(parts), approved_by=by, at=at, parts=parts)
    known = deployments.approval_of(digest, environment, bindings)
    if known is None:
        what = f"{digest[:12]} in {environment}{'' if bindings is None else ' with these bindings'}"
        raise NotApproved(f"{target.name}: nobody has approved {what}; look at it, then deploy it with --approve")
    return known


def _denials(console: Console, flow: FlowIR, allow_hosts: Path | None) -> list[Finding]:
    """What the organisation's policies forbid; warnings are shown."""
    from flowlattice.check.allowed import read_hosts
    from flowlattice.policy import evaluate, load_policies

    hosts = sorted(read_hosts(allow_hosts)) if allow_hosts is not None else ()
    findings = evaluate(load_policies(), flow, allowed_hosts=hosts)
    for finding in findings:
        if finding.severity == "warn":
            console.warn(f"{finding.policy}: {finding.message}; {finding.remedy}")
    return [finding for finding in findings if finding.severity == "deny"]


def _refuse(console: Console, name: str, denials: list[Finding]) -> None:
    if console.json:
        console.emit({"deployed": False, "policies": [denial.model_dump(mode="json") for denial in denials]})
    for denial in denials:
        console.progress(f"{name}: {denial.policy} denies it: {denial.message}; {denial.remedy}")
    console.progress("not deployed")


def _report(console: Console, built: Built, errors: list[Diagnostic]) -> None:
    from flowlattice.check.render import render_text

    if console.json:
        console.emit({"deployed": False, "diagnostics": [error.model_dump(mode="json") for error in errors]})
    console.progress(render_text(errors, built.sources))
    console.progress("not deployed; flows explain CODE says more about a code")
