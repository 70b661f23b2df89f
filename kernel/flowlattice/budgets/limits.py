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
    flow_usd_per_day: str | None
    flow_usd_per_run: str | None
    flow_tokens_per_day: int | None
    flow_tokens_per_run: int | None


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
    def stated(cls, **stated: Unpack[Stated]) -> Limits:
        """The ceilings by the names that the IR gives them; dollars are never rounded up."""
        run, day, tenant_day, flow_run, flow_day = (
            _ceiling(stated.get("usd_per_run"), stated.get("tokens_per_run")),
            _ceiling(stated.get("usd_per_day"), stated.get("tokens_per_day")),
            _ceiling(stated.get("usd_per_tenant_day"), stated.get("tokens_per_tenant_day")),
            _ceiling(stated.get("flow_usd_per_run"), stated.get("flow_tokens_per_run")),
            _ceiling(stated.get("flow_usd_per_day"), stated.get("flow_tokens_per_day")),
        )
        call = _ceiling(None, stated.get("tokens_per_call"))
        return cls(call=call, run=run, day=day, tenant_day=tenant_day, flow_run=flow_run, flow_day=flow_day)


def _ceiling(dollars: str | None, tokens: int | None) -> Remaining:
    micro_usd = None if dollars is None else int(Decimal(dollars).scaleb(6).to_integral_value(ROUND_FLOOR))
    return Remaining(micro_usd=micro_usd, tokens=tokens)
