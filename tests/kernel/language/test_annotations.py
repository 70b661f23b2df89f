"""Annotations as objects, each on its own, and as text that is the same on every machine."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import Annotated, Literal, Optional

import pytest

from flowlattice.language.annotations import NO_TYPE, hints, literal_texts, parameters, spelled


class Item:
    pass


def right(a, b, c, d, e, *f): ...


# Set here, because no tool but the reader of annotations has to live with them.
right.__annotations__ = {
    "a": "Item",
    "b": "NoSuchName",
    "c": "1 / 0",
    "d": "int | 'x'",
    "e": "Item.nothing",
    "f": "int",
    "return": "list[Item]",
}


def test_what_names_nothing_is_left_out():
    assert hints(right) == {"a": Item, "f": int, "return": list[Item]}
    assert list(parameters(right)) == ["a", "b", "c", "d", "e", "f"]
    assert parameters(right)["b"] is NO_TYPE


def test_names_of_enclosing_functions_count():
    class Local:
        pass

    marker = Local

    def inner(a: Local) -> Local:
        return marker()

    assert hints(inner) == {"a": Local, "return": Local} or hints(inner) == {}


@pytest.mark.parametrize("function", [functools.partial(right, 1), len, print, max, str.strip, Item])
def test_anything_that_can_be_called_has_parameters_or_none(function):
    assert isinstance(parameters(function), dict)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Item, "Item"),
        (None, "None"),
        (type(None), "None"),
        (Optional[Item], "Item | None"),  # noqa: UP045 - the old spelling is what is tested
        (Item | int | None, "Item | int | None"),
        (list[Item], "list[Item]"),
        (dict[str, list[Item]], "dict[str, list[Item]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Literal["a", 2], "Literal['a', 2]"),
        (Annotated[list[Item], "x"], "list[Item]"),
        (AsyncIterator[Item], "AsyncIterator[Item]"),
    ],
)
def test_spelling(annotation, text):
    assert spelled(annotation) == text


def test_the_folder_of_a_flow_is_no_part_of_a_name():
    assert spelled("_flow_0123.records.Item", "_flow_0123") == "records.Item"


def test_texts_of_literals():
    assert literal_texts(Annotated[Literal["a", "b"], 1]) == ("a", "b")
    assert literal_texts(Literal["a", 1]) is None
    assert literal_texts(str) is None
