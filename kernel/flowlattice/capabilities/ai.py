"""Asking language models. What model, and which seed, is the node's to say and the IR's to show."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from pydantic import JsonValue

from flowlattice.capabilities.base import Detail, Promise, capability
from flowlattice.capabilities.budget import money
from flowlattice.lattice import Determinism, Effects

# A dated release at the end of a name (2024-07-18, 20240718, 0613), or a revision after `@`.
_DATED: Final = re.compile(r".+(-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{4}|@[\w.:-]+)")


@dataclass(frozen=True, kw_only=True)
class Model(Detail):
    """The model that a node asks.

    Attributes:
        name: Its name at the provider.
        seed: The seed of its sampling; none for whichever the provider takes.
        max_tokens: The most tokens that one answer may have.
        usd_per_million: The prices of a million prompt and answer tokens.
    """

    name: str
    seed: int | None = None
    max_tokens: int | None = None
    usd_per_million: tuple[Decimal, Decimal] | None = None

    @property
    def is_dated(self) -> bool:
        """Whether the name means one release for ever."""
        return _DATED.fullmatch(self.name) is not None

    def facts(self) -> Mapping[str, JsonValue]:
        """Model, seed, most tokens, prices as text."""
        prices: JsonValue = None if self.usd_per_million is None else [f"{price:f}" for price in self.usd_per_million]
        return {"model": self.name, "seed": self.seed, "max_tokens": self.max_tokens, "usd_per_million": prices}


def model(
    name: str,
    *,
    seed: int | None = None,
    max_tokens: int | None = None,
    usd_per_million: tuple[Decimal | str, Decimal | str] | None = None,
) -> Model:
    """The model that an `AiRead` asks.

    `ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=42)]`

    Args:
        name: Its name at the provider. One that ends with a date (`-2024-07-18`) or a revision (`@3f2a`) is one release
            for ever; any other name may mean another model tomorrow.
        seed: The seed of its sampling.
        max_tokens: The most tokens that one answer may have.
        usd_per_million: The prices of a million prompt and answer tokens in US dollars, `("0.15", "0.60")`.

    Raises:
        ValueError: A price is no amount, or an answer is to have no token.
    """
    prices = None if usd_per_million is None else (money(usd_per_million[0]), money(usd_per_million[1]))
    if max_tokens is not None and max_tokens <= 0:
        raise ValueError(f"an answer of at most {max_tokens} tokens is none")
    return Model(name=name, seed=seed, max_tokens=max_tokens, usd_per_million=prices)


def _promise(details: Sequence[Detail]) -> Promise:
    """Stable where the model has a dated name and a seed, best_effort otherwise."""
    named = next((detail for detail in details if isinstance(detail, Model)), None)
    because = ""
    if named is None:
        because = "no model is named"
    elif not named.is_dated:
        because = f"the model {named.name} is no dated release"
    elif named.seed is None:
        because = f"the model {named.name} has no seed"
    determinism = Determinism.BEST_EFFORT if because else Determinism.STABLE
    return Promise(effects=Effects.READ_ONLY, determinism=determinism, because=because)


@capability(
    "ai.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    backends=["openai"],
    details=[Model],
    refine=_promise,
)
class AiRead(Protocol):
    """Asking a language model; what it costs is reserved from the node's `TokenBudget` before the call.

    Where requests go is the binding's to say, so a flow declares no host for it; which model answers is the flow's.
    """

    async def complete(self, prompt: str, *, system: str = "", max_tokens: int | None = None) -> str:
        """The model's answer, whole.

        Args:
            prompt: What is asked.
            system: Instructions that stand above it.
            max_tokens: The most tokens it may have, where that is less than the model's own bound.
        """

    def stream(self, prompt: str, *, system: str = "", max_tokens: int | None = None) -> AsyncIterator[str]:
        """The model's answer piece by piece: `async for piece in ai.stream(prompt): yield piece`."""
