"""What happens when a node fails: `Retry`, `DeadLetter`, `Halt`, `Escalate`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flowlattice.language.ports import Element, Place


@dataclass(frozen=True)
class Exponential:
    """Waiting before each new attempt, `factor` times longer each time: `Exponential(ms(200))`."""

    first: timedelta
    factor: float = 2.0


@dataclass(frozen=True)
class DeadLetter:
    """The record goes, as the node got it, to the node's side output of that name: `charge.side("failed")`."""

    name: str


@dataclass(frozen=True)
class Halt:
    """The run stops."""


@dataclass(frozen=True)
class Escalate:
    """Somebody is asked: `Escalate(to="ops")`."""

    to: str


@dataclass(frozen=True, kw_only=True)
class Retry:
    """The node is tried again: `Retry(max=5, backoff=Exponential(ms(200)))`.

    Attributes:
        max: Attempts after the first.
        backoff: How long to wait before each.
        then: What happens when the last has failed; none: the run fails.
    """

    max: int
    backoff: Exponential | None = None
    then: ErrorStrategy | None = None


ErrorStrategy = Retry | DeadLetter | Halt | Escalate


@dataclass(frozen=True, kw_only=True)
class ErrorHandler:
    """What happens when one node fails."""

    node: Element
    strategy: ErrorStrategy
    place: Place
