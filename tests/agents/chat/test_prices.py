"""Which price a run's model has: named by a person, known, or refused."""

from datetime import date
from decimal import Decimal

import pytest

from flowlattice.chat import FREE
from flowlattice.errors import UsageError
from flowlattice_agents.chat.base import Usage
from flowlattice_agents.chat.prices import parse_price, price_of
from flowlattice_agents.errors import PriceUnknown

TODAY = date(2025, 11, 25)


def used(prompt, completion, cached=0):
    return Usage(prompt_tokens=prompt, completion_tokens=completion, source="reported", cached_tokens=cached)


def test_a_price_that_a_person_names():
    price = parse_price("0.15/ 0.60")
    assert price.micro_usd(used(1, 0)) == 1, "rounded up: a call is never too cheap"
    assert price.micro_usd(used(1000, 1000, cached=1000)) == 750


@pytest.mark.parametrize("text", ["", "1", "1/2/3", "a/b", "-1/2", "1/nan", "inf/1", "1/"])
def test_what_is_no_price(text):
    with pytest.raises(UsageError, match="IN/OUT in USD per million tokens"):
        parse_price(text)


@pytest.mark.parametrize(
    ("model", "is_loopback", "has_budget", "expected"),
    [("gpt-4o", True, False, "2.50"), ("gpt-4o", False, True, "2.50"), ("own", True, False, "0")],
)
def test_which_price_is_taken(model, is_loopback, has_budget, expected):
    found = price_of(model, TODAY, is_loopback=is_loopback, has_budget=has_budget)
    assert found.input == Decimal(expected)
    assert found.is_free == (found == FREE)


@pytest.mark.parametrize(("is_loopback", "has_budget"), [(True, True), (False, True), (False, False)])
def test_an_unknown_price_is_refused(is_loopback, has_budget):
    with pytest.raises(PriceUnknown, match="price of own is not known; name it with --price IN/OUT"):
        price_of("own", TODAY, is_loopback=is_loopback, has_budget=has_budget)
