"""What triggers need of an environment: the one statement of which kinds of backend stand behind which kind of trigger.

A trigger is bound by its name, as a capability is by the name of the parameter that asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flowlattice.capabilities.base import Backend

TRIGGER_BACKENDS: Final[Mapping[str, tuple[Backend, ...]]] = MappingProxyType(
    {
        "http": (),
        "cron": (),
        "kafka": ("kafka",),
        "queue": ("sqlite", "postgres"),
        "blob": ("folder", "s3"),
    }
)
"""Kinds of backend in `bindings.toml` by kind of trigger; none where the host itself starts the runs."""
