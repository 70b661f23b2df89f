"""The reference interpreter of specs: validation, invalid replies, checks, cases, replies."""

import pytest
from pydantic import JsonValue

from flowlattice_agents.simulate import fits, simulate
from flowlattice_agents.spec import FlowSpec

SPEC = FlowSpec.from_yaml("""
spec: "1"
name: orders
records:
- name: Line
  fields:
  - {name: sku, type: string}
  - {name: qty, type: integer, minimum: 1}
- name: Order
  fields:
  - {name: order_id, alias: orderId, type: string, min_length: 1}
  - {name: lines, type: "list[Line]", min_items: 1}
  - {name: due, type: date, required: false}
  - {name: speed, type: string, choices: [slow, fast], required: false, default: slow}
routes:
- method: POST
  path: /orders
  accepts: Order
  invalid:
  - {fields: [lines], status: 400, body: {bad: $fields, first: $field}}
  steps: [{name: total, value: "aggregation.total([line.qty for line in lines])"}]
  checks: [{require: "total < 100", field: lines, reason: too many}]
  cases:
  - {name: fast, when: 'speed == "fast"', reply: {status: 201, body: "{'fast': total}"}}
  reply: {body: "{'id': order_id, 'total': total}"}
- method: GET
  path: /items/{id}
  accepts: Line
  reply: {kind: text, body: sku}
""")
ORDER: dict[str, JsonValue] = {"orderId": "o1", "lines": [{"sku": "a", "qty": 2}]}


def post(**changes):
    return simulate(SPEC, "POST", "/orders", {**ORDER, **changes})


def test_the_reply_and_the_case():
    assert post().json_body == {"id": "o1", "total": 2}
    assert post(speed="fast").status == 201


@pytest.mark.parametrize(
    "changes",
    [{"orderId": 4}, {"orderId": ""}, {"speed": "warp"}, {"due": "2023-02-29"}, {"due": 7}],
)
def test_invalid_input_is_422_by_default(changes):
    assert post(**changes).status == 422


@pytest.mark.parametrize("lines", [[], "x", [{"sku": "a"}], [{"sku": "a", "qty": 0}], [{"sku": "a", "qty": 500}]])
def test_the_first_entry_that_fits_says_what_invalid_input_is_answered(lines):
    reply = post(lines=lines)
    assert (reply.status, reply.json_body) == (400, {"bad": ["lines"], "first": "lines"})


def test_a_body_that_is_no_object_is_invalid():
    assert simulate(SPEC, "POST", "/orders", ["x"]).status == 422


def test_no_route_and_no_method():
    assert simulate(SPEC, "GET", "/nowhere").status == 404
    assert simulate(SPEC, "GET", "/orders").status == 405


def test_queries_and_paths_are_parsed():
    assert simulate(SPEC, "GET", "/items/7?sku=a%20b&qty=3").text == "a b"
    assert simulate(SPEC, "GET", "/items/7?sku=a&qty=three").status == 422


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ({"a": 1}, {"a": 1.0, "b": 2}, True),
        ([1], [1, 2], False),
        (True, 1, False),
        ("x", "x", True),
        ({"a": 1}, {}, False),
    ],
)
def test_fits_is_a_subset_by_value(wanted, actual, expected):
    assert fits(wanted, actual) is expected
