"""Generated inputs: what is called valid is valid, each invalid one breaks its rule, and they repeat."""

from typing import Annotated, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from flowlattice import Record, field
from flowlattice.certify.inputs import NotGeneratedError, invalid_inputs, valid_inputs
from flowlattice.certify.routes import schema_of
from flowlattice.plausible import plausible


class Line(Record, data="public"):
    sku: str
    qty: Annotated[int, field(ge=1, le=999)]


class Order(Record, data="internal"):
    lines: Annotated[list[Line], field(min_length=1)]
    email: Annotated[str, field(pattern="^[^@]+@[^@]+$")]
    unit: Literal["c", "f", "k"]
    ratio: Annotated[float, field(gt=0, lt=1)]
    note: str | None = None
    express: bool = False


SCHEMA = Order.model_json_schema()


def accepts(value: JsonValue) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(value)


def test_valid_inputs_are_valid_many_and_the_same_each_time() -> None:
    values = valid_inputs(SCHEMA, accepts, count=30)
    assert len(values) == 30
    assert all(map(accepts, values))
    assert values == valid_inputs(SCHEMA, accepts, count=30)


def test_every_broken_input_is_refused_by_the_schema_and_blames_its_field() -> None:
    broken = list(invalid_inputs(SCHEMA, valid_inputs(SCHEMA, accepts, count=1)[0]))
    assert {entry.field for entry in broken} == set(SCHEMA["properties"])
    for entry in broken:
        errors = list(Draft202012Validator(SCHEMA).iter_errors(entry.value))
        assert errors, entry
        assert all(entry.field in (str(next(iter(e.path), "")), *e.message.split("'")) for e in errors), entry


@pytest.mark.parametrize(
    "rule",
    ["missing", "type", "choice", "exclusiveMinimum", "exclusiveMaximum", "minItems", "pattern"],
)
def test_every_kind_of_rule_is_broken(rule: str) -> None:
    broken = invalid_inputs(SCHEMA, valid_inputs(SCHEMA, accepts, count=1)[0])
    assert rule in {entry.rule for entry in broken}


@pytest.mark.parametrize(
    "impossible",
    [{"pattern": r"^\pL+$"}, {"pattern": "^a$", "minLength": 5}, {"minLength": 5, "maxLength": 2}],
)
def test_a_field_without_a_value_is_named(impossible: dict[str, JsonValue]) -> None:
    properties: JsonValue = {"fine": {"type": "string"}, "name": {"type": "string", **impossible}}
    schema: dict[str, JsonValue] = {"type": "object", "properties": properties, "required": ["fine", "name"]}
    with pytest.raises(NotGeneratedError, match="no value of field name can be generated"):
        valid_inputs(schema, lambda _: True, count=5)


class Tagged(Record, data="public"):
    tags: Annotated[list[str], field(max_length=3)] | None = None


def test_a_list_is_made_too_long_also_where_it_may_be_absent() -> None:
    valid: dict[str, JsonValue] = {"tags": ["a"]}
    assert Tagged.model_validate(valid).tags == ["a"]
    broken = list(invalid_inputs(Tagged.model_json_schema(), valid))
    assert [entry.value for entry in broken if entry.rule == "maxItems"] == [{"tags": ["a"] * 4}]


def test_the_plausible_value_reads_like_a_persons() -> None:
    assert plausible(SCHEMA) == {
        "lines": [{"sku": "Hello World", "qty": 3}, {"sku": "Hello World", "qty": 3}],
        "email": "ada@example.com",
        "unit": "c",
        "ratio": 0.5,
        "note": "Hello World",
        "express": True,
    }


class Tree(Record, data="public"):
    """A record that holds itself."""

    name: str
    children: list["Tree"]
    above: "Tree | None" = None


class Wood(Record, data="public"):
    """A record that holds one that holds itself."""

    tree: Tree
    age: int


@pytest.mark.parametrize("kind", [Tree, Wood])
def test_a_record_that_holds_itself_has_inputs(kind):
    schema = schema_of(kind)
    found = valid_inputs(schema, lambda value: bool(kind.model_validate(value)), count=20)
    assert len(found) == 20
    assert {"name", "tree"} & {broken.field for broken in invalid_inputs(schema, found[0])}
    kind.model_validate(plausible(schema))
