"""Grants of other distributions' capability types, by an entry point for each type's name in the IR:

    [project.entry-points."flowlattice.grants"]
    "sms.send" = "acme_sms.grants:send"

What it names is a `Maker`. Only the distribution that announces a type may grant it.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final, cast

from flowlattice.capabilities import registry
from flowlattice.engine.granted.base import Maker
from flowlattice.errors import UsageError

GROUP: Final = "flowlattice.grants"


def installed_maker(name: str) -> Maker | None:
    """What grants an installed capability type; none where nothing does.

    Raises:
        UsageError: What grants it cannot be imported.
    """
    owner = registry.owner(name)
    for point in entry_points(group=GROUP, name=name) if owner is not None else ():
        if point.dist is not None and point.dist.name == owner:
            try:
                return cast("Maker", point.load())
            except Exception as error:
                said = f"{owner} grants {name} by {point.value}, which cannot be imported ({type(error).__name__})"
                raise UsageError(f"{said}; install it again, or ask its makers") from error
    return None
