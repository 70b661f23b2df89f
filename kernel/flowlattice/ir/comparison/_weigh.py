"""How a value that moved weighs, and the sentences for parts whose fields are compared one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, JsonValue

from flowlattice.ir.comparison._change import Change, Kind, Weight, moved

Weigh = Callable[[JsonValue, JsonValue], Weight]


def neutral(_was: JsonValue, _now: JsonValue) -> Weight:
    """Neither more nor less can go wrong."""
    return "neutral"


def riskier(_was: JsonValue, _now: JsonValue) -> Weight:
    """Whatever it is now, somebody has to look."""
    return "riskier"


def ceiling(was: JsonValue, now: JsonValue) -> Weight:
    """A bound from above: a higher one, or none, lets more happen."""
    if not isinstance(now, int | float):
        return "riskier"
    return "safer" if not isinstance(was, int | float) or now < was else "riskier"


def decimal_ceiling(was: JsonValue, now: JsonValue) -> Weight:
    """A ceiling as decimal text: dollars, a share."""
    return ceiling(_number(was), _number(now))


def _number(value: JsonValue) -> float | None:
    try:
        return None if value is None else float(Decimal(str(value)))
    except InvalidOperation:
        return None


def floor(was: JsonValue, now: JsonValue) -> Weight:
    """Something that protects the more of it there is; none is none of it."""
    return ceiling(now, was)


def kept(was: JsonValue, now: JsonValue) -> Weight:
    """Something that protects while it is there."""
    return "riskier" if not now else "safer" if not was else "neutral"


def granted(was: JsonValue, now: JsonValue) -> Weight:
    """A list of what is allowed: each new entry allows more."""
    old, new = (value if isinstance(value, list) else [] for value in (was, now))
    return "riskier" if any(entry not in old for entry in new) else "safer"


def demanded(was: JsonValue, now: JsonValue) -> Weight:
    """A list of what is taken care of: each entry that is gone takes care of less."""
    return granted(now, was)


@dataclass(frozen=True)
class Said:
    """A field: the words for it, `{}` standing for whose it is, and how a move of it weighs."""

    words: str
    weigh: Weigh = neutral


def fields_moved(kind: Kind, subject: str, was: BaseModel, now: BaseModel, said: dict[str, Said]) -> Iterator[Change]:
    """The fields of a part that are not as they were, in the order they are listed."""
    old, new = was.model_dump(mode="json"), now.model_dump(mode="json")
    for name, field in said.items():
        if old[name] != new[name]:
            weight = field.weigh(old[name], new[name])
            yield moved(kind, subject, field.words.format(subject), old[name], new[name], weight)


def came_and_went(  # noqa: PLR0913, PLR0917 - the parts of a sentence and what each way weighs
    kind: Kind, name: str, what: str, was: object, now: object, gone: Weight = "riskier", new: Weight = "safer"
) -> Iterator[Change]:
    """That a part is new, or gone; nothing where it is there both before and after."""
    if was is None and now is not None:
        yield Change(kind=kind, weight=new, subject=name, text=f"new: {what}", after=name)
    if was is not None and now is None:
        yield Change(kind=kind, weight=gone, subject=name, text=f"gone: {what}", before=name)
