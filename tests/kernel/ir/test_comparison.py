"""The semantic diff: nothing between equal flows, something for every part that is not as it was, and the sentences."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flowlattice.ir.comparison import Change, compare
from flowlattice.ir.cost import worst_case
from flowlattice.ir.model import FlowIR

GOLDEN = Path(__file__).parent / "golden"
FLOWS = {name: FlowIR.model_validate_json((GOLDEN / f"{name}.ir.json").read_text()) for name in ("echo", "everything")}
ORDERS = FLOWS["everything"]

# Where things are written, ids that follow from names, and titles that follow from names of records.
ENOUGH = 2  # other values for each part
SILENT = {"source", "definition", "places", "id", "title", "ir"}
VALUES = (
    "zzz", 7, 7.5, True, False, None, ["zzz"], {"zzz": 1},
    "pure", "read_only", "effectful", "strict", "best_effort", "nondeterministic", "trigger", "node", "merge",
    "immediate", "explicit", "on_last", "form", "json", "type", "cron", "partition", "drop_oldest", "backpressure",
    "unordered", "exactly_once", "at_most_once", "queue", "connector",
)  # fmt: skip


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every part of an IR that means something, by its path."""
    if path and not isinstance(value, dict):
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        if key not in SILENT:
            yield from paths(entry, (*path, key))


def mutations(flow: FlowIR, plain: Any, path: tuple[str | int, ...]) -> Iterator[FlowIR]:
    """The flow with another value at a path, as far as that is still an IR."""
    parent = plain
    for key in path[:-1]:
        parent = parent[key]
    old, found = parent[path[-1]], 0
    others = [str(node.id) for node in flow.nodes] if path[-1] in ("from", "to", "compensate") else []
    shorter = [old[1:], [*reversed(old)]] if isinstance(old, list) and len(set(map(str, old))) > 1 else []
    for value in [*others, *shorter, *VALUES]:
        if found < ENOUGH:
            parent[path[-1]] = value
            with suppress(ValidationError):
                mutated = FlowIR.model_validate(plain)
                if mutated != flow:
                    found += 1
                    yield mutated
    parent[path[-1]] = old


# The order of these lists is the order of writing.
UNORDERED = {
    "nodes", "edges", "surfaces", "egress", "capabilities", "reasons", "slos", "required", "unknown_capabilities",
    "urls", "misused", "repeated", "targets", "hosts", "enum", "type",
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_nothing_changes_between_equal_flows(name: str) -> None:
    again = FlowIR.model_validate_json(FLOWS[name].to_json())
    assert compare(FLOWS[name], again) == ()


@pytest.mark.parametrize("name", FLOWS)
def test_every_part_that_is_not_as_it_was_shows(name: str) -> None:
    flow, tried, unseen = FLOWS[name], 0, set()
    plain = flow.model_dump(mode="json", by_alias=True)
    for path in list(paths(plain)):
        for mutated in mutations(flow, plain, path):
            tried += 1
            if not (compare(flow, mutated) and compare(mutated, flow)) and not _only_reordered(flow, mutated):
                unseen.add(".".join(map(str, path)))
    assert tried > 100
    assert sorted(unseen) == []


def _only_reordered(one: FlowIR, other: FlowIR) -> bool:
    def sorted_(value: object, key: object = "") -> object:
        if isinstance(value, dict):
            return {name: sorted_(entry, name) for name, entry in value.items()}
        if isinstance(value, list):
            entries = [sorted_(entry) for entry in value]
            return sorted(entries, key=lambda e: json.dumps(e, sort_keys=True)) if key in UNORDERED else entries
        return value

    return sorted_(one.model_dump(mode="json")) == sorted_(other.model_dump(mode="json"))


Edit = Callable[[dict[str, Any]], None]


def edited(edit: Edit) -> FlowIR:
    plain = ORDERS.model_dump(mode="json", by_alias=True)
    edit(plain)
    return FlowIR.model_validate(plain)


def node(plain: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in plain["nodes"] if entry["name"] == name)


def put(name: str, **values: Any) -> Edit:
    return lambda plain: node(plain, name).update(values)


def trigger(**values: Any) -> Edit:
    return lambda plain: node(plain, "post_order")["trigger"].update(values)


def field(schema: str, name: str, **values: Any) -> Edit:
    return lambda plain: plain["schemas"][schema]["properties"].setdefault(name, {}).update(values)


def rate(**values: Any) -> Edit:
    return lambda plain: plain["surfaces"][-1]["config"].update(values)


def require(plain: dict[str, Any]) -> None:
    field("Order", "age", type="integer", **{"x-data-class": "pii"})(plain)
    plain["schemas"]["Order"]["required"].append("age")


def no_longer_post(plain: dict[str, Any]) -> None:
    node(plain, "post_order")["trigger"]["method"] = "PUT"


def cases(plain: dict[str, Any]) -> None:
    next(s for s in plain["surfaces"] if s["kind"] == "switch")["config"]["cases"] = ["normal"]


def elsewhere(plain: dict[str, Any]) -> None:
    node(plain, "charge")["capabilities"][0]["egress"] = ["evil.example.com"]


PII = {"x-data-class": "pii"}
KEY = {"fields": ["order_id"], "scope": "node", "ttl_ms": 1000}
SENTENCES: list[tuple[Edit, str, str]] = [
    (no_longer_post, "riskier", "route POST /orders is gone: its callers get 404"),
    (no_longer_post, "neutral", "new: route PUT /orders takes Order and answers within 1500 ms or 504"),
    (trigger(deadline_ms=None), "riskier", "POST /orders loses its deadline of 1500 ms: a run may take for ever"),
    (trigger(deadline_ms=900), "riskier", "answers within 900 ms or 504, was 1500 ms: slower runs fail now"),
    (trigger(deadline_ms=9000), "neutral", "was 1500 ms: callers may wait longer"),
    (trigger(respond="immediate"), "riskier", "answers immediate, before the work is done; it was on_last"),
    (trigger(invalid=[]), "neutral", "the answer of POST /orders to invalid input is 422 (every field), was 400"),
    (put("charge", effects="pure"), "safer", "node charge is pure, was effectful"),
    (put("has_lines", effects="read_only"), "riskier", "node has_lines is read_only, was pure"),
    (put("has_lines", determinism="stable"), "riskier", "node has_lines is stable, was strict"),
    (put("charge", idempotency=None), "riskier", "node charge loses its key (order_id, class): a repeat happens again"),
    (
        put("store", idempotency=KEY),
        "riskier",
        "node store remembers its key for 1000 ms, was for 86400000 ms, the default",
    ),
    (put("stamp", idempotency=KEY), "safer", "node stamp acts once per order_id; it had no key"),
    (put("stamp", timeout_ms=None), "riskier", "the timeout of stamp (ms) is none, was 2000"),
    (elsewhere, "riskier", "node charge may reach evil.example.com"),
    (elsewhere, "riskier", "Order.email (pii) can leave to evil.example.com (by charge)"),
    (elsewhere, "safer", "Order.email (pii) can no longer leave to pay.example.com (by charge)"),
    (elsewhere, "riskier", "one run of POST /orders makes 1 calls to evil.example.com at worst, loops aside; was 0"),
    (require, "riskier", "Order.age is new and required; breaks callers of POST /orders"),
    (require, "riskier", "Order.age is new: data of class pii"),
    (field("Order", "note", type="string"), "neutral", "Order.note is new and may be left out; compatible for callers"),
    (
        field("Order", "order_id", maxLength=9),
        "riskier",
        "Order.order_id: its greatest length is 9, was none (narrower)",
    ),
    (field("Order", "class", type=["string", "null"]), "neutral", "was string (wider); compatible for callers of POST"),
    (
        field("Order", "email", **{"x-data-class": "public"}),
        "riskier",
        "Order.email is data of class pii or public, was pii",
    ),
    (field("Order", "order_id", **PII), "riskier", "Order.order_id is data of class internal or pii, was internal"),
    (
        field("Order", "email", **{"x-in": "header"}),
        "riskier",
        "Order.email: where it is sent is header, was none; br",
    ),
    (rate(qps=100), "riskier", "takes at most 100 requests a second, was at most 12.5"),
    (rate(burst=2), "safer", "takes at most 2 requests at once, was at most 20"),
    (lambda plain: plain["policies"].clear(), "riskier", "works on any number of requests at a time, was at most 64"),
    (lambda plain: plain["slos"].clear(), "riskier", "promises nothing at p99, was 800 ms at 10 requests a second"),
    (cases, "riskier", "the cases of switch kind is normal, was normal, express"),
    (lambda plain: plain.update(version="2.0.0"), "neutral", "the flow's version is 2.0.0, was 1.2.3-rc.1"),
]


@pytest.mark.parametrize(("edit", "weight", "text"), SENTENCES, ids=[text for _, _, text in SENTENCES])
def test_a_change_is_one_clear_sentence(edit: Edit, weight: str, text: str) -> None:
    found = compare(ORDERS, edited(edit))
    assert [(c.weight, c.text) for c in found if text in c.text and c.weight == weight], [c.text for c in found]


def test_what_is_riskier_comes_first() -> None:
    weights = [change.weight for change in compare(ORDERS, edited(elsewhere))]
    assert weights == sorted(weights, key=["riskier", "safer", "neutral"].index)


def test_a_flow_that_is_new_reads_as_what_it_is() -> None:
    texts = [change.text for change in compare(None, FLOWS["echo"])]
    assert texts[0].startswith("route POST /echo takes ")
    assert "has no effect: reads nothing, writes nothing, reaches no host" in texts
    assert "repeats byte for byte: every node is strict" in texts


def test_a_change_keeps_its_values_as_data() -> None:
    change = next(c for c in compare(ORDERS, edited(rate(qps=100))) if c.kind == "limit")
    assert (change.before, change.after) == (12.5, 100)
    assert Change.model_validate_json(change.model_dump_json()) == change


def test_the_worst_case_takes_the_dearest_case_and_every_way_of_a_fan_out() -> None:
    found = worst_case(ORDERS)
    assert found.runs_per_day == 12.5 * 86_400
    assert found.routes["POST /orders"].calls == {
        "pay.example.com": 1, "pay2.example.com:8443": 1, "stock.example.com": 1,
    }  # fmt: skip
    assert found.routes["GET /orders/{order_id}"].calls == {"pay.example.com": 1, "pay2.example.com:8443": 1}
