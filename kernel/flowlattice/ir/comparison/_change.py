"""One change, and the sentences that all parts of a comparison share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

Weight = Literal["riskier", "safer", "neutral"]
Kind = Literal[
    "flow", "route", "node", "effects", "determinism", "egress", "capability", "idempotency", "data", "schema",
    "reply", "limit", "slo", "cost", "switch", "wiring", "example", "cache", "ai", "approval", "error", "variable",
    "credential", "connector", "subflow",
]  # fmt: skip
T = TypeVar("T")


class Change(BaseModel):
    """Something that is not as it was.

    Attributes:
        kind: What it is about.
        weight: Riskier where more can go wrong after it, or callers must change; safer where less can.
        subject: The part of the flow, by its name: `POST /orders`, `charge`, `Order.email`.
        text: One sentence.
        before: The value before; null where there was none.
        after: The value after; null where there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    weight: Weight
    subject: str
    text: str
    before: JsonValue = None
    after: JsonValue = None

    def __hash__(self) -> int:
        return hash((self.kind, self.weight, self.subject, self.text))


def moved(  # noqa: PLR0913, PLR0917 - the parts of a sentence
    kind: Kind, subject: str, what: str, before: JsonValue, after: JsonValue, weight: Weight = "neutral"
) -> Change:
    """A change said in the plainest way: what it was and what it is."""
    text = f"{what} is {shown(after)}, was {shown(before)}"
    return Change(kind=kind, weight=weight, subject=subject, text=text, before=before, after=after)


def shown(value: JsonValue) -> str:
    """A value as a sentence has it."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def weight_of(order: Iterable[str], before: str, after: str) -> Weight:
    """Riskier if a level comes later in the order than before; a level that is not in it is riskier still."""
    levels = list(order)
    places = [levels.index(level) if level in levels else len(levels) for level in (before, after)]
    return "neutral" if places[0] == places[1] else "riskier" if places[1] > places[0] else "safer"


def paired(before: Mapping[str, T], after: Mapping[str, T]) -> list[tuple[str, T, T]]:
    """What is there both before and after, by name."""
    return [(name, before[name], after[name]) for name in before if name in after]
