"""The ceilings of one node, as its `TokenBudget` and its flow state them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final, TypedDict, Unpack

from flowlattice.budgets.amounts import Remaining

UNLIMITED: Final = Remaining()


class Stated(TypedDict, total=False):
    """Ceilings by the names that the IR gives them; dollars as decimal text, None where there is none."""

    usd_per_run: str | None
    usd_per_day: str | None
    usd_per_tenant_day: str | None
    tokens_per_call: int | None
    tokens_per_run: int | None
    tokens_per_day: int | None
    tokens_per_tenant_day: int | None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that the calls of one node may come to.

    Attributes:
        call: One call.
        run: All of a run.
        day: All of a UTC day.
        tenant_day: All of a UTC day for one tenant.
        flow_run: All of a run of all nodes of the flow, which all of them state alike.
        flow_day: The same of a UTC day.
    """

    call: Remaining = UNLIMITED
    run: Remaining = UNLIMITED
    day: Remaining = UNLIMITED
    tenant_day: Remaining = UNLIMITED
    flow_run: Remaining = UNLIMITED
    flow_day: Remaining = UNLIMITED

    @classmethod
    def stated(cls, whole: Stated | None = None, /, **own: Unpack[Stated]) -> Limits:
        """The ceilings by the names that the IR gives them; dollars are never rounded up.

        Args:
            whole: Those of the flow, of which only days and runs count.
            **own: Those of the node.
        """
        whole = whole or {}
        return cls(
            call=_ceiling(None, own.get("tokens_per_call")),
            run=_ceiling(own.get("usd_per_run"), own.get("tokens_per_run")),
            day=_ceiling(own.get("usd_per_day"), own.get("tokens_per_day")),
            tenant_day=_ceiling(own.get("usd_per_tenant_day"), own.get("tokens_per_tenant_day")),
            flow_run=_ceiling(whole.get("usd_per_run"), whole.get("tokens_per_run")),
            flow_day=_ceiling(whole.get("usd_per_day"), whole.get("tokens_per_day")),
        )


def _ceiling(dollars: str | None, tokens: int | None) -> Remaining:
    micro_usd = None if dollars is None else int(Decimal(dollars).scaleb(6).to_integral_value(ROUND_FLOOR))
    return Remaining(micro_usd=micro_usd, tokens=tokens)
