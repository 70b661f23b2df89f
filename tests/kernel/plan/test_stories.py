"""The ten stories: what their plans say, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowlattice.plan import plan
from flowlattice.plan.text import words
from tests.kernel.plan.stories import STORIES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", STORIES)
def test_plans_in_words_are_as_they_were(golden, name):
    golden(GOLDEN / f"{name}.txt", words(plan(STORIES[name]().ir())) + "\n")


@pytest.mark.parametrize(
    ("name", "profile"),
    [("s03_etl", "temporal"), ("s04_payments", "dev"), ("s08_field", "queue"), ("s10_outbox", "temporal")],
)
def test_plans_for_other_profiles_are_as_they_were(golden, name, profile):
    golden(GOLDEN / f"{name}_on_{profile}.txt", words(plan(STORIES[name]().ir(), profile)) + "\n")


@pytest.mark.parametrize("name", ["s03_etl", "s04_payments", "s08_field"])
def test_plans_as_data_are_as_they_were(golden, name):
    golden(GOLDEN / f"{name}.json", plan(STORIES[name]().ir()).to_json() + "\n")
