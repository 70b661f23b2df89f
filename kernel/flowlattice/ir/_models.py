"""What a node's annotations say of language models and of confined code, and what they cost at worst."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from flowlattice.ir import model as ir

_MILLION = 1_000_000


def ai_of(node: ir.Node) -> ir.Ai | None:
    """The language model that a node asks for; none if it asks for none."""
    asked = next((use for use in node.capabilities if use.name == "ai.read"), None)
    if asked is None:
        return None
    budget = next((use for use in node.capabilities if use.name == "budget"), None)
    ceilings = None if budget is None else ir.AiBudget.model_validate(budget.facts)
    return ir.Ai.model_validate({**asked.facts, "stream": node.stream, "budget": ceilings})


def cost_of(node: ir.Node) -> ir.Cost | None:
    """The worst case of one run of a node, as far as it is stated.

    A call that the body repeats counts once unless the budget has a ceiling for the run; each retry counts.
    """
    confined = next((use.facts for use in node.capabilities if use.name == "plugin.python"), {})
    tries = 1 + (node.retry.max if node.retry else 0)
    cpu, memory = confined.get("cpu_ms"), confined.get("memory_bytes")
    tokens = _tokens(node.ai, tries)
    cost = ir.Cost(
        tokens=tokens,
        usd=_usd(node.ai, tries),
        cpu_ms=cpu * tries if isinstance(cpu, int) else None,
        memory_bytes=memory if isinstance(memory, int) else None,
    )
    return None if cost == ir.Cost() else cost


def total(parts: Iterable[ir.Node]) -> ir.Cost | None:
    """The worst case of a run that goes through all of some nodes; where a part says nothing, it counts nothing."""
    stated = [part.cost for part in parts if part.cost is not None]
    usd = [Decimal(cost.usd) for cost in stated if cost.usd is not None]
    cost = ir.Cost(
        tokens=_sum(cost.tokens for cost in stated),
        usd=f"{sum(usd):f}" if usd else None,
        cpu_ms=_sum(cost.cpu_ms for cost in stated),
        memory_bytes=max((cost.memory_bytes for cost in stated if cost.memory_bytes is not None), default=None),
    )
    return None if cost == ir.Cost() else cost


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _tokens(ai: ir.Ai | None, tries: int) -> int | None:
    budget = None if ai is None else ai.budget
    if budget is None:
        return None
    call = None if budget.tokens_per_call is None else budget.tokens_per_call * tries
    return min(
        (bound for bound in (call, budget.tokens_per_run, budget.tokens_per_day) if bound is not None), default=None
    )


def _usd(ai: ir.Ai | None, tries: int) -> str | None:
    """By the stated prices, and never more than the budget's ceilings."""
    budget = None if ai is None else ai.budget
    if ai is None or budget is None:
        return None
    bounds = [Decimal(text) for text in (budget.usd_per_run, budget.usd_per_day) if text is not None]
    tokens = _tokens(ai, tries)
    if tokens is not None and ai.usd_per_million is not None:
        bounds.append(_price(tokens, ai, tries))
    return f"{min(bounds):f}" if bounds else None


def _price(tokens: int, ai: ir.Ai, tries: int) -> Decimal:
    """The dearest way to spend so many tokens: as many of the dearer kind as there can be."""
    prompt, answer = (Decimal(price) for price in ai.usd_per_million or ("0", "0"))
    answered = tokens if ai.max_tokens is None else min(tokens, ai.max_tokens * tries)
    answered = answered if answer > prompt else 0
    return (prompt * (tokens - answered) + answer * answered) / _MILLION
