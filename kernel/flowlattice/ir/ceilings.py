"""The most that a whole flow may spend on language models in a UTC day, among the flow's policies."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from flowlattice.capabilities import Ceilings
from flowlattice.ir.model import AiBudget, FlowIR

USD_PER_DAY: Final = "usd_per_day"
TOKENS_PER_DAY: Final = "tokens_per_day"


def day_facts(ceilings: Ceilings) -> dict[str, JsonValue]:
    """The ceilings as policies; what has none is not there."""
    facts = ceilings.facts()
    return {name: facts[name] for name in (USD_PER_DAY, TOKENS_PER_DAY) if facts[name] is not None}


def day_budget(flow: FlowIR) -> AiBudget | None:
    """The ceilings of a flow's day; none where it has none."""
    found = {name: flow.policies[name] for name in (USD_PER_DAY, TOKENS_PER_DAY) if name in flow.policies}
    return AiBudget.model_validate(found) if found else None
