"""Checkpoints: records wait for a person, who sees a view of each and decides.

review = flow.hitl("doc_review", on=capture, view=DocCard, ttl=days(14), on_timeout=Escalate(to="compliance"))
flow.connect(capture, open_account)         # what is approved goes on where it was connected to
flow.connect(review.rejected, send_regrets)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Literal, TypeVar

from flowlattice.language.handlers import Escalate
from flowlattice.language.ports import Branch, Element, Place

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)

OnTimeout = Literal["reject"] | Escalate


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint(Generic[V_co]):
    """A place where records wait, each shown as a `V`.

    Attributes:
        name: Its name.
        origin: The element whose output waits.
        case: The branch of it that waits.
        view: A record class whose fields are filled by name, or a function that makes the view.
        ttl: How long a record waits; none: for ever.
        on_timeout: What happens then; none if it is not said.
        approvers: Who may decide.
        place: Where it is written.
    """

    name: str
    origin: Element
    case: str | None
    view: Callable[..., V_co]
    ttl: timedelta | None
    on_timeout: OnTimeout | None
    approvers: str | None
    place: Place


@dataclass(frozen=True, kw_only=True, eq=False)
class Approval(Checkpoint[V_co], Generic[T_co, V_co]):
    """A checkpoint with what becomes of records that are rejected."""

    @property
    def rejected(self) -> Branch[T_co]:
        """Records that were rejected, by a person or because nobody decided in time."""
        return Branch(self.origin, rejected_case(self.name))


def rejected_case(checkpoint: str) -> str:
    """The name of the side output that rejected records take from the element they waited behind."""
    return f"{checkpoint}.rejected"
