"""What a node's language model can cost: its ceilings, and the worst case of one call."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from flowlattice.ir.model import AiBudget, CapabilityUse, Node

_MILLION: Final = Decimal(1_000_000)
_CEILINGS: Final = (
    "usd_per_day", "usd_per_run", "usd_per_tenant_day", "tokens_per_day", "tokens_per_run", "tokens_per_call",
    "tokens_per_tenant_day",
)  # fmt: skip


def model_of(node: Node) -> CapabilityUse | None:
    """By what a node asks a language model; none if it asks none."""
    return next((use for use in node.capabilities if use.name.startswith("ai.")), None)


def budget_of(node: Node) -> str | None:
    """The binding of a node's budget."""
    return next((use.binding for use in node.capabilities if use.name == "budget"), None)


def has_ceiling(node: Node) -> bool:
    """Whether anything bounds what a node's model may cost."""
    budget = None if node.ai is None else node.ai.budget
    return budget is not None and any(ceiling is not None for _, ceiling in ceilings(budget))


def ceilings(budget: AiBudget) -> Iterator[tuple[str, str | int | None]]:
    """The ceilings of a budget by name, as the IR has them; one that is none is not there."""
    for name in _CEILINGS:
        yield name, getattr(budget, name)


def worst_tokens(node: Node) -> int | None:
    """The most tokens of one call, prompt and answer together, as far as they are bounded."""
    ai = node.ai
    if ai is None:
        return None
    return ai.max_tokens if ai.budget is None or ai.budget.tokens_per_call is None else ai.budget.tokens_per_call


def worst_usd(node: Node) -> Decimal | None:
    """The most that one call costs at the stated prices; none where no price or no bound is stated.

    Of the tokens of a call at most `max_tokens` are the answer's. Where only these are bounded, it is what the answer
    alone can cost.
    """
    ai = node.ai
    if ai is None or ai.usd_per_million is None:
        return None
    prompt, answer = (Decimal(price) for price in ai.usd_per_million)
    call = None if ai.budget is None else ai.budget.tokens_per_call
    if call is None:
        return None if ai.max_tokens is None else ai.max_tokens * answer / _MILLION
    longest = call if ai.max_tokens is None else min(ai.max_tokens, call)
    return max(call * prompt, longest * answer + (call - longest) * prompt) / _MILLION


def in_code(budget: AiBudget) -> str:
    """A budget as a flow writes it, `per(day=usd("5"), call=tokens(2000))`; empty where it has no ceiling."""
    parts = []
    for period in ("day", "run", "call", "tenant_day"):
        money, count = getattr(budget, f"usd_per_{period}", None), getattr(budget, f"tokens_per_{period}")
        amounts = [f'usd("{money}")'] if money is not None else []
        amounts += [f"tokens({count})"] if count is not None else []
        if amounts:
            listed = ", ".join(amounts)
            parts.append(f"{period}=[{listed}]" if len(amounts) > 1 else f"{period}={listed}")
    if budget.tenant is not None:
        parts.append(f'tenant="{budget.tenant}"')
    if parts and budget.on_exhausted != "refuse":
        parts.append(f'on_exhausted="{budget.on_exhausted}"')
    return f"per({', '.join(parts)})" if parts else ""
