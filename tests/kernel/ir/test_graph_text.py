"""Mermaid and DOT: what they show, and that no name, however hostile, is more than a name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.ir.drawing import FORMATS, dot, mermaid, svg
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from tests.support.docblocks import ROOT
from tests.support.drawn import edge, flow, identity, node, orders

GOLDEN = ROOT / "tests" / "kernel" / "ir" / "golden"
SUFFIXES = {"mermaid": "mmd", "dot": "dot", "svg": "svg"}

TWO_WAYS = """
from flowlattice import Flow, If, Map, Record, Switch, http, ms

class Order(Record, data="public"):
    region: str
    cents: int

def is_large(order: Order) -> bool:
    return order.cents > 1000

def region(order: Order) -> str:
    return order.region

def same(order: Order) -> Order:
    return order

flow = Flow("two_ways", version="2.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order, deadline=ms(1500)))
gate, kinds = If(is_large), Switch(region, cases=["eu", "us"])
flow.connect(hook, gate)
flow.connect(gate.true, kinds)
flow.connect(gate.false, flow.respond(status=400))
for case in ("eu", "us"):
    step = Map(same, name=f"to_{case}")
    flow.connect(kinds.case(case), step)
    flow.connect(step, flow.respond())
flow.connect(kinds.default, flow.respond(status=404))
"""

# What may stand in a name and must not come through: ends of strings, tags, entities, directives, comments.
HOSTILE = [
    'x"]; n2[label="y',
    "x\\",
    'x\\" ] y',
    "\\N \\G \\l",
    "<b>x</b><script>alert(1)</script>",
    "#quot; &amp; &#60;",
    "%%{init: {'theme': 'dark'}}%%",
    "`**bold**`",
    "a\nb\r\nc\td",
    "n1 --> n1; end",
    "nul\x00 bell\x07 \u202eflipped\u202c",
    "触发器 تطبيع नियमित 👩‍👧",
]
OTHER = "the other node, whose name no example has"
NAMES = st.one_of(
    st.text(min_size=1, max_size=60), st.sampled_from(HOSTILE), st.text('"\\#&<>%`;|{}[]()\n', min_size=1)
)


def two_ways(folder):
    (folder / "flow.py").write_text(TWO_WAYS)
    return lower(load(folder))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("subject", ["echo", "orders"])
def test_a_picture_is_as_it_was_looked_at(subject, name, golden):
    ir = orders() if subject == "orders" else lower(load(ROOT / "examples" / "s01_echo"))
    golden(GOLDEN / f"{subject}.{SUFFIXES[name]}", FORMATS[name](ir))


def test_every_way_out_of_a_switch_and_an_if_is_named(tmp_path):
    lines = mermaid(two_ways(tmp_path)).splitlines()
    labels = sorted(label for line in lines for label in re.findall(r'\|"(.*?)"\|', line))
    assert labels == ["default", "eu", "false", "true", "us"]


def test_the_route_the_deadline_and_the_answer_are_on_their_nodes(tmp_path):
    text = mermaid(two_ways(tmp_path))
    assert '(["trigger<br/>POST /orders<br/>→ Order<br/>deadline 1.5 s"])' in text
    assert '(["respond<br/>400 json"])' in text


def test_kinds_have_shapes_of_their_own(tmp_path):
    text = dot(two_ways(tmp_path))
    shapes = dict(re.findall(r'label="(\w+)[^"]*", shape=(\w+)', text))
    assert (shapes["trigger"], shapes["is_large"], shapes["region"], shapes["to_eu"]) == (
        "oval",
        "diamond",
        "hexagon",
        "box",
    )


def test_effects_and_determinism_are_a_class_a_colour_and_words():
    text = mermaid(flow([node("a"), node("b", effects="effectful", determinism="best_effort"), node("c")]))
    assert "class n1,n3 pure_strict" in text
    assert "class n2 effectful_best_effort" in text
    assert "effectful · best effort" in text
    assert len(set(re.findall(r"fill:(#\w+)", text))) == 2


def test_a_node_names_what_it_may_use_and_whom_it_may_reach():
    use = {"name": "http.write", "binding": "stripe", "egress": ("api.stripe.com", "eu.stripe.com")}
    text = dot(
        flow(
            [node("charge", capabilities=(use,)), node("stamp", capabilities=({"name": "clock", "binding": "clock"},))]
        )
    )
    assert "http.write stripe → api.stripe.com, eu.stripe.com" in text
    assert '\\nclock"' in text


def test_a_limit_is_on_its_trigger_or_on_the_flow_if_triggers_share_it():
    limit = {"kind": "rate_limit", "targets": (identity("a"),), "config": {"qps": 0.5, "burst": 1}}
    alone = mermaid(flow([node("a", "trigger")], surfaces=(limit,)))
    assert 'n1(["a<br/>rate limit 0.5/s, burst 1"])' in alone
    shared = limit | {"targets": (identity("a"), identity("b"))}
    both = mermaid(flow([node("a", "trigger"), node("b", "trigger")], surfaces=(shared,)))
    assert 'n1(["a"])' in both
    assert "accDescr: profile web. rate limit 0.5/s, burst 1" in both


def test_what_undoes_a_node_is_a_broken_line():
    text = mermaid(flow([node("charge", compensate=identity("refund")), node("refund")]))
    assert 'n1 -.->|"undone by"| n2' in text


def test_a_side_output_is_a_broken_line():
    window = node("hour", "window", side_outputs=("late_events",))
    text = flow([window, node("a"), node("b")], [edge("hour", "a"), edge("hour", "b", "late_events")])
    assert "n1 --> n2" in mermaid(text)
    assert 'n1 -.->|"late_events"| n3' in mermaid(text)
    assert 'n1 -> n3 [label="late_events", style=dashed]' in dot(text)
    assert '<path class="edge side"' in svg(text)


@pytest.mark.parametrize(
    ("config", "note"),
    [
        ({"shape": "sliding", "size_ms": 300_000, "slide_ms": 60_000}, "sliding 5 min every 1 min by at"),
        ({"shape": "session", "gap_ms": 60_000, "lateness_ms": 0}, "session gap 1 min by at"),
    ],
)
def test_a_window_is_labelled_with_its_size(config, note):
    surface = {"kind": "window", "targets": (identity("w"),), "config": {"event_time": "at", **config}}
    assert f"<br/>{note}" in mermaid(flow([node("w", "window")], surfaces=(surface,)))


def test_what_a_node_keeps_and_which_model_it_asks_are_said_on_it():
    text = mermaid(flow([node("a", cache={"fields": ("id",), "tier": "local"}, ai={"model": "m-2024-07-18"})]))
    assert "cached by id (local)<br/>model m-2024-07-18" in text


def test_an_answer_that_streams_says_so():
    surface = {
        "kind": "respond",
        "targets": (identity("r"),),
        "config": {"status": 200, "body": "events", "stream": True},
    }
    assert "200 events stream" in mermaid(flow([node("r", "respond")], surfaces=(surface,)))


RETRY = {"strategy": "retry", "max": 5, "backoff_ms": 200, "factor": 2.0}


@pytest.mark.parametrize(
    ("kind", "config", "note"),
    [
        ("partition", {"fields": ["user", "day"]}, "split by user, day"),
        (
            "partition",
            {"fields": ["user"], "max_parallel_shards": 64, "weights": {"vip": 2.5}},
            "split by user, at most 64 at once, vip × 2.5",
        ),
        ("error_handler", RETRY | {"then": None}, "on error: 5 retries after 200 ms × 2"),
        (
            "error_handler",
            RETRY | {"then": {"strategy": "dead_letter", "to": "failed"}},
            "on error: 5 retries after 200 ms × 2, then out at failed",
        ),
        ("error_handler", {"strategy": "escalate", "to": "ops"}, "on error: ops is asked"),
        ("error_handler", {"strategy": "halt"}, "on error: the run stops"),
    ],
)
def test_what_governs_a_node_is_said_on_it(kind, config, note):
    surface = {"kind": kind, "targets": (identity("a"),), "config": config}
    assert f'<br/>{note}"]' in mermaid(flow([node("a")], surfaces=(surface,)))


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({}, "waits for a person (ok)"),
        (
            {"case": "true", "approvers": "finance", "ttl_s": 86_400, "on_timeout": "reject"},
            "true waits for finance (ok), at most 24 h, then rejected",
        ),
        (
            {"ttl_s": 1_209_600, "on_timeout": "escalate", "escalate_to": "head"},
            "waits for a person (ok), at most 14 d, then head is asked",
        ),
    ],
)
def test_where_people_are_asked(fields, note):
    point = {"id": "ok", "on": identity("a"), **fields}
    assert f'<br/>{note}"]' in mermaid(flow([node("a")], checkpoints=(point,)))


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"cache": {"fields": ("id",), "tier": "local", "ttl_ms": 3_600_000}}, "cached by id (local, 1 h)"),
        ({"cache": {"fields": ()}}, "cached by nothing (memory)"),
        ({"batch": {"size": 1000, "within_ms": 200}, "concurrency": 8}, "batches of 1000 within 200 ms"),
        ({"batch": {"size": 2}, "concurrency": 8}, "batches of 2<br/>at most 8 at once"),
        ({"variables": ("top", "since")}, "reads top, since"),
        ({"subflow": {"flow": "pricing", "version": "1.0.0", "export": "price"}}, "price of pricing 1.0.0"),
    ],
)
def test_how_a_node_is_run_is_said_on_it(fields, note):
    assert f"<br/>{note}" in mermaid(flow([node("a", **fields)]))


@pytest.mark.parametrize(
    ("buffer", "label"),
    [
        ({"spill_blob": "over", "spill_bytes": 67_108_864}, "spill over 64 to over, at most 64 MiB"),
        ({"spill_bytes": 100}, "spill over 64, at most 100 B"),
        ({}, "spill over 64"),
    ],
)
def test_a_spill_is_said_on_its_edge(buffer, label):
    spilling = edge("a", "b", buffer={"on_full": "spill", **buffer})
    assert f'|"{label}"|' in mermaid(flow([node("a"), node("b")], [spilling]))


def test_a_promise_of_throughput_is_on_the_flow():
    assert "334 records a second" in mermaid(flow([node("a")], slos=({"records_per_s": 334},)))


def test_what_the_ir_names_and_does_not_have_is_left_out():
    lost = {"kind": "rate_limit", "targets": (identity("gone"),), "config": {}}
    ir = flow([node("a", compensate=identity("gone"))], [edge("a", "gone"), edge("gone", "a")], surfaces=(lost,))
    assert "-->" not in mermaid(ir)
    assert "->" not in dot(ir)


@pytest.mark.parametrize("draw", FORMATS.values())
def test_a_flow_without_nodes_can_be_drawn(draw):
    assert draw(flow([])).endswith("\n")


@given(NAMES, NAMES)
def test_names_stay_inside_their_quotes_in_mermaid(name, case):
    ir = flow([node(name), node(OTHER)], [edge(name, OTHER, case)], summary=name)
    lines = mermaid(ir).splitlines()
    assert re.fullmatch(r'  n1\["[^"<>&%`]*(<br/>pure · strict)"\]', lines[3])
    assert re.fullmatch(r'  n1 -->(\|"[^"<>&%`]*"\|)? n2', lines[5])
    # Title, description, two boxes, one arrow, two lines of classes: no name adds a line.
    assert len(lines) == 8


@given(NAMES, NAMES)
def test_names_come_back_from_dot_as_they_were(name, case):
    ir = flow([node(name), node(OTHER)], [edge(name, OTHER, case)])
    tokens = dot_tokens(dot(ir))
    label = tokens[tokens.index("n1") + 4]
    shown = label.partition("\\npure · strict")[0]
    assert "\n" not in shown
    assert unescaped(shown) == one_line(name)
    # Between the quotes there may be anything, outside only what a graph with two nodes and an edge has.
    assert [token for token in tokens if token in ("n1", "n2", "->")] == ["n1", "n2", "n1", "->", "n2"]


def dot_tokens(text):
    """DOT as its grammar reads it: strings (without their quotes), words and signs."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|([\w.]+)|(->|\S)', text, flags=re.DOTALL)
    return [word or sign or string for string, word, sign in found]


def unescaped(label):
    return re.sub(r"\\(.)", r"\1", label).replace("&amp;", "&")


def one_line(text):
    """A name as pictures show it."""
    unfit = {*range(0x09), *range(0x0E, 0x1C), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F)} - {0x85}
    unfit |= {*range(0x2066, 0x206A), 0xFFFE, 0xFFFF}
    return " ".join("".join("\ufffd" if ord(c) in unfit else c for c in text).split())
