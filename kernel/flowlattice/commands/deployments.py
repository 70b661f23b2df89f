"""List what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.home import flows_home

if TYPE_CHECKING:
    from flowlattice.deployments import Deployment, Deployments


@verb(
    examples="""
    flows deployments
    flows deployments echo_norm
    flows deployments --json
    """
)
@click.argument("name", required=False)
def command(console: Console, name: str | None) -> Exit:
    """List what is deployed, or everything that was ever deployed under one NAME.

    Each is called by the digest of its sources, and verified as it is before it is served: what is not verified is not
    served, and the line says why.
    """
    from flowlattice.deployments import Deployments

    deployments = Deployments(flows_home())
    found = deployments.all_current() if name is None else deployments.history(name)
    reasons = {one.id: unverified(deployments, one) for one in found}
    if console.json:
        console.emit(
            [
                {
                    **one.model_dump(mode="json", exclude={"bindings", "attestation"}),
                    "verified": reasons[one.id] is None,
                    "reason": reasons[one.id],
                }
                for one in found
            ]
        )
        return Exit.OK
    for one in found:
        mark, reason = "*" if one.current else " ", reasons[one.id]
        where = f"{one.profile}  {one.environment}  {one.at:%Y-%m-%d %H:%M}"
        state = "verified" if reason is None else f"not verified: {reason}"
        by = one.approval.approved_by
        console.result(f"{mark} {one.name}  {one.digest[:12]}  {where}  approved by {by}  {state}")
    if not found:
        console.progress("nothing is deployed; flows deploy PATH deploys a flow")
    return Exit.OK


def unverified(deployments: Deployments, deployment: Deployment) -> str | None:
    """Why a deployment would not be served; none if it would."""
    from flowlattice.deployments import NotVerified

    try:
        deployments.verified(deployment)
    except NotVerified as error:
        return str(error)
    return None
