"""List what is deployed."""

from __future__ import annotations

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.home import flows_home


@verb(
    examples="""
    flows deployments
    flows deployments echo_norm
    flows deployments --json
    """
)
@click.argument("name", required=False)
def command(console: Console, name: str | None) -> Exit:
    """List what is deployed, or everything that was ever deployed under one NAME."""
    from flowlattice.deployments import Deployments

    deployments = Deployments(flows_home())
    found = deployments.all_current() if name is None else deployments.history(name)
    if console.json:
        console.emit([one.model_dump(mode="json", exclude={"bindings"}) for one in found])
        return Exit.OK
    for one in found:
        mark = "*" if one.current else " "
        by = f"approved by {one.approval.approved_by}"
        console.result(
            f"{mark} {one.name}  {one.digest[:12]}  {one.profile}  {one.environment}  {one.at:%Y-%m-%d %H:%M}  {by}"
        )
    if not found:
        console.progress("nothing is deployed; flows deploy PATH deploys a flow")
    return Exit.OK
