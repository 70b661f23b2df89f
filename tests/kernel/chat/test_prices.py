"""Prices: dated, and what tokens come to."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from flowlattice.chat import Usage, known_price


def listed(model, on):
    found = known_price(model, on)
    assert found is not None
    return found


TODAY = date(2025, 11, 25)


def used(prompt, completion, cached=0):
    return Usage(prompt_tokens=prompt, completion_tokens=completion, source="reported", cached_tokens=cached)


def test_a_price_holds_from_its_date():
    before, after = listed("gpt-4o", date(2024, 10, 1)), listed("gpt-4o", date(2024, 10, 2))
    assert (before.input, after.input) == (Decimal("5.00"), Decimal("2.50"))
    assert known_price("gpt-4o", date(2024, 5, 12)) is None


def test_a_snapshot_costs_what_its_model_costs():
    assert known_price("gpt-5-mini-2025-08-07", TODAY) == known_price("gpt-5-mini", TODAY)
    assert known_price("gpt-5-giant", TODAY) is None


def test_what_tokens_come_to():
    price = listed("gpt-4o", TODAY)
    assert price.micro_usd(used(1_000_000, 100_000)) == 2_500_000 + 1_000_000
    assert price.micro_usd(used(1_000_000, 0, cached=400_000)) == 1_500_000 + 500_000
    assert str(price) == "$2.5 a million tokens read, $10 written, the price of 2024-10-02"


@given(prompt=st.integers(0, 10**6), completion=st.integers(0, 10**6), cached=st.integers(0, 10**6))
def test_more_tokens_never_cost_less_and_cached_ones_never_more(prompt, completion, cached):
    price = listed("gpt-5", TODAY)
    cached = min(cached, prompt)
    assert price.micro_usd(used(prompt, completion, cached)) <= price.micro_usd(used(prompt, completion))
    assert price.micro_usd(used(prompt, completion)) <= price.micro_usd(used(prompt + 1, completion + 1))
