"""Text: what must hold for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, text

texts = st.text(max_size=40)
words = st.lists(st.text("abcdé", min_size=1, max_size=6), max_size=6)
counts = st.integers(-3, 50)


@given(texts, counts)
def test_a_text_is_its_start_and_the_rest(value, count):
    assert text.first_characters(value, count) + text.without_first(value, count) == value
    assert text.without_last(value, count) + text.last_characters(value, count) == value


@given(texts, texts)
def test_a_text_is_what_stands_around_a_separator(value, separator):
    if separator and separator in value:
        assert text.before(value, separator) + separator + text.after(value, separator) == value
        assert text.before_last(value, separator) + separator + text.after_last(value, separator) == value
    else:
        assert text.before(value, separator) == text.before_last(value, separator) == value
        assert text.after(value, separator) == text.after_last(value, separator) == ""


@given(texts, st.text(min_size=1, max_size=2))
def test_split_and_join_are_inverse(value, separator):
    assert text.join(text.split(value, separator), separator) == value


@given(texts, counts, st.text(max_size=4))
def test_truncated_texts_keep_the_limit(value, limit, ellipsis):
    cut = text.truncate(value, limit, ellipsis)
    assert len(cut) <= max(0, limit) or cut == value
    if len(value) > limit:
        assert len(cut) == max(0, limit)
    else:
        assert cut == value


@given(texts, st.integers(-3, 60), st.text(min_size=1, max_size=3))
def test_padding_fills_to_the_width(value, width, fill):
    for pad in (text.pad_left, text.pad_right, text.pad_both):
        padded = pad(value, width, fill)
        assert len(padded) == max(len(value), width)
        assert value in padded


@given(texts, st.integers(-100, 100))
def test_shifted_letters_shift_back(value, by):
    assert text.shift_letters(text.shift_letters(value, by), -by) == value
    assert text.rot13(text.rot13(value)) == value


@given(texts)
def test_a_text_and_its_reverse_are_a_palindrome(value):
    assert text.reads_same_backwards(value + text.reverse(value))
    assert text.is_anagram(value, text.reverse(value))


@given(words)
def test_name_spellings_agree(parts):
    name = " ".join(parts)
    assert text.snake_case(name) == "_".join(parts)
    assert text.kebab_case(name) == text.kebab_case(text.snake_case(name))
    assert text.camel_case(name).casefold() == text.pascal_case(name).casefold()
    assert text.initials(name) == "".join(part[0].upper() for part in parts)


@given(texts)
def test_slugs_are_for_addresses(value):
    slug = text.slug(value)
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert text.slug(slug) == slug
    assert "--" not in slug


@given(texts)
def test_whitespace_that_is_collapsed_or_gone(value):
    collapsed = text.collapse_whitespace(value)
    assert text.without_spaces(collapsed) == text.without_spaces(value)
    assert text.word_count(collapsed) == text.word_count(value) == len(text.words(value))
    assert text.collapse_whitespace(text.trim(value), "-").count("-") >= text.word_count(value) - 1


def test_replacements_are_taken_literally():
    assert text.collapse_whitespace("a b", r"\1") == r"a\1b"
    assert text.replace("a.b", ".", r"\0") == r"a\0b"


@given(texts)
def test_counts_add_up(value):
    assert text.uppercase_count(value) + text.lowercase_count(value) <= len(value)
    assert len(text.without_digits(value)) == text.length(value) - text.digit_count(value)
    assert len(text.without_vowels(value)) == text.length(value) - text.vowel_count(value)
    assert len(text.unique_characters(value)) == text.distinct_characters(value)


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edit_distance_is_a_metric(one, two, three):
    distance = text.edit_distance
    assert distance(one, two) == distance(two, one)
    assert (distance(one, two) == 0) == (one == two)
    assert distance(one, three) <= distance(one, two) + distance(two, three)


@given(st.text(min_size=1, max_size=20), st.integers(1, 5))
def test_groups_are_parts_of_the_text(value, size):
    parts = text.grouped(value, size, "\0").split("\0") if "\0" not in value else []
    assert all(len(part) == size for part in parts[:-1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: text.repeat("ab", 10**9),
        lambda: text.pad_left("", 10**9),
        lambda: text.pad_left("", 3, ""),
        lambda: text.replace("a" * 10_000, "a", "b" * 10_000),
        lambda: text.character("", 0),
        lambda: text.nth_character("abc", 0),
        lambda: text.most_common_character(""),
        lambda: text.grouped("abc", 0),
        lambda: text.edit_distance("a" * 2000, ""),
    ],
)
def test_what_has_no_value_says_so(call):
    with pytest.raises(NoValueError):
        call()


@pytest.mark.parametrize(
    "value", ["!" * 200_000 + "x", "a" * 200_000, "." * 200_000, " " * 200_000 + "x", "aB" * 100_000]
)
def test_long_texts_take_linear_time(value):
    # Each of these would take minutes with a pattern that backtracks.
    assert text.sentence_count(value) <= 1
    assert text.slug(value) is not None
    assert text.snake_case(value) is not None
    assert len(text.collapse_whitespace(value)) <= len(value)
