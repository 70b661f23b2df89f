"""What a run's calls have cost so far, whole and by agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from flowlattice.budgets import Report
from flowlattice_agents.chat.journal import Exchange, usd_text


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Money and tokens.

    Attributes:
        micro_usd: What was paid, or has to be assumed to have been (micro-dollars).
        assumed_micro_usd: How much of that is assumed: calls that were cut off by the end of their process.
        prompt_tokens: Tokens read in calls that were answered.
        completion_tokens: Tokens written in them.
        calls: How many were answered.
    """

    micro_usd: int = 0
    assumed_micro_usd: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0

    @property
    def usd(self) -> str:
        """In USD, with six decimals."""
        return usd_text(self.micro_usd)

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens

    def as_json(self) -> dict[str, JsonValue]:
        """As `--json` shows it."""
        return {
            "usd": self.usd,
            "tokens": self.tokens,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "calls": self.calls,
        }

    def __str__(self) -> str:
        calls = "1 call" if self.calls == 1 else f"{self.calls} calls"
        assumed = f", ${usd_text(self.assumed_micro_usd)} of it assumed" if self.assumed_micro_usd else ""
        money = f"${self.usd}{assumed}" if self.micro_usd else "nothing charged"
        return f"{calls}, {self.tokens:,} tokens, {money}"


def cost_of(exchanges: Iterable[Exchange]) -> Cost:
    """What these exchanges cost."""
    total = Cost()
    for exchange in exchanges:
        total = Cost(
            micro_usd=total.micro_usd + exchange.micro_usd,
            prompt_tokens=total.prompt_tokens + exchange.usage.prompt_tokens,
            completion_tokens=total.completion_tokens + exchange.usage.completion_tokens,
            calls=total.calls + 1,
        )
    return total


def cost_by_agent(exchanges: Iterable[Exchange]) -> Mapping[str, Cost]:
    """The same for each agent, by name."""
    listed = list(exchanges)
    agents = sorted({exchange.agent for exchange in listed})
    return {agent: cost_of(exchange for exchange in listed if exchange.agent == agent) for agent in agents}


def booked(cost: Cost, report: Report) -> Cost:
    """A cost with what was really booked: failed attempts, and calls whose answer was lost, are paid for too."""
    return replace(cost, micro_usd=report.spent.micro_usd, assumed_micro_usd=report.assumed.micro_usd)
