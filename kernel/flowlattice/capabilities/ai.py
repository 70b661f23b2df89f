"""Asking language models. What model, and which seed, is the node's to say and the IR's to show."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol, TypeAlias, TypeVar

from pydantic import JsonValue

from flowlattice.capabilities.base import Detail, Promise, capability
from flowlattice.capabilities.budget import money
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record

R = TypeVar("R", bound=Record)

Data: TypeAlias = Record | JsonValue
"""What a model is asked about."""

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
        tolerance: How far a replay may differ, as `within_tolerance` measures it; zero for not at all.
    """

    name: str
    seed: int | None = None
    max_tokens: int | None = None
    usd_per_million: tuple[Decimal, Decimal] | None = None
    tolerance: Decimal = Decimal(0)

    @property
    def is_dated(self) -> bool:
        """Whether the name means one release for ever."""
        return _DATED.fullmatch(self.name) is not None

    def facts(self) -> Mapping[str, JsonValue]:
        """Model, seed, most tokens, prices and tolerance as text."""
        prices: JsonValue = None if self.usd_per_million is None else [f"{price:f}" for price in self.usd_per_million]
        facts: dict[str, JsonValue] = {"model": self.name, "seed": self.seed, "max_tokens": self.max_tokens}
        return {**facts, "usd_per_million": prices, "tolerance": f"{self.tolerance:f}" if self.tolerance else None}


def model(
    name: str,
    *,
    seed: int | None = None,
    max_tokens: int | None = None,
    usd_per_million: tuple[Decimal | str, Decimal | str] | None = None,
    tolerance: Decimal | str = "0",
) -> Model:
    """The model that an `AiRead` asks.

    `ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=42)]`

    Args:
        name: Its name at the provider. One that ends with a date (`-2024-07-18`) or a revision (`@3f2a`) is one release
            for ever; any other name may mean another model tomorrow.
        seed: The seed of its sampling.
        max_tokens: The most tokens that one answer may have.
        usd_per_million: The prices of a million prompt and answer tokens in US dollars, `("0.15", "0.60")`.
        tolerance: How far an answer may differ when a run is replayed and still counts as the same: the share of its
            words, and of each number, `"0.05"`. By default it has to be the same to the letter.

    Raises:
        ValueError: A price is no amount, an answer is to have no token, or the tolerance is no share.
    """
    prices = None if usd_per_million is None else (money(usd_per_million[0]), money(usd_per_million[1]))
    if max_tokens is not None and max_tokens <= 0:
        raise ValueError(f"an answer of at most {max_tokens} tokens is none")
    share = _share(tolerance)
    return Model(name=name, seed=seed, max_tokens=max_tokens, usd_per_million=prices, tolerance=share)


def _share(text: Decimal | str) -> Decimal:
    """A share from 0 to 1, exactly.

    Raises:
        ValueError: It is none.
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= 1:
        raise ValueError(f"{text!r} is no share; it is a number from 0 to 1, such as 0.05")
    return found


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
    Texts that others wrote belong into `data`: they go as a message of their own, of which the model is told that it is
    data and no instruction. Answers are asked for at temperature 0.

    Raises:
        BudgetExceeded: The budget refuses the call.
        CallFailed: The model did not answer; `kind` says why.
    """

    async def complete(self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None) -> str:
        """The model's answer, whole.

        Args:
            prompt: What is asked.
            data: What it is asked about: a record, or what JSON has.
            system: Instructions that stand above it.
            max_tokens: The most tokens it may have, where that is less than the model's own bound.
        """

    def stream(
        self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None
    ) -> AsyncIterator[str]:
        """The model's answer piece by piece: `async for piece in ai.stream(prompt): yield piece`."""

    async def extract(  # noqa: PLR0913 - what is asked, what for, and within what
        self,
        prompt: str,
        *,
        into: type[R],
        data: Data = None,
        system: str = "",
        max_tokens: int | None = None,
        repairs: int = 1,
    ) -> R:
        """What the model finds, as a record: `await ai.extract("Find the invoice.", into=Invoice, data=mail)`.

        The answer is validated. Where it does not fit, the model is told why and asked again, each time as a call of
        its own within the budget.

        Args:
            prompt: What is asked.
            into: The record that the answer has to be.
            data: What it is asked about.
            system: Instructions that stand above it.
            max_tokens: The most tokens that each answer may have.
            repairs: How often it may be asked again, at most 5.

        Raises:
            CallFailed: Its last answer does not fit either (`schema_mismatch`).
        """
