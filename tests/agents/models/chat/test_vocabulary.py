"""What prompts say of operators."""

import re

from flowlattice.operators import catalogue
from flowlattice.resources import data_folder
from flowlattice_agents.models.chat.vocabulary import MOST_SHOWN, all_names, likely
from tests.support.golden import Golden


def test_the_prompts_name_every_operator(golden: Golden) -> None:
    file = data_folder("flowlattice_agents", "prompts") / "parts" / "operators.md"
    golden(file, f"# Operators\n\nCited as family.name, by family:\n\n{all_names()}\n")


def test_operators_that_a_text_names_are_shown_with_their_types() -> None:
    shown = likely(
        "Trim the name, and give the number of vowels; mask the card but for the last four digits."
    ).splitlines()
    names = {line.partition("(")[0] for line in shown}
    assert {"text.trim", "text.vowel_count", "masking.mask_all_but_last"} <= names
    assert len(shown) <= MOST_SHOWN
    assert names <= catalogue().keys()
    assert all(re.match(r"[a-z]+\.\w+\(.*\) -> .+: .+", line) for line in shown)


def test_the_same_text_shows_the_same_operators() -> None:
    assert likely("sum of a list") == likely("sum of a list")
