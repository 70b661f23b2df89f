"""What a run's deployment was, as it is kept and shown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from flowlattice.certify import Sample


class Deployed(BaseModel):
    """What the deployment was, the request that showed that it answers, and which capabilities are local doubles."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    url: str
    probes: int
    sample: Sample | None
    doubles: tuple[str, ...] = ()
