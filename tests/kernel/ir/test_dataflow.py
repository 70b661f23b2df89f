"""Lowering of triggers, side outputs and of what splits, pairs and groups records."""

import pytest

from flowlattice.ir.failures import NotLowerable
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
from datetime import datetime
from flowlattice import *

class Log(Record, data="internal"):
    key: str
    at: datetime
    size: int

class Order(Record, data="internal"):
    key: str

class Total(Record, data="internal"):
    key: str
    size: int

def pair(log: Log, order: Order) -> Log:
    return log

def maybe(log: Log, order: Order | None) -> Log:
    return log

def add(sizes: list[int], log: Log) -> list[int]:
    return [*sizes, log.size]

@node
def of_raw(raw: Raw) -> str:
    return raw.reason

@node
def of_log(log: Log) -> str:
    return log.key

flow = Flow("t", version="1.0.0", profile=Profile.QUEUE)
"""


@pytest.fixture
def lowered(tmp_path):
    """The IR of a flow that starts with `HEAD`."""

    def build(text):
        (tmp_path / "flow.py").write_text(HEAD + text, encoding="utf-8")
        return lower(load(tmp_path))

    return build


def the(flow, kind):
    """The node of a kind, and its surface's configuration."""
    node = next(node for node in flow.nodes if node.kind == kind)
    config = next((s.config for s in flow.surfaces if s.targets == (node.id,)), None)
    return node, config


@pytest.mark.parametrize(
    ("trigger", "emits", "given"),
    [
        ("cron('0 9 * * 1,3')", "Tick", {"kind": "cron", "cron": "0 9 * * 1,3"}),
        ("blob.listing('s3://b/x/*')", "ObjectRef", {"kind": "blob", "prefix": "s3://b/x/"}),
        ("blob.listing('s3://b/x/')", "ObjectRef", {"kind": "blob", "prefix": "s3://b/x/"}),
        (
            "kafka('logs', accepts=Log)",
            "Log",
            {"kind": "kafka", "topic": "logs", "visibility_timeout_ms": 30_000, "max_deliveries": 5},
        ),
        (
            "queue('jobs', accepts=Log, visibility_timeout=seconds(1), max_deliveries=2, idle=minutes(1))",
            "Log",
            {
                "kind": "queue",
                "topic": "jobs",
                "visibility_timeout_ms": 1_000,
                "max_deliveries": 2,
                "idle_ms": 60_000,
            },
        ),
    ],
)
def test_a_trigger_says_what_starts_runs_and_what_it_emits(lowered, trigger, emits, given):
    node, _ = the(lowered(f"t = flow.trigger({trigger})\nflow.connect(t.rejected, of_raw)\n"), "trigger")
    assert node.trigger.model_dump(exclude_defaults=True) == given
    assert (node.out_schema, node.side_outputs) == (emits, ("rejected",))


def test_a_schedule_during_a_checkpoint_emits_its_view(lowered):
    flow = lowered("""
def total(log: Log) -> Total:
    return Total(key=log.key, size=log.size)
logs = flow.trigger(kafka("logs", accepts=Log))
flow.connect(logs, of_log)
review = flow.hitl("review", on=logs, view=Order)
shown = flow.hitl("shown", on=of_log, view=total)
unknown = flow.hitl("unknown", on=of_log, view=lambda log: log)
for checkpoint in (review, shown, unknown):
    flow.trigger(cron("0 9 * * *", during=checkpoint))
""")
    emitted = [(node.trigger.during, node.out_schema) for node in flow.triggers()[1:]]
    assert emitted == [("review", "Order"), ("shown", "Total"), ("unknown", None)]


def test_a_route_has_rejected_only_where_it_is_connected(lowered):
    flow = lowered("""
a = flow.trigger(http.post("/a", accepts=Log))
b = flow.trigger(http.post("/b", accepts=Log))
flow.connect(a.rejected, of_raw)
flow.connect(b, of_log)
""")
    assert [node.side_outputs for node in flow.triggers()] == [("rejected",), ()]
    assert [(edge.case, edge.carries) for edge in flow.edges] == [("rejected", "Raw"), (None, "Log")]


@pytest.mark.parametrize(("kind", "carries", "taken"), [("inner", "Log | Order", "pair"), ("left", "Order", "maybe")])
def test_what_found_no_partner_is_of_both_sides_or_of_the_right_one(lowered, kind, carries, taken):
    flow = lowered(f"""
t = flow.trigger(kafka("t", accepts=Log))
j = Join({taken}, on="key", within=minutes(1), kind={kind!r})
flow.connect(t, j.left)
flow.connect(j.unmatched, of_raw)
""")
    node, config = the(flow, "join")
    assert (node.in_schema, node.out_schema, node.side_outputs) == ("Log | Order", "Log", ("unmatched",))
    assert config == {
        "on": [["key", "key"]], "within_ms": 60_000, "kind": kind, "left": "Log", "right": "Order"
    }  # fmt: skip
    assert [(edge.into, edge.case, edge.carries) for edge in flow.edges] == [
        ("left", None, "Log"),
        (None, "unmatched", carries),
    ]


@pytest.mark.parametrize(
    ("on", "pairs"),
    [
        ("'key'", [["key", "key"]]),
        ("('size', 'key')", [["size", "key"]]),
        ("['key']", [["key", "key"]]),
        ("['key', ('size', 'key')]", [["key", "key"], ["size", "key"]]),
        ("['key', 'size']", [["key", "key"], ["size", "size"]]),
        ("[]", []),
    ],
)
def test_a_join_names_its_fields_in_pairs(lowered, on, pairs):
    flow = lowered(f"j = Join(pair, on={on}, within=minutes(1))\nflow.connect(j, of_log)\n")
    assert the(flow, "join")[1]["on"] == pairs


@pytest.mark.parametrize(
    ("split", "item"),
    [
        ("-> list[Order]", "Order"),
        ("-> tuple[Order, ...]", "Order"),
        ("-> tuple[Order, Log]", "Order | Log"),
        ("-> Order", None),
        ("", None),
    ],
)
def test_a_foreach_gives_the_items_of_a_sequence(lowered, split, item):
    flow = lowered(f"def split(log: Log) {split}:\n    return []\neach = ForEach(split)\nflow.connect(each, of_log)\n")
    node, config = the(flow, "foreach")
    assert (node.in_schema, node.out_schema, node.function) == ("Log", item, "split")
    assert config == {"concurrency": None}
    assert (node.effects, node.determinism) == ("pure", "strict")


@pytest.mark.parametrize(
    ("window", "config"),
    [
        ("tumbling(Log, event_time='at', size=minutes(5))", {"shape": "tumbling", "size_ms": 300_000}),
        (
            "sliding(Log, event_time='at', size=minutes(5), slide=minutes(1), allowed_lateness=seconds(2))",
            {"shape": "sliding", "size_ms": 300_000, "slide_ms": 60_000, "lateness_ms": 2_000},
        ),
        (
            "session(Log, event_time='at', gap=minutes(1), idle=hours(1))",
            {"shape": "session", "gap_ms": 60_000, "idle_ms": 3_600_000},
        ),
    ],
)
def test_a_window_says_how_it_is_cut_and_how_long_it_waits(lowered, window, config):
    flow = lowered(f"w = Window.{window}\nflow.connect(w.late_events, of_log)\n")
    node, found = the(flow, "window")
    nothing = dict.fromkeys(["size_ms", "slide_ms", "gap_ms", "idle_ms"]) | {"lateness_ms": 0}
    assert found == nothing | {"event_time": "at"} | config
    assert (node.in_schema, node.out_schema, node.side_outputs) == ("Log", "Log", ("late_events",))
    assert [edge.carries for edge in flow.edges] == ["Log"]


@pytest.mark.parametrize("kind", ["window", "aggregate", "distinct", "join", "zip"])
def test_what_keeps_records_until_others_come_is_pure_and_stable_and_says_why(lowered, kind):
    flow = lowered("""
w = Window.tumbling(Log, event_time="at", size=minutes(5))
a = Aggregate.by_key(Log, "key", into=Total).sum("size")
d = Distinct(Log, by="key", within=minutes(1))
j = Join(pair, on="key", within=minutes(1))
z = Zip(pair)
for one in (w, a, d, j, z):
    flow.connect(one, of_log)
""")
    node, _ = the(flow, kind)
    assert (node.effects, node.determinism) == ("pure", "stable")
    assert [(reason.of, reason.level) for reason in node.reasons] == [("determinism", "stable")]
    assert "depends on the order" in node.reasons[0].because


def test_an_aggregate_names_its_functions_and_where_they_go(lowered):
    flow = lowered("""
total = Aggregate.by_key(Log, "key", into=Total).sum("size").max("at", as_="last").fold("sizes", [], add)
flow.connect(total, of_log)
""")
    node, config = the(flow, "aggregate")
    nothing = {"field": None, "function": None, "gives": None, "takes": None}
    assert config["keys"] == ["key"]
    assert config["functions"] == [
        nothing | {"op": "sum", "field": "size", "as": "size"},
        nothing | {"op": "max", "field": "at", "as": "last"},
        nothing | {"op": "fold", "as": "sizes", "function": "add", "gives": "list[int]", "takes": "Log"},
    ]
    assert (config["start_as"], config["end_as"]) == (None, None)
    assert (node.in_schema, node.out_schema) == ("Log", "Total")


def test_each_function_gives_a_new_aggregate(lowered):
    flow = lowered("""
base = Aggregate.by_key(Log, "key", into=Total)
one, other = base.sum("size"), base.count(as_="size")
flow.connect(one, of_log)
flow.connect(other, of_log)
""")
    functions = [s.config["functions"] for s in flow.surfaces]
    assert [[f["op"] for f in of_one] for of_one in functions] == [["sum"], ["count"]]


def test_the_sum_of_floats_says_that_its_last_digits_depend_on_the_order(lowered):
    flow = lowered("""
class Load(Record, data="internal"):
    key: str
    load: float
flow.connect(Aggregate.by_key(Load, "key", into=Load).sum("load"), of_log)
""")
    node, _ = the(flow, "aggregate")
    assert "adds up floats (load)" in node.reasons[1].because


def test_a_fold_is_read(lowered):
    flow = lowered("""
def last(before: datetime, log: Log) -> datetime:
    return datetime.now()
flow.connect(Aggregate.by_key(Log, "key", into=Total).fold("last", datetime(2025, 1, 1), last), of_log)
""")
    node, _ = the(flow, "aggregate")
    assert (node.effects, node.determinism) == ("read_only", "nondeterministic")
    assert node.declared.determinism == "stable"
    assert any(reason.source.line == HEAD.count("\n") + 3 for reason in node.reasons)


def test_a_stream_is_answered_record_by_record(lowered):
    flow = lowered("""
from collections.abc import AsyncIterator
@node
async def changes(log: Log) -> AsyncIterator[Order]:
    yield Order(key=log.key)
t = flow.trigger(http.get("/changes", accepts=Log))
flow.connect(t, changes)
flow.connect(changes, flow.respond(body="events", stream=True))
""")
    assert [(node.name, node.stream) for node in flow.nodes] == [
        ("trigger", False), ("changes", True), ("respond", True)
    ]  # fmt: skip
    assert the(flow, "respond")[1] == {"status": 200, "body": "events", "stream": True}
    assert [edge.carries for edge in flow.edges] == ["Log", "Order"]


def test_where_fields_come_from_is_known_through_splitting_pairing_and_grouping(lowered):
    flow = lowered("""
def split(log: Log) -> list[Total]:
    found = []
    for number in range(2):
        found.append(Total(key=log.key, size=number))
    return found

def both(log: Log, order: Order) -> Total:
    return Total(key=order.key, size=log.size)

class Sum(Record, data="internal"):
    key: str
    window_start: datetime
    size: int
    count: int

w = Window.tumbling(Log, event_time="at", size=minutes(5))
keep = Filter(lambda log: log.size > 1)
flow.connect(w, keep)
flow.connect(keep, Aggregate.by_key(Log, "key", into=Sum).sum("size").count())
flow.connect(ForEach(split), Zip(both).left)
""")
    assert the(flow, "foreach")[0].derivations == {"key": ("key",), "size": ()}
    assert the(flow, "zip")[0].derivations == {"key": ("right.key",), "size": ("left.size",)}
    assert the(flow, "aggregate")[0].derivations == {
        "key": ("key",), "window_start": ("at",), "size": ("size",), "count": ()
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "flow.connect(Window.tumbling(Log, event_time='at', size=5), of_log)",
        "flow.connect(Distinct(Log, by='key', within=60), of_log)",
        "flow.trigger(kafka('t', accepts=Log, idle=60))",
    ],
)
def test_a_value_of_the_wrong_kind_is_said_with_its_place(lowered, line):
    with pytest.raises(NotLowerable, match="a duration is written"):
        lowered(line + "\n")


def test_what_is_no_trigger_is_refused_at_once(lowered):
    with pytest.raises(TypeError, match="'every day' is none"):
        lowered("flow.trigger('every day')\n")
