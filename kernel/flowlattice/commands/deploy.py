"""Deploy an approved flow: its name stands for the digest of its sources, with the evidence for them."""

from __future__ import annotations

import getpass
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from flowlattice.commands._evidence import Given, gathered, given_at
from flowlattice.commands._registry import registry_at, registry_option
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.certify import Certificate
    from flowlattice.deployments import Approval, Deployment, Deployments
    from flowlattice.evidence import Evidence
    from flowlattice.registry import Artefact


@verb(
    examples="""
    flows deploy flow.py --approve
    flows deploy orders/ --env production --allow-hosts hosts.yaml --approve
    flows deploy orders@1.4.0 --registry /srv/registry --approve
    flows serve --deployed
    """
)
@click.argument("what", metavar="PATH|NAME@VERSION")
@click.option("--approve", is_flag=True, help="Approve these sources with their evidence, as who runs the command.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
@click.option("--allow-hosts", type=PATH, help="YAML list of the hosts that the organisation allows.")
@click.option("--replace", is_flag=True, help="Let local doubles replace what is deployed in an environment.")
@registry_option
@click.option("--yanked", is_flag=True, help="Take NAME@VERSION even if it was yanked.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    what: str,
    approve: bool,
    environment: str | None,
    allow_hosts: Path | None,
    replace: bool,
    place: str | None,
    yanked: bool,
) -> Exit:
    """Check and certify a flow, ask the policies, and let its name stand for the digest of its sources.

    A certificate that is kept for the same sources and decision is used; nothing is run a second time. The approval,
    given with --approve or by an earlier run or deployment, is of exactly this evidence in this environment with its
    bindings; both are signed with this home's key. `flows serve --deployed` verifies that before it runs the flow.

    NAME@VERSION takes what is published, with its certificate, after everything about it was verified; the policies
    decide anew, and with --env the bindings are those of this folder.
    """
    from flowlattice.deployments import Deployments
    from flowlattice.home import flows_home

    deployments = Deployments(flows_home())
    with ExitStack() as stack:
        given, certificate = _taken(stack, what, environment, place, yanked=yanked)
        if not approve:
            _expect_approval(deployments, given, what)
        evidence = gathered(console, given, allow_hosts, "deployed", known=certificate)
        if evidence is None:
            return Exit.PROBLEMS
        return _deployed(console, _record(deployments, given, evidence, approve=approve, replace=replace))


def _taken(
    stack: ExitStack, what: str, environment: str | None, place: str | None, *, yanked: bool
) -> tuple[Given, Certificate | None]:
    """What is at a path, or what is published as NAME@VERSION with its certificate.

    Raises:
        UsageError: There is neither.
        FlowlatticeError: What speaks against what is published.
    """
    path = Path(what)
    if "@" not in what or path.exists():
        if place is not None and not path.exists():
            raise UsageError(f"{what}: name a version of what is published, as in {what}@1.0.0")
        return given_at(path, environment), None
    from flowlattice.registry import named

    name, version = named(what)
    artefact = registry_at(place).fetched(name, version, at=datetime.now(UTC), yanked=yanked)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="flowlattice-")))
    given = given_at(_laid_out(artefact, folder), environment, bound_in=Path.cwd())
    return given, artefact.certificate


def _laid_out(artefact: Artefact, folder: Path) -> Path:
    """The flow file of what is published, written into a folder with all that belongs to it."""
    for name, content in artefact.sources.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"{artefact.title}: its file {name!r} lies outside its folder; it cannot be deployed")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return _entry(artefact, folder)


def _entry(artefact: Artefact, folder: Path) -> Path:
    """The file that was published: the one with whose sources the certificate was made.

    Raises:
        UsageError: None is.
    """
    from flowlattice.ir.digest import source_digest

    stated = folder / artefact.ir.source.file
    for file in (stated, *sorted(folder.glob("*.py"))):
        if file.is_file() and source_digest(file) == artefact.attestation.source_digest:
            return file
    raise UsageError(f"{artefact.title}: none of its files is the flow that was certified; it cannot be deployed")


def _expect_approval(deployments: Deployments, given: Given, what: str) -> None:
    """See that somebody has approved the sources at all, before work is done for them."""
    from flowlattice.deployments import NotApproved, deployed_parts

    if deployments.approval_of(deployed_parts(given.digest, given.environment, given.bindings)) is None:
        where = f"{given.digest[:12]} in {given.environment}{'' if given.bindings is None else ' with these bindings'}"
        raise NotApproved(f"{what}: nobody has approved {where}; look at it, then deploy it with --approve")


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
