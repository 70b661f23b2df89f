"""Search/replace edits and three-way merges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.edits import Edit, apply_edits
from flowlattice_agents.errors import EditRejected
from flowlattice_agents.merging import Conflict, merged

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=8).map("".join)


def test_edits_apply_in_order() -> None:
    edits = [Edit(file="f", search="one", replace="two"), Edit(file="f", search="two", replace="three")]
    assert apply_edits("one\n", edits) == "three\n"


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("", "`search` is empty"),
        ("x", "`x` is found 2 times"),
        ("limt: 5", "`limt: 5` is not found; the nearest line is `limit: 5`"),
    ],
)
def test_an_edit_that_is_not_exact_is_rejected_with_the_reason(search: str, why: str) -> None:
    with pytest.raises(EditRejected, match="edit 1 of f: ") as caught:
        apply_edits("x\nx\nlimit: 5\n", [Edit(file="f", search=search, replace="y")])
    assert why in str(caught.value)


def test_what_a_person_edited_elsewhere_survives() -> None:
    old = "import a\n\nlimit = 5\n\nlast = 1\n"
    ours = "import a\n\nlimit = 5\n\nlast = 1  # by hand\n"
    theirs = "import a\n\nlimit = 9\n\nlast = 1\n"
    assert merged(old, ours, theirs) == "import a\n\nlimit = 9\n\nlast = 1  # by hand\n"


def test_two_changes_of_one_place_are_a_conflict() -> None:
    with pytest.raises(Conflict, match="limit = 5"):
        merged("limit = 5\n", "limit = 6\n", "limit = 7\n")


@given(LINES, LINES)
def test_a_side_that_changed_nothing_gives_the_other(old: str, new: str) -> None:
    assert merged(old, old, new) == new
    assert merged(old, new, old) == new
    assert merged(old, new, new) == new
