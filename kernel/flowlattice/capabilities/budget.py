"""What a node may spend on language models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, Protocol, TypeAlias

from pydantic import JsonValue

from flowlattice.capabilities.base import Detail, capability
from flowlattice.lattice import Determinism, Effects

_MOST: Final = Decimal(10) ** 15
_MICRO: Final = Decimal("0.000001")
_WRITTEN: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_SHOWN: Final = 20  # digits of a whole number that a message has


@dataclass(frozen=True)
class Usd:
    """An amount of US dollars."""

    amount: Decimal


@dataclass(frozen=True)
class Tokens:
    """A number of tokens, prompt and answer together."""

    count: int


Amount: TypeAlias = Usd | Tokens
Amounts: TypeAlias = Amount | Sequence[Amount]


def usd(amount: Decimal | str | int) -> Usd:
    """An amount of US dollars, never a float: `usd("0.50")`.

    Raises:
        ValueError: It is no amount: no number, below zero, beyond all money, or no whole number of micro-dollars.
    """
    found = money(amount)
    if found != found.quantize(_MICRO):
        raise ValueError(f"{amount!r} is no whole number of micro-dollars, which is what is counted")
    return Usd(found)


def money(amount: Decimal | str | int) -> Decimal:
    """An amount of US dollars, exactly.

    Raises:
        ValueError: It is no amount: no number, below zero, or beyond all money.
    """
    found = _number(amount)
    if not found.is_finite() or not 0 <= found <= _MOST:
        raise ValueError(f"{_shown(amount)} is no amount of US dollars")
    return found


def tokens(count: int) -> Tokens:
    """A number of tokens, prompt and answer together.

    Raises:
        ValueError: It is no whole number, below zero, or beyond all that models write.
    """
    if type(count) is not int or not 0 <= count <= _MOST:
        raise ValueError(f"{_shown(count)} is no number of tokens")
    return Tokens(count)


@dataclass(frozen=True, kw_only=True)
class Ceilings(Detail):
    """The most that may be spent; empty where there is no such ceiling.

    Attributes:
        day: In a UTC day, by the node in all runs of the flow.
        run: In one run.
        call: In one call.
        tenant: The field of the node's input that names whom a call is for.
        tenant_day: In a UTC day, for one tenant.
        on_exhausted: `refuse` the call (429), or `shrink` it to what remains; an answer that is cut says so.
    """

    day: tuple[Amount, ...] = ()
    run: tuple[Amount, ...] = ()
    call: tuple[Tokens, ...] = ()
    tenant: str | None = None
    tenant_day: tuple[Amount, ...] = ()
    on_exhausted: Literal["refuse", "shrink"] = "refuse"

    def facts(self) -> Mapping[str, JsonValue]:
        """The ceilings by unit and period, as the IR names them; dollars as decimal text."""
        return {
            "usd_per_day": _usd(self.day),
            "usd_per_run": _usd(self.run),
            "tokens_per_day": _tokens(self.day),
            "tokens_per_run": _tokens(self.run),
            "tokens_per_call": _tokens(self.call),
            "tenant": self.tenant,
            "usd_per_tenant_day": _usd(self.tenant_day),
            "tokens_per_tenant_day": _tokens(self.tenant_day),
            "on_exhausted": self.on_exhausted,
        }


def per(  # noqa: PLR0913 - a ceiling each
    *,
    day: Amounts = (),
    run: Amounts = (),
    call: Tokens | None = None,
    tenant: str | None = None,
    tenant_day: Amounts = (),
    on_exhausted: Literal["refuse", "shrink"] = "refuse",
) -> Ceilings:
    """The most that may be spent of a `TokenBudget`.

    `budget: Annotated[TokenBudget, per(day=usd("5"), call=tokens(2_000))]`

    Args:
        day: Dollars, tokens or both in a UTC day, by the node in all runs of the flow.
        run: Dollars, tokens or both in one run.
        call: Tokens in one call.
        tenant: The field of the node's input that names whom a call is for: what they spend is counted apart.
        tenant_day: Dollars, tokens or both in a UTC day for one tenant.
        on_exhausted: `refuse` a call that does not fit (429), or `shrink` it to what remains.

    Raises:
        ValueError: There is a ceiling for each tenant, and nothing that names them.
    """
    if tenant is None and _all(tenant_day):
        raise ValueError('tenant_day needs the field that names the tenant: per(tenant="customer_id", tenant_day=...)')
    return Ceilings(
        day=_all(day),
        run=_all(run),
        call=() if call is None else (call,),
        tenant=tenant,
        tenant_day=_all(tenant_day),
        on_exhausted=on_exhausted,
    )


def _number(amount: object) -> Decimal:
    """A number that is written out; a float is not the one that somebody wrote."""
    if isinstance(amount, Decimal) or type(amount) is int:
        return Decimal(amount)
    return Decimal(amount) if isinstance(amount, str) and _WRITTEN.fullmatch(amount) else Decimal("NaN")


def _shown(amount: object) -> str:
    return f"{Decimal(amount):.3E}" if type(amount) is int and abs(amount) > 10**_SHOWN else repr(amount)


def _all(amounts: Amounts) -> tuple[Amount, ...]:
    return (amounts,) if isinstance(amounts, Usd | Tokens) else tuple(amounts)


def _usd(amounts: Sequence[Amount]) -> str | None:
    """The lowest amount of dollars, since all of them bind."""
    found = [amount.amount for amount in amounts if isinstance(amount, Usd)]
    return f"{min(found):f}" if found else None


def _tokens(amounts: Sequence[Amount]) -> int | None:
    return min((amount.count for amount in amounts if isinstance(amount, Tokens)), default=None)


@capability("budget", effects=Effects.READ_ONLY, determinism=Determinism.STABLE, details=[Ceilings])
class TokenBudget(Protocol):
    """Asking for it is enough: the engine reserves before each call and settles after it.

    It is stable: it decides whether a call is made, and an answer that is cut for it says so and is no other answer.
    """

    @property
    def exhausted(self) -> bool:
        """Whether an answer of this run was cut because nothing remained."""
