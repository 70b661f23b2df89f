"""What a run's deployment was, as it is kept and shown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from flowlattice.certify import Sample


class Deployed(BaseModel):
    """What the deployment was, and the request that showed that it answers."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    url: str
    probes: int
    sample: Sample | None
