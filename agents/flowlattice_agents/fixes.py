"""What became of each diagnostic: fixed by the kernel for nothing, by a model for some money, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

By = Literal["kernel", "model", "none"]


class Fix(BaseModel):
    """One diagnostic.

    Attributes:
        code: Its code.
        round: In which compilation of the flow it was first reported, from 1.
        by: Who fixed it.
        attempts: How many fixes were tried until it was gone.
        usd: What the model calls for it cost, as a decimal text; shared equally among what one call answered.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    round: int
    by: By = "none"
    attempts: int = 0
    usd: str = "0"


class Fixing(BaseModel):
    """A fix that was made and not judged yet: who made it, and what it cost in micro-dollars."""

    model_config = ConfigDict(frozen=True)

    by: By
    micro_usd: int = 0


FIXES: TypeAdapter[list[Fix]] = TypeAdapter(list[Fix])


def judged(known: Sequence[Fix], found: Sequence[str], fixing: Fixing | None, *, attempt: int) -> list[Fix]:
    """What is known of all diagnostics after a compilation.

    Args:
        known: What was known before.
        found: The codes that are reported now, one for each diagnostic.
        fixing: The fix that was made before this compilation; none on the first one.
        attempt: The compilation's number, from 1.
    """
    left = Counter(found)
    open_ = [fix for fix in known if fix.by == "none"]
    share = usd(fixing.micro_usd // max(1, len(open_))) if fixing else "0"
    after: list[Fix] = []
    for fix in known:
        if fix.by != "none":
            after.append(fix)
            continue
        tried = fix.model_copy(update={"attempts": fix.attempts + 1, "usd": _sum(fix.usd, share)}) if fixing else fix
        if left[fix.code]:
            left[fix.code] -= 1
            after.append(tried)
        else:
            after.append(tried.model_copy(update={"by": fixing.by if fixing else "none"}))
    return [*after, *(Fix(code=code, round=attempt) for code in left.elements())]


def usd(micro: int) -> str:
    """Micro-dollars as a decimal text in dollars."""
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}".rstrip("0").rstrip(".")


def _sum(one: str, other: str) -> str:
    return usd(_micro(one) + _micro(other))


def _micro(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000 + int(f"{fraction:0<6}"[:6])
