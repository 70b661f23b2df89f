"""Money around each attempt: its worst case is reserved before it, what it came to is booked after it."""

from __future__ import annotations

from dataclasses import replace

from flowlattice.budgets import Amount, Ledger, Reservation
from flowlattice.chat import Price, TokenCounter
from flowlattice.errors import BudgetExceeded
from flowlattice_agents.chat.base import ChatModel, ChatReply, ChatRequest, Usage
from flowlattice_agents.chat.journal import usd_text
from flowlattice_agents.errors import BudgetExhausted, ModelError, ModelUnavailable


class BudgetedChat:
    """Asks `inner` if the run can afford it. Each agent has a scope of its own below the run's.

    An attempt that failed after the endpoint had taken it in is booked as if it had been answered at full length: it
    may have been charged so.
    """

    def __init__(self, inner: ChatModel, *, ledger: Ledger, scope: str, price: Price, counter: TokenCounter) -> None:
        """Put money around a model.

        Args:
            inner: A model that makes one attempt.
            ledger: Where it is booked.
            scope: The run's scope, which is open.
            price: What a token costs.
            counter: How tokens are counted beforehand.
        """
        self._inner = inner
        self._ledger = ledger
        self._scope = scope
        self._price = price
        self._counter = counter

    @property
    def name(self) -> str:
        """That of the model behind it."""
        return self._inner.name

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask once, if the worst case fits.

        Raises:
            BudgetExhausted: It does not; nothing was asked.
            ModelError: What the model raises, with what was booked for it.
        """
        worst = Usage(
            prompt_tokens=self._counter.request_at_most(request),
            completion_tokens=request.max_output_tokens,
            source="counted",
        )
        reservation = self._reserve(request, worst)
        try:
            reply = self._inner.complete(request)
        except ModelUnavailable as error:
            spent = Usage(
                prompt_tokens=error.prompt_tokens, completion_tokens=error.completion_tokens, source="counted"
            )
            error.micro_usd = self._settle(reservation, spent)
            raise
        except ModelError:
            self._ledger.release(reservation)
            raise
        except BaseException:
            # Interrupted in the middle: the endpoint goes on, and charges.
            self._settle(reservation, worst)
            raise
        return replace(reply, micro_usd=self._settle(reservation, reply.usage))

    def _reserve(self, request: ChatRequest, worst: Usage) -> Reservation:
        scope = f"{self._scope}/{request.agent}"
        self._ledger.open_scope(scope, parent=self._scope)
        try:
            return self._ledger.reserve(scope, self._amount(worst))
        except BudgetExceeded as error:
            needed, left = error.needed[0], error.remaining[0]
            raise BudgetExhausted(
                f"the budget is too small for the next call ({request.task}): it costs up to ${usd_text(needed)}, "
                f"${usd_text(left or 0)} is left; go on with a larger --budget-usd",
                scope=error.scope,
                needed_micro_usd=needed,
                remaining_micro_usd=left,
            ) from error

    def _settle(self, reservation: Reservation, usage: Usage) -> int:
        amount = self._amount(usage)
        if amount == Amount():
            self._ledger.release(reservation)
            return 0
        self._ledger.settle(reservation, amount)
        return amount.micro_usd

    def _amount(self, usage: Usage) -> Amount:
        return Amount(micro_usd=self._price.micro_usd(usage), tokens=usage.tokens)
