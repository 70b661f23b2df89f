"""Which model a name means."""

from __future__ import annotations

from flowlattice.errors import UsageError
from flowlattice_agents.models.base import PlanningModel


def model_named(name: str) -> PlanningModel:
    """The planning model of that name.

    Raises:
        UsageError: There is no such model.
    """
    if name != "offline":
        raise UsageError(f"there is no model {name!r}; this version has offline, which needs no key and no network")
    from flowlattice_agents.models.offline import OfflineModel

    return OfflineModel()
