"""Deploy an approved flow: its name stands for the digest of its sources."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.deployments import Approval, Deployments
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.ir.build import Built


@verb(
    examples="""
    flows deploy flow.py --approve
    flows deploy orders/ --env production --approve
    flows serve --deployed
    """
)
@click.argument("path", type=PATH)
@click.option("--approve", is_flag=True, help="Approve these sources, as the person who runs the command.")
@click.option("--env", "environment", help="Environment of bindings.toml; without it, local doubles stand in.")
def command(console: Console, path: Path, approve: bool, environment: str | None) -> Exit:
    """Check a flow and let its name stand for the digest of its sources.

    The sources are kept under the digest, and `flows serve --deployed` serves them. A deployment needs an approval of
    that digest: given with --approve, or by an earlier run or deployment of the same sources.
    """
    from flowlattice.deployments import LOCAL, Deployments
    from flowlattice.home import flows_home
    from flowlattice.ir.digest import source_digest
    from flowlattice.language.loading import flow_file

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
    deployments = Deployments(flows_home())
    deployment = deployments.record(
        name=flow.name,
        digest=digest,
        profile=flow.profile,
        environment=environment or LOCAL,
        source_folder=file,
        approval=_approval(deployments, flow.name, digest, approve),
        bindings=bindings,
    )
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
    """The built flow, and what forbids deploying it."""
    from flowlattice.bindings.environment import described
    from flowlattice.check import CheckContext, check
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
            plan(built.ir)
        except PlanRefused as refused:
            errors = refused.diagnostics
    return built, errors


def _approval(deployments: Deployments, name: str, digest: str, approve: bool) -> Approval:
    from flowlattice.deployments import Approval, NotApproved

    if approve:
        return Approval(digest=digest, approved_by=getpass.getuser(), at=datetime.now(UTC))
    known = deployments.approval_of(digest)
    if known is None:
        raise NotApproved(f"{name}: nobody has approved {digest[:12]}; look at it, then deploy it with --approve")
    return known


def _report(console: Console, built: Built, errors: list[Diagnostic]) -> None:
    from flowlattice.check.render import render_text

    if console.json:
        console.emit({"deployed": False, "diagnostics": [error.model_dump(mode="json") for error in errors]})
    console.progress(render_text(errors, built.sources))
    console.progress("not deployed; flows explain CODE says more about a code")
