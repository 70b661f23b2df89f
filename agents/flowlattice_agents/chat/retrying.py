"""Trying again: a failure for now is waited for, a bounded number of times, as long as the endpoint asks for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from flowlattice_agents.chat.base import ChatModel, ChatReply, ChatRequest
from flowlattice_agents.errors import ModelError, ModelUnavailable


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often and how patiently, all waits in seconds.

    Attributes:
        attempts: All of them, the first included.
        first_wait_s: About how long to wait after the first failure; twice as long after each further one.
        longest_wait_s: The longest wait, also where the endpoint asks for a longer one.
    """

    attempts: int = 4
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class RetryingChat:
    """Asks `inner` until it answers. Each attempt is reserved and booked for itself by what lies below."""

    def __init__(
        self,
        inner: ChatModel,
        retries: Retries,
        *,
        note: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._retries = retries
        self._note = note
        self._sleep = sleep

    @property
    def name(self) -> str:
        """That of the model behind it."""
        return self._inner.name

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask, and ask again.

        Raises:
            ModelUnavailable: The last attempt failed too, or a failure would only repeat itself.
            ModelError: What else the model raises; it is not asked again then.
        """
        paid = 0
        for attempt in range(1, self._retries.attempts + 1):
            try:
                reply = self._inner.complete(request)
            except ModelUnavailable as error:
                paid += error.micro_usd
                error.micro_usd, error.attempts = paid, attempt
                if error.lasting or attempt == self._retries.attempts:
                    raise
                wait = self._wait(error, attempt)
                self._note(f"{error}; attempt {attempt + 1} of {self._retries.attempts} in {wait:.0f} s")
            except ModelError as error:
                error.micro_usd += paid
                raise
            else:
                return replace(reply, attempts=attempt, micro_usd=reply.micro_usd + paid)
            self._sleep(wait)
        raise AssertionError("there is at least one attempt")

    def _wait(self, error: ModelUnavailable, attempt: int) -> float:
        longest = self._retries.longest_wait_s
        if error.retry_after_s is not None:
            return min(error.retry_after_s, longest)
        # Half of the wait is random, so that many clients that failed at once do not come back at once.
        return min(self._retries.first_wait_s * float(2 ** (attempt - 1)), longest) * random.uniform(0.5, 1.0)
