"""What is counted: micro-dollars and tokens, side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Money and tokens, both whole and not negative.

    Attributes:
        micro_usd: Millionths of a dollar.
        tokens: Tokens read and written.
    """

    micro_usd: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        if self.micro_usd < 0 or self.tokens < 0:
            raise ValueError(f"an amount is not negative: {self.micro_usd} micro-dollars, {self.tokens} tokens")

    def __add__(self, other: Amount) -> Amount:
        return Amount(micro_usd=self.micro_usd + other.micro_usd, tokens=self.tokens + other.tokens)


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """What is left, or a ceiling; None where there is no ceiling."""

    micro_usd: int | None = None
    tokens: int | None = None

    def fits(self, amount: Amount) -> bool:
        """Whether so much is left."""
        enough_money = self.micro_usd is None or amount.micro_usd <= self.micro_usd
        return enough_money and (self.tokens is None or amount.tokens <= self.tokens)

    def and_also(self, other: Remaining) -> Remaining:
        """What is left where both hold."""
        return Remaining(micro_usd=_least(self.micro_usd, other.micro_usd), tokens=_least(self.tokens, other.tokens))

    def without(self, amount: Amount) -> Remaining:
        """What is left of it after an amount; never below nothing."""
        return Remaining(micro_usd=_less(self.micro_usd, amount.micro_usd), tokens=_less(self.tokens, amount.tokens))

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing bounds it."""
        return self.micro_usd is None and self.tokens is None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A scope that a reservation opens where it is not there yet.

    Attributes:
        id: Its name, unique in the ledger.
        parent: The scope that it is part of.
        ceiling: Its ceilings from now on; none leaves them as they are, at first unlimited.
    """

    id: str
    parent: str | None = None
    ceiling: Remaining | None = None


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where an amount counts.

    Attributes:
        scopes: The scopes, and with them all that they are part of; one that is above several counts it once.
        opening: Scopes that are made, or given their ceilings, with it; parents first.
    """

    scopes: tuple[str, ...]
    opening: tuple[Scope, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """So much is set aside in a scope, and in all that it is part of."""

    id: str
    scope: str
    amount: Amount


@dataclass(frozen=True, kw_only=True)
class Report:
    """One scope with all that is below it.

    Attributes:
        scope: Which one.
        ceiling: Its own ceilings.
        spent: What was settled, `assumed` included.
        assumed: What was booked at its worst case because nobody settled it.
        held: What is set aside for calls that are under way.
        remaining: What can still be reserved, its ancestors' ceilings considered.
        calls: How many reservations were settled or assumed.
        children: The scopes directly below it, by name.
    """

    scope: str
    ceiling: Remaining
    spent: Amount
    assumed: Amount
    held: Amount
    remaining: Remaining
    calls: int
    children: tuple[Report, ...]


def _least(one: int | None, other: int | None) -> int | None:
    present = [value for value in (one, other) if value is not None]
    return min(present, default=None)


def _less(ceiling: int | None, used: int) -> int | None:
    return None if ceiling is None else max(0, ceiling - used)
