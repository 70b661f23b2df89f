"""What a run's model costs: what a person says, or what is known. An unknown price is an error, not a guess."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from flowlattice.chat import FREE, Price, known_price
from flowlattice.errors import UsageError
from flowlattice_agents.errors import PriceUnknown

_MOST = Decimal(1_000_000)


def parse_price(text: str) -> Price:
    """`IN/OUT` in USD per million tokens, such as `2.50/10`; what is cached costs as much as what is not.

    Raises:
        UsageError: It is something else.
    """
    parts = text.split("/")
    try:
        amounts = [Decimal(part.strip()) for part in parts]
    except InvalidOperation:
        amounts = []
    if len(amounts) != 2 or not all(amount.is_finite() and 0 <= amount <= _MOST for amount in amounts):
        raise UsageError(f"--price {text}: a price is IN/OUT in USD per million tokens, such as 2.50/10")
    return Price.named(*amounts)


def price_of(model: str, on: date, *, is_loopback: bool, has_budget: bool) -> Price:
    """What a model costs if nobody has named a price.

    Args:
        model: By the name that its endpoint knows.
        on: Today.
        is_loopback: Whether its endpoint is on this machine: then a model that is not on the list is one's own.
        has_budget: Whether a person has limited what may be spent; then "one's own" is not good enough.

    Raises:
        PriceUnknown: The price must be named.
    """
    found = known_price(model, on)
    if found is not None:
        return found
    if is_loopback and not has_budget:
        return FREE
    raise PriceUnknown(f"the price of {model} is not known; name it with --price IN/OUT, in USD per million tokens")
