"""Approved and deployed flows, without the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flowlattice.deployments import Approval, Deployment, Deployments, approved_digest, deployed_parts
from flowlattice.ir.digest import source_digest


def deploy(home: Path, file: Path, *, name: str = "talk") -> Deployment:
    """Approve a flow and let a name stand for it, in the local environment."""
    digest = source_digest(file)
    parts = deployed_parts(digest, "local", None)
    at = datetime(2026, 1, 31, tzinfo=UTC)
    deployments = Deployments(home)
    return deployments.activate(
        deployments.record(
            name=name,
            digest=digest,
            profile="web",
            environment="local",
            source_folder=file.parent,
            approval=Approval(digest=approved_digest(parts), approved_by="ines", at=at, parts=parts),
        )
    )
