"""Records: strict, frozen, classified, and their JSON Schema says so."""

import types
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import pytest
from pydantic import ValidationError

from flowlattice import DataClass, Empty, Record, field


class Line(Record, data="internal"):
    sku: str
    pieces: Annotated[int, field(ge=1, le=9)] = 1


class Order(Record, data=DataClass.CONFIDENTIAL):
    order_id: Annotated[str, field(data="pii", min_length=2, max_length=4, pattern="^[a-z]+$", reason="2 to 4 letters")]
    share: Annotated[float, field(gt=0, lt=1)] = 0.5
    class_: Annotated[str, field(alias="class")] = "normal"
    lines: list[Line] = []  # noqa: RUF012 - pydantic copies defaults
    due: date | None = None
    total: Decimal | None = None


class Express(Order, data="internal"):
    by: datetime | None = None


def properties(record):
    return record.model_json_schema()["properties"]


def test_a_record_is_frozen():
    order = Order(order_id="ab")
    with pytest.raises(ValidationError):
        order.order_id = "cd"  # type: ignore[misc]  # what is tested


@pytest.mark.parametrize(
    "given",
    [
        {"order_id": 12},
        {"order_id": "ab", "share": "0.5"},
        {"order_id": "ab", "share": float("nan")},
        {"order_id": "ab", "share": 1},
        {"order_id": "ab", "lines": [{"sku": "x", "pieces": True}]},
        {"order_id": "ab", "lines": [{"sku": "x", "pieces": 10}]},
        {"order_id": "abcde"},
        {"order_id": "AB"},
        {},
    ],
)
def test_validation_is_strict(given):
    with pytest.raises(ValidationError):
        Order.model_validate(given)


def test_json_brings_what_it_can():
    order = Order.model_validate_json(
        '{"order_id": "ab", "due": "2020-01-02", "total": "1.10", "class": "x", "more": 1}'
    )
    assert (order.due, order.total, order.class_) == (date(2020, 1, 2), Decimal("1.10"), "x")
    assert '"class":"x"' in order.model_dump_json()
    assert "more" not in order.model_dump()


def test_an_error_does_not_repeat_what_was_sent():
    with pytest.raises(ValidationError) as caught:
        Order.model_validate({"order_id": "SECRET-VALUE"})
    assert "SECRET-VALUE" not in str(caught.value)


def test_the_schema_has_data_classes_reasons_and_what_is_extended():
    order = properties(Order)
    assert {name: entry["x-data-class"] for name, entry in order.items()} == {
        "order_id": "pii",
        "share": "confidential",
        "class": "confidential",
        "lines": "confidential",
        "due": "confidential",
        "total": "confidential",
    }
    assert order["order_id"]["x-reason"] == "2 to 4 letters"
    assert Express.model_json_schema()["x-extends"] == ["Order"]
    assert properties(Express)["by"]["x-data-class"] == "internal"
    assert Order.model_json_schema()["$defs"]["Line"]["properties"]["sku"]["x-data-class"] == "internal"


def test_a_record_without_data_class_has_none():
    class Bare(Record):
        a: str
        b: Annotated[str, field(data="public")]

    assert ["x-data-class" in entry for entry in properties(Bare).values()] == [False, True]


def test_an_unknown_data_class_is_refused():
    with pytest.raises(ValueError, match="is not a valid DataClass"):
        types.new_class("Wrong", (Record,), {"data": "secretish"})
    with pytest.raises(ValueError, match="is not a valid DataClass"):
        field(data="secretish")


def test_data_classes_are_ordered_by_sensitivity():
    assert [str(level) for level in DataClass] == ["public", "internal", "confidential", "pii", "payment", "secret"]
    assert issubclass(DataClass, Enum)


def test_nothing_is_a_record_too():
    assert Empty().model_dump() == {}
    assert Empty.model_validate({"a": 1}) == Empty()
