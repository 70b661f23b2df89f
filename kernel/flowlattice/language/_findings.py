"""What reading a body finds: causes that weaken its promises, how capabilities are used and misused, URLs."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowlattice.language.ports import Place
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One place that weakens a promise; `because` is what the node does there ("reads the clock (time.time())")."""

    effects: Effects
    determinism: Determinism
    because: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """A method that the capability in the signature does not offer."""

    binding: str
    capability: str
    method: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Used:
    """A method of a capability that is named in a body.

    Attributes:
        binding: The capability's name there; none in a helper, whose names are not the node's.
        protocol: Its type as it is known there.
        method: The method.
    """

    binding: str | None
    protocol: type
    method: str


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A call by which a capability has an effect, made again in a loop until it succeeds."""

    binding: str
    method: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Url:
    """An absolute URL that a body writes or names."""

    host: str
    credential: bool
    place: Place


@dataclass
class Reading:
    """What a body does; the joins are over all causes. `vouched` are the author's names that were needed.

    `unneeded` are those that were not.
    """

    causes: list[Cause] = field(default_factory=list)
    misuses: list[Misuse] = field(default_factory=list)
    used: set[Used] = field(default_factory=set)
    repeated: list[Repeated] = field(default_factory=list)
    urls: list[Url] = field(default_factory=list)
    vouched: list[str] = field(default_factory=list)
    unneeded: list[str] = field(default_factory=list)
    _noted: set[Cause] = field(default_factory=set)

    def note(self, cause: Cause) -> None:
        """Add a cause, unless it is there already."""
        if cause not in self._noted:
            self._noted.add(cause)
            self.causes.append(cause)

    @property
    def effects(self) -> Effects:
        """The join of the causes' effects; pure where there is none."""
        return Effects.join_all(cause.effects for cause in self.causes)

    @property
    def determinism(self) -> Determinism:
        """The join of the causes' determinism; strict where there is none."""
        return Determinism.join_all(cause.determinism for cause in self.causes)
