"""The most that a whole flow may spend on language models in a UTC day and in a run, among the flow's policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from flowlattice.capabilities import Ceilings
from flowlattice.ir.model import AiBudget, FlowIR

CEILINGS: Final[Mapping[str, str]] = {
    "usd_per_day": "{} USD a day",
    "usd_per_run": "{} USD a run",
    "tokens_per_day": "{} tokens a day",
    "tokens_per_run": "{} tokens a run",
}
"""The policies, and how much that is in words."""


def flow_facts(ceilings: Ceilings) -> dict[str, JsonValue]:
    """The ceilings as policies; what has none is not there."""
    facts = ceilings.facts()
    return {name: facts[name] for name in CEILINGS if facts[name] is not None}


def flow_budget(flow: FlowIR) -> AiBudget | None:
    """The ceilings of a flow; none where it has none."""
    found = {name: flow.policies[name] for name in CEILINGS if name in flow.policies}
    return AiBudget.model_validate(found) if found else None
