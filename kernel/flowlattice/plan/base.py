"""What every part of a plan is."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

Profile = Literal["web", "queue", "temporal", "wasm", "dev"]
PROFILES: Final[tuple[Profile, ...]] = ("web", "queue", "temporal", "wasm", "dev")


class PlanModel(BaseModel):
    """Base of all parts of a plan: frozen data that prints as JSON. Durations are milliseconds (`*_ms`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
