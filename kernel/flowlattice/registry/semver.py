"""Which version a change needs: the table, and the comparison with the version before.

Major is whatever who uses a flow has to act on: a request that is refused now, an answer that may hold something else,
a route or an export that is gone, an effect, a host, a capability or a scope that was not needed before, a weaker
promise, a key under which effects happen again. Minor is what was added and what runs otherwise within the promises.
All else is a patch, the code of a node among it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from flowlattice.ir.comparison import Change, Kind, Weight, compare
from flowlattice.ir.model import FlowIR
from flowlattice.lattice import Determinism, Effects
from flowlattice.registry.versions import Version

Level = Literal["major", "minor", "patch"]
Test = Callable[[Change], bool]

LEVELS: Final[tuple[Level, ...]] = ("patch", "minor", "major")
_ORDERS: Final = tuple(tuple(level.value for level in kind) for kind in (Effects, Determinism))


@dataclass(frozen=True)
class Row:
    """A row of the table; the first that fits a change says which version it needs.

    Attributes:
        level: The version that is needed.
        kind: What the change is about; none for anything.
        weight: How the change weighs; none for any weight.
        test: What else holds of it.
    """

    level: Level
    kind: Kind | None
    weight: Weight | None = None
    test: Test = lambda _: True

    def fits(self, change: Change) -> bool:
        """Whether it is about this change."""
        return self.kind in (None, change.kind) and self.weight in (None, change.weight) and self.test(change)


@dataclass(frozen=True)
class Need:
    """Which version is needed, and the changes that need it.

    Attributes:
        level: The version.
        because: The changes, with their sentences.
    """

    level: Level
    because: tuple[Change, ...]

    def allows(self, before: Version, after: Version) -> bool:
        """Whether going from one version to the other is enough."""
        places = [one == other for one, other in zip(before.numbers, after.numbers, strict=True)]
        made = "major" if not places[0] else "minor" if not places[1] else "patch"
        return LEVELS.index(made) >= LEVELS.index(self.level)

    def next_after(self, before: Version) -> str:
        """The lowest release that is enough."""
        major, minor, patch = before.numbers
        made = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
        return ".".join(map(str, made[self.level]))


def needs(before: FlowIR, after: FlowIR) -> Need:
    """The version that a flow needs after what was published before it."""
    levels = [(level_of(change), change) for change in compare(before, after)]
    highest = LEVELS[max((LEVELS.index(level) for level, _ in levels), default=0)]
    return Need(highest, tuple(change for level, change in levels if level == highest))


def level_of(change: Change) -> Level:
    """The version that one change needs."""
    return next(row.level for row in TABLE if row.fits(change))


def _says(*words: str) -> Test:
    """The sentence has one of these in it."""
    return lambda change: any(word in change.text for word in words)


def _is_new(change: Change) -> bool:
    return change.before is None and change.after is not None


def _is_gone(change: Change) -> bool:
    return change.after is None and change.before is not None


def _lost_some(change: Change) -> bool:
    """A list has lost an entry."""
    old, new = (value if isinstance(value, list) else [] for value in (change.before, change.after))
    return any(entry not in new for entry in old)


def _got_better(change: Change) -> bool:
    """A level of a lattice went down."""
    orders = [order for order in _ORDERS if change.before in order and change.after in order]
    return any(order.index(str(change.after)) < order.index(str(change.before)) for order in orders)


TABLE: Final[tuple[Row, ...]] = (
    # What the flow is as a whole.
    Row("major", "flow", None, _says("the flow's profile", "the flow's name", "where the flow's data may be")),
    Row("minor", "flow", None, _says("the file ", "the policy ")),
    Row("patch", "flow", None),
    # Routes, requests and answers.
    Row("major", "route", "riskier"),
    Row("minor", "route", None, _is_new),
    Row("patch", "route", None),
    Row("major", "schema", "riskier"),
    Row("minor", "schema", None, _says("; compatible for callers of")),
    Row("patch", "schema", None),
    Row("major", "reply", None),
    Row("major", "limit", "riskier", _says("the largest body")),
    Row("minor", "limit", None),
    Row("major", "slo", "riskier"),
    Row("minor", "slo", None),
    # Nodes: what they do to the world, and what they need for it.
    Row("major", "effects", "riskier"),
    Row("patch", "effects", None),
    Row("major", "determinism", "riskier"),
    Row("patch", "determinism", None),
    Row("major", "egress", "riskier"),
    Row("patch", "egress", None),
    Row("major", "capability", "riskier"),
    Row("major", "capability", None, _is_new),
    Row("patch", "capability", None),
    Row("major", "credential", "riskier"),
    Row("patch", "credential", None),
    Row("major", "idempotency", "riskier"),
    Row("minor", "idempotency", None, _is_new),
    Row("patch", "idempotency", None),
    Row("major", "node", None, lambda change: "the side outputs of" in change.text and _lost_some(change)),
    Row("minor", "node", None, _says("the side outputs of")),
    Row("minor", "node", "riskier", _says(" is retried", "how much longer each pause of")),
    Row("major", "node", "riskier"),
    Row("major", "node", "safer", lambda change: change.text.startswith("gone: ")),  # an effect is what a sink gives
    Row("minor", "node", None, _is_new),
    Row("patch", "node", None),
    # Data.
    Row("minor", "data", "riskier", _says(" is new: ", " can leave in the reply ")),
    Row("major", "data", "riskier"),
    Row("patch", "data", None),
    # What environments set and other flows use.
    Row("major", "variable", None, _says("the type of the variable")),
    Row("major", "variable", None, _is_gone),
    Row("minor", "variable", None),
    Row("patch", "subflow", None, _got_better),
    Row("major", "subflow", "riskier", _says("gone: the export", "the entry of", "the exit of", "the branch that")),
    Row("major", "subflow", "riskier", _says("takes is ", "gives is ", "the effects of", "the determinism of")),
    Row("minor", "subflow", None, lambda change: not _is_gone(change)),
    Row("patch", "subflow", None),
    Row("major", "connector", "riskier", _says("the hosts of", "the scopes of")),
    Row("minor", "connector", None),
    # How it runs.
    Row("major", "approval", "riskier"),
    Row("minor", "approval", None),
    Row("major", "wiring", "riskier"),
    Row("patch", "wiring", None),
    Row("minor", "ai", "riskier"),
    Row("minor", "cache", "riskier"),
    Row("minor", "cost", "riskier"),
    Row("minor", "error", "riskier"),
    Row("minor", "switch", "riskier"),
    Row("patch", "ai", None),
    Row("patch", "cache", None),
    Row("patch", "cost", None),
    Row("patch", "error", None),
    Row("patch", "switch", None),
    Row("patch", "example", None),
    # Whatever a later comparison may say that is not named above.
    Row("major", None, "riskier"),
    Row("minor", None, None),
)
