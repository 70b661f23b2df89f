"""A chat model by its name, with all that is around it: journal, retries, budget."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Protocol

from flowlattice.budgets import Ledger, Report
from flowlattice.chat import Price, counter_for
from flowlattice.errors import UsageError
from flowlattice_agents.chat.base import ChatModel
from flowlattice_agents.chat.budgeted import BudgetedChat
from flowlattice_agents.chat.cost import Cost, booked, cost_by_agent, cost_of
from flowlattice_agents.chat.journal import Exchange, Journal, JournaledChat, usd_text
from flowlattice_agents.chat.openai import Endpoint, OpenAIChat, endpoint_from
from flowlattice_agents.chat.prices import price_of
from flowlattice_agents.chat.replay import ReplayChat
from flowlattice_agents.chat.retrying import Retries, RetryingChat

EXCHANGES = "exchanges.jsonl"
"""The journal's name in a run's folder."""

LEDGER = "budgets.sqlite"
"""The ledger's name in the home folder."""

DEFAULT_BUDGET_USD = Decimal("1.00")
"""What a run may spend if nobody has said."""


class Closes(Protocol):
    """Something that is closed."""

    def close(self) -> None:
        """Close it."""


class ChatSession:
    """A chat model in use by a run. It is closed when the run is left, by `with` or `close`."""

    def __init__(self, inner: ChatModel, journal: Journal, on_cost: Callable[[Cost], None]) -> None:
        self._journaled = JournaledChat(inner, journal, on_exchange=lambda: on_cost(self.cost()))
        self._journal = journal
        self._booked: Callable[[], Report] | None = None
        self._stale: Callable[[], tuple[str, ...]] = tuple
        self._at_end = ExitStack()

    @classmethod
    def of_record(cls, replay: ReplayChat, journal: Journal, on_cost: Callable[[Cost], None]) -> ChatSession:
        """A session that replays."""
        session = cls(replay, journal, on_cost)
        session._stale = lambda: replay.stale
        return session

    @classmethod
    def of_endpoint(
        cls,
        inner: ChatModel,
        journal: Journal,
        on_cost: Callable[[Cost], None],
        ledger: Ledger,
        scope: str,
        *open_: Closes,
    ) -> ChatSession:
        """A session that pays; the ledger and `open_` are closed with it."""
        session = cls(inner, journal, on_cost)
        session._booked = lambda: ledger.report(scope)
        for one in (ledger, *open_):
            session._at_end.callback(one.close)
        return session

    @property
    def chat(self) -> ChatModel:
        """The chat model."""
        return self._journaled

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was asked and answered in the run, oldest first."""
        return self._journal.exchanges

    def cost(self) -> Cost:
        """What the run has cost, before it was resumed too; of a replay, what the record cost."""
        cost = cost_of(self.exchanges)
        return cost if self._booked is None else booked(cost, self._booked())

    def cost_by_agent(self) -> Mapping[str, Cost]:
        """What was answered, by agent."""
        return cost_by_agent(self.exchanges)

    @property
    def stale(self) -> tuple[str, ...]:
        """Where a replayed record was made for something else than was asked; of a live model, nothing."""
        return self._stale()

    def ask_anew(self) -> None:
        """Once the run goes on, ask again for what it ended on, instead of repeating it."""
        self._journaled.ask_anew()

    def close(self) -> None:
        """Close connections and files."""
        self._at_end.close()

    def __enter__(self) -> ChatSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(  # noqa: PLR0913 - who asks what, where, on which terms
    name: str,
    *,
    folder: Path,
    home: Path,
    note: Callable[[str], None],
    on_cost: Callable[[Cost], None],
    budget_usd: Decimal | None = None,
    price: Price | None = None,
    environment: Mapping[str, str] = os.environ,
    retries: Retries | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ChatSession:
    """The chat model of that name, for one run.

    Args:
        name: `openai:NAME` or `replay:PATH`.
        folder: The run's folder; its name is the run's. What is exchanged is journaled there.
        home: Where the ledger of all runs is.
        note: Told, in a sentence each, what is used, at which price, and what is waited for.
        on_cost: Told what the run has cost so far after each exchange.
        budget_usd: The most that the run may spend in all (USD), what it spent before it was resumed included; None
            for what it was given before, at first `DEFAULT_BUDGET_USD`.
        price: What the model costs; None for what is known.
        environment: Where OPENAI_BASE_URL, OPENAI_API_KEY and FLOWS_MODEL_TIMEOUT_S are looked up.
        retries: How often a failing endpoint is asked again.
        sleep: How to wait, in seconds.

    Raises:
        UsageError: There is no such model.
        ModelMisconfigured: Something is missing from the environment.
        PriceUnknown: The model's price must be named.
        RecordError: The record, or the run's journal, cannot be read.
    """
    kind, _, rest = name.partition(":")
    if kind not in {"openai", "replay"} or not rest:
        raise UsageError(f"there is no chat model {name!r}; it is openai:NAME or replay:PATH")
    if kind == "replay":
        journal = Journal(folder / EXCHANGES)
        replay = ReplayChat(Path(rest), used=journal.exchanges)
        note(f"Answers of {replay.name} are replayed from {rest}; nothing is charged.")
        return ChatSession.of_record(replay, journal, on_cost)
    endpoint = endpoint_from(environment, rest)
    price = price or price_of(rest, _today(), is_loopback=endpoint.is_loopback, has_budget=budget_usd is not None)
    journal = Journal(folder / EXCHANGES, keys=(endpoint.key,))
    ledger, scope = Ledger(home / LEDGER), f"run/{folder.name}"
    ceiling = _open_budget(ledger, scope, budget_usd, price)
    note(_used(rest, endpoint, price, ceiling))
    asked = OpenAIChat(rest, endpoint)
    paid = BudgetedChat(asked, ledger=ledger, scope=scope, price=price, counter=counter_for(rest))
    tried = RetryingChat(paid, retries or Retries(), note=note, sleep=sleep)
    return ChatSession.of_endpoint(tried, journal, on_cost, ledger, scope, asked)


def _open_budget(ledger: Ledger, scope: str, budget_usd: Decimal | None, price: Price) -> int | None:
    """Open the run's scope; its ceiling in micro-dollars, None where nothing is charged."""
    given = None if budget_usd is None else int(budget_usd.scaleb(6))
    ledger.open_scope(scope, ceiling_micro_usd=given)
    ceiling = ledger.report(scope).ceiling.micro_usd
    if ceiling is None and not price.is_free:
        ceiling = int(DEFAULT_BUDGET_USD.scaleb(6))
        ledger.open_scope(scope, ceiling_micro_usd=ceiling)
    return ceiling


def _used(model: str, endpoint: Endpoint, price: Price, ceiling: int | None) -> str:
    counter = counter_for(model)
    money = "it is your own, so nothing is charged" if price.is_free else str(price)
    limit = "" if ceiling is None else f" This run may spend ${usd_text(ceiling)} (--budget-usd)."
    bound = "" if counter.exact else " Its tokenizer is unknown, so a token is reserved for each byte."
    return f"openai:{model} at {endpoint.host}: {money}.{limit}{bound if not price.is_free else ''}"


def _today() -> date:
    return datetime.now(UTC).date()
