"""Hunks: all of them give the new text, none the old one, and any subset lies between the two."""

import difflib

from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.hunks import applied, hunks, lines_of

# Few different lines, so that texts share many; the last one may lack its end.
LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "def f():\n", "    x = 1\n", "c\r\n", "\x0c\n"]), max_size=40)
TEXTS = st.builds(lambda lines, last: "".join(lines) + last, LINES, st.sampled_from(["", "end", " "]))
SUBSETS = st.sets(st.integers(1, 12))

BEFORE = "".join(f"line {n}\n" for n in range(30))
AFTER = BEFORE.replace("line 3\n", "line three\n").replace("line 20\n", "").replace("line 29\n", "line 29\nmore\n")


@given(TEXTS, TEXTS)
def test_all_accepted_is_the_new_text_and_none_the_old(before: str, after: str) -> None:
    found = hunks(before, after)
    assert applied(before, found, {hunk.number for hunk in found}) == after
    assert applied(before, found, set()) == before
    assert [hunk.number for hunk in found] == list(range(1, len(found) + 1))
    assert bool(found) == (before != after)


@given(TEXTS, TEXTS, SUBSETS)
def test_any_subset_takes_each_hunk_whole_or_not_at_all(before: str, after: str, accepted: set[int]) -> None:
    found = hunks(before, after)
    rest, old, done = lines_of(applied(before, found, accepted)), lines_of(before), 0
    for hunk in found:
        piece = [*old[done : hunk.start], *(hunk.new if hunk.number in accepted else hunk.old)]
        assert rest[: len(piece)] == piece
        rest, done = rest[len(piece) :], hunk.start + len(hunk.old)
    assert rest == old[done:]


@given(TEXTS, TEXTS, SUBSETS)
def test_what_was_not_accepted_is_what_is_left_to_do(before: str, after: str, accepted: set[int]) -> None:
    between = applied(before, hunks(before, after), accepted)
    rest = hunks(between, after)
    assert applied(between, rest, {hunk.number for hunk in rest}) == after


def test_a_hunk_reads_as_a_unified_diff() -> None:
    found = hunks(BEFORE, AFTER)
    wanted = list(difflib.unified_diff(BEFORE.splitlines(), AFTER.splitlines(), lineterm=""))[2:]
    starts = [n for n, line in enumerate(wanted) if line.startswith("@@")]
    assert len(found) == len(starts) == 3
    for hunk, start, end in zip(found, starts, [*starts[1:], len(wanted)], strict=True):
        assert list(hunk.lines()) == wanted[start:end]


def test_statements_that_stand_side_by_side_are_chosen_one_by_one() -> None:
    before = "a(1)\nb(1)\nc(1)\n\ndef f():\n    x = 1\n    y = 1\n    z = 1\n"
    after = "a(2)\nb(1)\nc(2)\n\ndef f():\n    x = 2\n    y = 1\n    z = 2\n"
    assert [hunk.title for hunk in hunks(before, after)] == ["a", "c", "def f"]


def test_a_missing_line_end_shows() -> None:
    (hunk,) = hunks("a\nb", "a\nb\n")
    assert list(hunk.lines()) == ["@@ -1,2 +1,2 @@", " a", "-b", "\\ No newline at end of file", "+b"]


def test_a_new_text_falls_into_its_parts() -> None:
    found = hunks("", "import a\n\n\n@node\ndef f():\n    x = 1\n\n    return x\n\n\nflow = Flow()\n")
    assert [hunk.title for hunk in found] == ["import a", "def f", "flow"]


def test_the_title_is_the_definition_that_is_changed() -> None:
    source = "def f():\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return a\n"
    (hunk,) = hunks(source, source.replace("return a", "return b"))
    assert hunk.title == "def f"


def test_an_edit_takes_the_place_of_what_a_hunk_puts_there() -> None:
    found = hunks(BEFORE, AFTER)
    edited = applied(BEFORE, found, {1, 2, 3}, {1: "line tres\n"})
    assert edited == AFTER.replace("line three", "line tres")
