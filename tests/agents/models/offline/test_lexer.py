"""Tokens and the JSON-like objects among them, each with its place in the brief."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.models.offline.lexer import lex
from flowlattice_agents.models.offline.terms import term


def kinds(text):
    return [token.kind for token in lex(text)]


def norms(text):
    return [token.norm for token in lex(text) if token.kind == "WORD"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("it isn't there", ["it", "is", "not", "there"]),
        ("what's left can't stay", ["what", "is", "left", "can", "not", "stay"]),
        ("lower-case it", ["lower", "case", "it"]),
        ("I'd like", ["i", "would", "like"]),
    ],
)
def test_words_are_taken_apart(text, words):
    assert norms(text) == words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/a/{b}?c=1", "PATH"),
        ("https://x.example/y", "URL"),
        ("2024-02-29", "DATE"),
        ("07:30", "TIME"),
        ("1.2.3", "VERSION"),
        ("-4.5", "NUM"),
        ('"some text"', "STR"),
        ("`name`", "NAME"),
        ('{"a": 1}', "JSON"),
        ("GET", "METHOD"),
    ],
)
def test_kinds(text, kind):
    assert kinds(text) == [kind]


def test_thousands_are_one_number():
    assert lex("5,000 or 1,234.5")[0].value == term("num", "5000")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{v}", "obj(pair('v', hole()))"),
        ('{"sku", "qty"}', "obj(pair('sku', hole()), pair('qty', hole()))"),
        ("{v: string}", "obj(pair('v', raw('string', '4')))"),
        ('{"a": [1, 2, ...], "b": "..."}', "obj(pair('a', arr(num('1'), num('2'), more())), pair('b', hole('text')))"),
        ('{"m": km / 2, rounded}', "obj(pair('m', raw('km / 2, rounded', '6')))"),
        ('{"ok": true, ...}', "obj(pair('ok', true()), more())"),
    ],
)
def test_objects_as_people_write_them(text, shown):
    (token,) = lex(text)
    assert str(token.value) == shown


@given(st.text(max_size=200))
def test_tokens_lie_in_the_text_in_order(text):
    places = [(token.start, token.end) for token in lex(text)]
    assert all(0 <= start <= end <= len(text) for start, end in places)
    assert places == sorted(places)
