"""Deploy an approved flow: its name stands for the digest of its sources, with the evidence for them."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.certify import Certificate
    from flowlattice.check import Environment
    from flowlattice.deployments import Approval, Deployment, Deployments
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.evidence import Evidence
    from flowlattice.ir.build import Built
    from flowlattice.ir.model import FlowIR
    from flowlattice.policy import Decision


class Given(NamedTuple):
    """What is deployed, and to where."""

    file: Path
    digest: str
    environment: str
    bindings: str | None
    bound: Environment | None


@verb(
    examples="""
    flows deploy flow.py --approve
    flows deploy orders/ --env production --allow-hosts hosts.yaml --approve
    flows serve --deployed
    """
)
@click.argument("path", type=PATH)
@click.option("--approve", is_flag=True, help="Approve these sources with their evidence, as who runs the command.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--allow-hosts", type=PATH, help="YAML list of the hosts that the organisation allows.")
@click.option("--replace", is_flag=True, help="Let local doubles replace what is deployed in an environment.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console, path: Path, approve: bool, environment: str | None, allow_hosts: Path | None, replace: bool
) -> Exit:
    """Check and certify a flow, ask the policies, and let its name stand for the digest of its sources.

    A certificate that is kept for the same sources and decision is used; nothing is run a second time. The approval,
    given with --approve or by an earlier run or deployment, is of exactly this evidence in this environment with its
    bindings; both are signed with this home's key. `flows serve --deployed` verifies that before it runs the flow.
    """
    from flowlattice.deployments import Deployments
    from flowlattice.home import flows_home

    given = _given(path, environment)
    deployments = Deployments(flows_home())
    if not approve:
        _expect_approval(deployments, given)
    built, errors = _checked(given)
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None:
        return _report(console, built, errors)
    decision = _decided(console, given, built.ir, allow_hosts)
    errors = [error for error in errors if decision.waiver_of(error) is None]
    if errors:
        return _report(console, built, errors)
    if not decision.allowed:
        return _refuse(console, built.ir.name, decision)
    certificate = _certified(console, given, built.ir, decision)
    if not certificate.passed:
        return _not_certified(console, built.ir.name, path, certificate)
    evidence = _evidence(given, built.ir, certificate, decision)
    return _deployed(console, _record(deployments, given, evidence, approve=approve, replace=replace))


def _given(path: Path, environment: str | None) -> Given:
    from flowlattice.bindings import described
    from flowlattice.deployments import LOCAL
    from flowlattice.ir.digest import source_digest
    from flowlattice.language.sources import flow_file

    file = flow_file(path)
    bindings = _bindings(file.parent, environment)
    bound = None if environment is None or bindings is None else described(bindings, environment)
    return Given(file, source_digest(file), environment or LOCAL, bindings, bound)


def _expect_approval(deployments: Deployments, given: Given) -> None:
    """See that somebody has approved the sources at all, before work is done for them."""
    from flowlattice.deployments import NotApproved, deployed_parts

    if deployments.approval_of(deployed_parts(given.digest, given.environment, given.bindings)) is None:
        what = f"{given.digest[:12]} in {given.environment}{'' if given.bindings is None else ' with these bindings'}"
        raise NotApproved(f"{given.file}: nobody has approved {what}; look at it, then deploy it with --approve")


def _bindings(folder: Path, environment: str | None) -> str | None:
    from flowlattice.bindings import bindings_text
    from flowlattice.deployments import LOCAL

    if environment == LOCAL:
        raise UsageError(f"{LOCAL} names the local doubles, which are what is used without --env; leave it out")
    return None if environment is None else bindings_text(folder, environment)


def _checked(given: Given) -> tuple[Built, list[Diagnostic]]:
    """The built flow, and what forbids deploying it.

    Raises:
        NotRunYet: Nothing here would run it.
    """
    from flowlattice.check import CheckContext, check
    from flowlattice.engine.runnable import check_runnable
    from flowlattice.ir.build import build
    from flowlattice.plan import PlanRefused, plan

    built = build(given.file)
    found = list(built.diagnostics)
    if built.ir is not None:
        found += check(built.ir, CheckContext(environment=given.bound))
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if built.ir is not None and not errors:
        try:
            check_runnable(plan(built.ir))
        except PlanRefused as refused:
            errors = refused.diagnostics
    return built, errors


def _decided(console: Console, given: Given, flow: FlowIR, allow_hosts: Path | None) -> Decision:
    """What the organisation's policies say; warnings and waivers are shown."""
    from flowlattice.check.allowed import read_hosts
    from flowlattice.policy import Ruleset, decide

    hosts = sorted(read_hosts(allow_hosts)) if allow_hosts is not None else ()
    ruleset = Ruleset.load(environment=given.environment)
    decision = decide(ruleset, flow, bindings=given.bound, allowed_hosts=hosts, at=datetime.now(UTC))
    for finding in decision.findings:
        if finding.waiver is not None:
            until = f"{finding.waiver.expires:%Y-%m-%d} by {finding.waiver.owner} ({finding.waiver.id})"
            console.warn(f"{finding.policy}: {finding.message}; waived until {until}: {finding.waiver.reason}")
        elif finding.severity == "warn":
            console.warn(f"{finding.policy}: {finding.message}; {finding.remedy}")
    return decision


def _certified(console: Console, given: Given, flow: FlowIR, decision: Decision) -> Certificate:
    """The certificate that is kept for these sources and this decision, or a new one."""
    from flowlattice.certify import certify

    return certify(given.file, flow, source_digest=given.digest, watch=lambda check: console.progress(check.summary))


def _evidence(given: Given, flow: FlowIR, certificate: Certificate, decision: Decision) -> Evidence:
    from flowlattice.evidence import Evidence

    return Evidence(
        ir=flow, source_digest=given.digest, certificate=certificate, decision=decision, builder="flows deploy"
    )


def _record(deployments: Deployments, given: Given, evidence: Evidence, *, approve: bool, replace: bool) -> Deployment:
    from flowlattice.home import flows_home

    approval = _approval(deployments, evidence, given.bindings, approve)
    recorded = deployments.record(
        name=evidence.ir.name,
        digest=given.digest,
        profile=evidence.ir.profile,
        environment=given.environment,
        source_folder=given.file,
        approval=approval,
        attestation=evidence.signed(approval, flows_home()),
        bindings=given.bindings,
        replace=replace,
    )
    return deployments.activate(recorded)


def _approval(deployments: Deployments, evidence: Evidence, bindings: str | None, approve: bool) -> Approval:
    """A new approval, or the one that was given for the same evidence, environment and bindings."""
    from flowlattice.deployments import Approval, NotApproved, approved_digest, attested_part, deployed_parts

    parts = evidence.parts(bindings)
    if approve:
        by, at = getpass.getuser(), datetime.now(UTC)
        return Approval(digest=approved_digest(parts), approved_by=by, at=at, parts=parts)
    wanted = deployed_parts(evidence.source_digest, evidence.decision.environment, bindings)
    known = deployments.approval_of({**wanted, **attested_part(evidence.attestation())})
    if known is None:
        raise NotApproved(
            f"{evidence.ir.name}: the sources {evidence.source_digest[:12]} were approved with another certificate or"
            " decision than they have now; look at flows certify, then deploy it with --approve"
        )
    return known


def _deployed(console: Console, deployment: Deployment) -> Exit:
    if console.json:
        console.emit(deployment.model_dump(mode="json", exclude={"bindings", "attestation"}))
    else:
        by, approval = deployment.approval.approved_by, deployment.approval.digest[:12]
        where = f"{deployment.name} is {deployment.digest[:12]} in {deployment.environment}"
        console.result(f"{where}, approved by {by} (approval {approval})")
        console.progress("flows serve --deployed serves it")
    return Exit.OK


def _refuse(console: Console, name: str, decision: Decision) -> Exit:
    if console.json:
        console.emit({"deployed": False, "policies": [denial.model_dump(mode="json") for denial in decision.denials]})
    for denial in decision.denials:
        lapsed = "".join(f" ({why})" for why in denial.lapsed)
        console.progress(f"{name}: {denial.policy} denies it: {denial.message}{lapsed}; {denial.remedy}")
    console.progress("not deployed")
    return Exit.PROBLEMS


def _not_certified(console: Console, name: str, path: Path, certificate: Certificate) -> Exit:
    failing = [check for check in certificate.checks if check.verdict in ("failed", "could_not_run")]
    if console.json:
        console.emit({"deployed": False, "checks": [check.model_dump(mode="json") for check in failing]})
    first = failing[0]
    said = "failed" if first.verdict == "failed" else "could not run"
    why = first.failures[0] if first.failures else first.summary
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    console.progress(
        f"{name}: not deployed: the check {first.name} {said}{more}: {why}; flows certify {path} says more"
    )
    return Exit.PROBLEMS


def _report(console: Console, built: Built, errors: list[Diagnostic]) -> Exit:
    from flowlattice.check.render import render_text

    if console.json:
        console.emit({"deployed": False, "diagnostics": [error.model_dump(mode="json") for error in errors]})
    console.progress(render_text(errors, built.sources))
    console.progress("not deployed; flows explain CODE says more about a code")
    return Exit.PROBLEMS
