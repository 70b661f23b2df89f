"""Line ends stay as a person has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.line_ends import with_line_ends_of


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("a\r\nb\r\n", "a\nc\nb\n", "a\r\nc\r\nb\r\n"),
        ("a\r\nb\nc\r\n", "a\nb\nd\n", "a\r\nb\nd\r\n"),
        ("a\rb\r", "a\nc\n", "a\rc\r"),
        ("a\nb\n", "a\nc\n", "a\nc\n"),
        ("a\r\nb", "a\nb\nc\n", "a\r\nb\r\nc\r\n"),
        ("", "a\n", "a\n"),
    ],
)
def test_what_stays_keeps_its_line_end_and_what_is_new_ends_like_the_first(before: str, text: str, after: str) -> None:
    assert with_line_ends_of(before, text) == after


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text("ab\r\n"), st.text("ab\n"))
def test_nothing_but_line_ends_is_changed(before: str, text: str) -> None:
    assert plain(with_line_ends_of(before, plain(before))) == plain(before)
    assert with_line_ends_of(before, plain(before)) == before
    assert plain(with_line_ends_of(before, text)) == text
