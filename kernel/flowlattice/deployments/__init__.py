"""Deployments: which approved digest a name stands for, and the sources of that digest, kept by content.

Under the home folder: `deployments.sqlite` holds the records, `flows/<digest>/` the sources. A deployment needs an
approval that covers the digest of its sources, its environment and its bindings. It is recorded first, and the name
stands for it once it is activated. Serving and probing are the hosts' business.
"""

from flowlattice.deployments.model import (
    LOCAL,
    Approval,
    DeployedElsewhere,
    Deployment,
    NotApproved,
    NotVerified,
    SourcesChanged,
    approved_digest,
    attested_part,
    deployed_parts,
)
from flowlattice.deployments.records import Deployments

__all__ = [
    "LOCAL",
    "Approval",
    "DeployedElsewhere",
    "Deployment",
    "Deployments",
    "NotApproved",
    "NotVerified",
    "SourcesChanged",
    "approved_digest",
    "attested_part",
    "deployed_parts",
]
