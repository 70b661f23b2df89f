"""The placement table: each combination of facts has one row on a profile that honours it, and none elsewhere."""

from __future__ import annotations

from itertools import product
from string import Formatter
from typing import Any

import pytest

from flowlattice.check.hosting import can
from flowlattice.ir import model as ir
from flowlattice.plan import PROFILES
from flowlattice.plan.placement import DOMAINS, TABLE, Facts, facts_of, row_for, words_of
from tests.support.planned_ir import HERE, Drawn

# What hosting calls the kinds of nodes that some profile cannot honour.
SURFACES = {
    "http": "http trigger",
    "cron": "cron trigger",
    "reminder": "reminders",
    "kafka": "kafka trigger",
    "queue": "queue trigger",
    "blob": "blob trigger",
}


def is_honoured(profile, kind):
    return can(SURFACES.get(kind, kind), profile)


@pytest.mark.parametrize("kind", DOMAINS["kind"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_combination_has_one_row_where_it_is_honoured_and_none_elsewhere(profile, kind):
    rows = [row for row in TABLE[profile] if kind in row.when["kind"]]
    expected = 1 if is_honoured(profile, kind) else 0
    rest = [name for name in DOMAINS if name != "kind"]
    for values in product(*(DOMAINS[name] for name in rest)):
        given: dict[str, Any] = dict(zip(rest, values, strict=True))
        facts = Facts(kind=kind, **given)
        assert sum(row.fits(facts) for row in rows) == expected, facts


@pytest.mark.parametrize("profile", PROFILES)
def test_rows_are_about_facts_that_exist_and_say_what_can_be_said(profile):
    known = set(words_of(ir.Node(id=HERE_ID, name="n", kind="node", source=HERE)))
    for row in TABLE[profile]:
        assert all(values <= set(DOMAINS[name]) for name, values in row.when.items()), row
        assert {name for _, name, _, _ in Formatter().parse(row.because) if name} <= known, row
        assert row.because
        assert not row.because.endswith(".")


HERE_ID = ir.node_id("f", "1.0.0", "n")


@pytest.mark.parametrize(
    ("profile", "facts", "place"),
    [
        ("temporal", Facts(kind="node"), "inline"),
        ("temporal", Facts(kind="node", mode="async"), "inline"),
        ("temporal", Facts(kind="node", weight="heavy"), "activity"),
        ("temporal", Facts(kind="node", determinism="stable"), "activity"),
        ("temporal", Facts(kind="node", effects="read_only"), "activity"),
        ("temporal", Facts(kind="node", effects="effectful", determinism="best_effort"), "activity"),
        ("temporal", Facts(kind="switch"), "branch"),
        ("temporal", Facts(kind="subflow", effects="effectful"), "child"),
        ("temporal", Facts(kind="subflow", effects="read_only"), "inline"),
        ("temporal", Facts(kind="checkpoint"), "signal"),
        ("temporal", Facts(kind="reminder"), "timer"),
        ("queue", Facts(kind="node", batched="batched", mode="async"), "batch"),
        ("queue", Facts(kind="window"), "state"),
        ("web", Facts(kind="node", weight="heavy"), "thread"),
        ("wasm", Facts(kind="node", effects="effectful"), "guest"),
        ("wasm", Facts(kind="queue"), "host"),
        ("dev", Facts(kind="window"), "state"),
    ],
)
def test_where_the_design_puts_things(profile, facts, place):
    assert row_for(profile, facts).place == place


def test_what_a_profile_does_not_honour_has_no_place():
    with pytest.raises(LookupError, match="profile web has no place for window"):
        row_for("web", Facts(kind="window"))


def test_facts_come_from_the_node():
    flow = Drawn().node("a", "node", "dedupe seen", "db.write", idempotency=ir.Idempotency(fields=("id",)))
    flow.node("b", cost=ir.Cost(cpu_ms=500)).node("c", ai=ir.Ai(model="m")).node("d", takes_context=True)
    flow.node("e", timeout_ms=5).node("f", cache=ir.Cache(fields=("id",), tier="local")).node("g", stream=True)
    flow.node("h", cost=ir.Cost(memory_bytes=1 << 30)).node("i", batch=ir.Batch(size=10)).node("j", is_async=True)
    found = {name: facts_of(node) for name, node in flow.nodes.items()}
    assert (found["a"].held, found["f"].held) == ("remembered", "cached")
    assert [found[name].weight for name in "bhcj"] == ["heavy", "heavy", "ai", "light"]
    assert [found[name].held for name in "de"] == ["context", "timeout"]
    assert [found[name].mode for name in "gjb"] == ["stream", "async", "sync"]
    assert found["i"].batched == "batched"
    late = flow.edge("b", "j", timeout_ms=10).ir().edges
    assert facts_of(flow.nodes["j"], late).held == "timeout"
