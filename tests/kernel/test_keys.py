"""Idempotency keys: the published vectors, an independent strict decoder, and what is refused."""

import json
import math
import struct
import unicodedata
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.errors import FlowlatticeError
from flowlattice.keys import MAX_DEPTH, KeyFieldError, canonical, idempotency_key

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "idempotency.json").read_text(encoding="utf-8"))


class StrictDecoder:
    """Reads deterministic CBOR (RFC 8949 §4.2.1, JSON plus bytes) and refuses whatever is not in its one form."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @classmethod
    def decode(cls, data: bytes) -> object:
        decoder = cls(data)
        value = decoder.value()
        assert decoder.at == len(data), "bytes after the value"
        return value

    def take(self, count: int) -> bytes:
        assert self.at + count <= len(self.data), "the value ends early"
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def value(self) -> object:
        major, info = divmod(self.take(1)[0], 32)
        if major == 7:
            return self.simple(info)
        argument = self.argument(info)
        readers = {0: lambda n: n, 1: lambda n: -1 - n, 2: self.take, 3: self.text, 4: self.array, 5: self.map}
        assert major in readers, "tags are outside JSON plus bytes"
        return readers[major](argument)

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        assert info <= 27, "indefinite or reserved length"
        width = 1 << (info - 24)
        argument = int.from_bytes(self.take(width), "big")
        assert argument >= {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[width], "not the shortest form"
        return argument

    def text(self, length: int) -> str:
        text = self.take(length).decode("utf-8", errors="strict")
        assert unicodedata.is_normalized("NFC", text)
        return text

    def array(self, length: int) -> list[object]:
        return [self.value() for _ in range(length)]

    def map(self, length: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        previous = b""
        for _ in range(length):
            start = self.at
            key = self.value()
            encoded = self.data[start : self.at]
            assert isinstance(key, str)
            assert encoded > previous, "keys out of order or repeated"
            previous = encoded
            entries[key] = self.value()
        return entries

    def simple(self, info: int) -> object:
        if info in (20, 21, 22):
            return {20: False, 21: True, 22: None}[info]
        code, width = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[info]
        (number,) = struct.unpack(code, self.take(width))
        assert math.isfinite(number)
        for shorter in {25: (), 26: (">e",), 27: (">e", ">f")}[info]:
            assert not fits(number, shorter), "a shorter float holds the same number"
        return number


def fits(number: float, code: str) -> bool:
    try:
        return struct.unpack(code, struct.pack(code, number)) == (number,)
    except OverflowError:
        return False


def normalised(value: object) -> object:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {normalised(key): normalised(item) for key, item in value.items()}
    return [normalised(item) for item in value] if isinstance(value, list) else value


def exactly_equal(left: object, right: object) -> bool:
    """Equality that keeps 1, 1.0 and True, and 0.0 and -0.0, apart."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(exactly_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(exactly_equal, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return left == right


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.floats(width=16, allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | numbers | texts | st.binary(max_size=8)


def maps(values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Maps whose keys stay different under NFC."""
    pairs = st.lists(st.tuples(texts, values), max_size=5, unique_by=lambda pair: unicodedata.normalize("NFC", pair[0]))
    return pairs.map(dict)


values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | maps(inner), max_leaves=20)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['flow']}-{vector['node']}")
def test_published_vectors(vector):
    identity = {"f": vector["flow"], "n": vector["node"], "p": vector["partition"], "x": vector["fields"]}

    assert canonical(identity).hex() == vector["cbor"]
    key = idempotency_key(vector["flow"], vector["node"], vector["partition"], vector["fields"])
    assert key.hex() == vector["blake3"]
    assert len(key) == 32


@given(values)
def test_canonical_bytes_are_the_only_form_of_their_value(value):
    assert exactly_equal(StrictDecoder.decode(canonical(value)), normalised(value))


@given(values, values)
def test_values_share_bytes_only_when_they_are_equal(left, right):
    assert (canonical(left) == canonical(right)) is exactly_equal(normalised(left), normalised(right))


@given(maps(values), st.randoms(use_true_random=False))
def test_key_does_not_depend_on_the_order_of_fields(fields, random):
    shuffled = list(fields.items())
    random.shuffle(shuffled)

    assert idempotency_key("f", "n", "p", dict(shuffled)) == idempotency_key("f", "n", "p", fields)


@given(texts, texts, texts, maps(texts))
def test_key_does_not_depend_on_the_unicode_form(flow, node, partition, fields):
    def spelled(form: Literal["NFC", "NFD"]) -> bytes:
        def spell(text: str) -> str:
            return unicodedata.normalize(form, text)

        return idempotency_key(
            spell(flow), spell(node), spell(partition), {spell(k): spell(v) for k, v in fields.items()}
        )

    assert spelled("NFC") == spelled("NFD")


@given(st.lists(texts.map(lambda text: unicodedata.normalize("NFC", text)), min_size=3, max_size=3))
def test_each_part_counts_in_its_place(parts):
    flow, node, partition = parts
    same = idempotency_key(flow, node, partition, {}) == idempotency_key(node, flow, partition, {})

    assert same is (flow == node)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ("a", b"a"), (None, ""), ([], {}), ("1", 1), ([[]], [])],
)
def test_different_values_that_look_alike_have_different_keys(left, right):
    assert idempotency_key("f", "n", "p", {"v": left}) != idempotency_key("f", "n", "p", {"v": right})


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


@pytest.mark.parametrize(
    ("value", "plain"),
    [((1, (2, "x")), [1, [2, "x"]]), (Colour.RED, "red"), (Size.LARGE, 3), ({Colour.RED: 1}, {"red": 1})],
)
def test_tuples_are_lists_and_enums_are_what_they_hold(value, plain):
    assert canonical(value) == canonical(plain)


def test_any_mapping_may_give_the_fields():
    assert idempotency_key("f", "n", "p", MappingProxyType({"a": 1})) == idempotency_key("f", "n", "p", {"a": 1})


@pytest.mark.parametrize("edge", [2**64 - 1, -(2**64), 2**63, -(2**63) - 1])
def test_integers_up_to_the_edges_are_encoded_without_tags(edge):
    assert StrictDecoder.decode(canonical(edge)) == edge


def cyclic() -> list[object]:
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (2**64, "beyond"),
        (-(2**64) - 1, "beyond"),
        (math.nan, "not a JSON number"),
        (math.inf, "not a JSON number"),
        (-math.inf, "not a JSON number"),
        (Decimal("1.5"), "neither JSON nor bytes"),
        ({1, 2}, "neither JSON nor bytes"),
        (bytearray(b"a"), "neither JSON nor bytes"),
        (1j, "neither JSON nor bytes"),
        pytest.param(object(), "neither JSON nor bytes", id="an object"),
        ({1: "a"}, "text is needed"),
        ({None: "a"}, "text is needed"),
        ({b"a": 1}, "text is needed"),
        ({"é": 1, "e\u0301": 2}, "after NFC"),
        ("\ud800", "lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"),
        (cyclic(), "nested more than"),
    ],
    ids=repr,
)
def test_what_is_excluded_is_an_error_that_says_where_and_why(value, problem):
    with pytest.raises(KeyFieldError, match=problem) as canonical_error:
        canonical([value])
    assert canonical_error.value.path.startswith("value[0]")

    with pytest.raises(FlowlatticeError, match=r"^fields\.x.* cannot be part of an idempotency key: "):
        idempotency_key("f", "n", "p", {"x": value})


def test_the_path_leads_to_the_value():
    with pytest.raises(KeyFieldError) as error:
        idempotency_key("f", "n", "p", {"items": [{"price": 1}, {"price": math.nan}]})

    assert error.value.path == "fields.items[1].price"


@pytest.mark.parametrize(
    "arguments", [(1, "n", "p", {}), ("f", None, "p", {}), ("f", "n", b"p", {}), ("f", "n", "p", [])]
)
def test_the_parts_must_be_what_they_are_said_to_be(arguments):
    with pytest.raises(KeyFieldError, match="needed"):
        idempotency_key(*arguments)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_nesting_is_bounded(wrap):
    def nested(depth: int) -> object:
        value: object = 0
        for _ in range(depth):
            value = wrap(value)
        return value

    assert StrictDecoder.decode(canonical(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(KeyFieldError, match="nested more than"):
            canonical(nested(depth))
