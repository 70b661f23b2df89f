"""The account of a brief: nothing in it may be passed over."""

import pytest

from flowlattice_agents.models.chat.account import uncovered

BRIEF = "POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot!"


@pytest.mark.parametrize(
    ("clauses", "left"),
    [
        (["POST /a takes n.", "It must be 1 to 9,", "else 422 with the word n."], []),
        (["post /A takes  n", "it must be 1 to 9"], ["else 422 with the word n. Thanks a lot"]),
        (["POST /a takes n.", "else 422 with the word n"], ["It must be 1 to 9"]),
        ([], ["POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot"]),
        (["something else entirely"], ["POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot"]),
    ],
)
def test_what_no_clause_covers_is_found(clauses: list[str], left: list[str]) -> None:
    assert uncovered(BRIEF, clauses) == left


def test_a_clause_that_stands_twice_covers_both_places_when_it_is_given_twice() -> None:
    brief = "n must be a whole number and m must be a whole number"
    assert uncovered(brief, ["n must be a whole number and", "m must be a whole number"]) == []
