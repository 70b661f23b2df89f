"""Grants of ai.read and budget. The target of a call in the run log is the model."""

from __future__ import annotations

from collections.abc import AsyncIterator

from flowlattice.engine.backends import AiBackend, AiRequest, Bindings
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedAi(Granted):
    """`AiRead`."""

    def __init__(self, use: CapabilityUse, backend: AiBackend, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend

    async def complete(self, prompt: str, *, system: str = "", max_tokens: int | None = None) -> str:
        """The model's answer, whole."""
        request = self._request("complete", prompt, system, max_tokens)
        return "".join([piece async for piece in self._backend.answer(request)])

    def stream(self, prompt: str, *, system: str = "", max_tokens: int | None = None) -> AsyncIterator[str]:
        """The model's answer piece by piece; it is given up when the node is over."""
        return self._attempt.hold(self._backend.answer(self._request("stream", prompt, system, max_tokens)))

    def _request(self, method: str, prompt: str, system: str, max_tokens: int | None) -> AiRequest:
        model, seed, most = (self._use.facts.get(name) for name in ("model", "seed", "max_tokens"))
        self._read(method, str(model) if model else self._use.binding)
        bounds = [bound for bound in (most, max_tokens) if isinstance(bound, int)]
        return AiRequest(
            model=str(model) if model else None,
            seed=seed if isinstance(seed, int) else None,
            prompt=prompt,
            system=system,
            max_tokens=min(bounds) if bounds else None,
        )


class GrantedBudget:
    """`TokenBudget` where only doubles answer, which cost nothing."""

    exhausted = False


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant ai.read."""
    backend = bindings.ai(use.binding)
    return lambda attempt: GrantedAi(use, backend, attempt)


def budget(_use: CapabilityUse, _bindings: Bindings) -> Grant:
    """Grant budget."""
    granted = GrantedBudget()
    return lambda _attempt: granted
