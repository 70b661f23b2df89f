"""Lowering: what the author wrote stands in the IR, each part with its place, the same on every machine."""

import shutil
from pathlib import Path

import pytest

from flowlattice.ir.build import build
from flowlattice.ir.failures import NotLowerable
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load
from tests.support.docblocks import ROOT

HERE = Path(__file__).parent
FLOWS = {
    "echo": ROOT / "examples" / "s01_echo",
    "everything": HERE / "flows" / "everything",
    "dataflow": HERE / "flows" / "dataflow",
}


def ir_of(name):
    built = build(FLOWS[name])
    assert built.ir is not None
    return built.ir


def lowered(folder, text, **files):
    for name, content in {"flow": text, **files}.items():
        (folder / f"{name}.py").write_text(content, encoding="utf-8")
    return lower(load(folder))


@pytest.mark.parametrize("name", FLOWS)
def test_the_ir_is_as_it_was_looked_at(name, golden):
    golden(HERE / "golden" / f"{name}.ir.json", ir_of(name).to_json() + "\n")


def test_the_ir_is_the_same_wherever_the_flow_is(tmp_path):
    shutil.copytree(FLOWS["everything"], tmp_path / "é elsewhere", ignore=shutil.ignore_patterns("__pycache__"))
    assert build(tmp_path / "é elsewhere").ir == ir_of("everything")


def test_the_ir_survives_json():
    flow = ir_of("everything")
    assert FlowIR.model_validate_json(flow.to_json()) == flow


HEAD = """
from flowlattice import *
class A(Record, data="public"):
    v: str
class B(Record, data="public"):
    v: str
class C(A, data="public"):
    w: str
def to_b(a: A) -> B:
    return B(v=a.v)
flow = Flow("t", version="1.0.0")
hook = flow.trigger(http.post("/a", accepts=A))
"""


def names(flow):
    return {node.name: (node.in_schema, node.out_schema) for node in flow.nodes}


def test_a_merge_of_two_types_is_their_union(tmp_path):
    flow = lowered(
        tmp_path,
        HEAD
        + "m = Merge()\nb = Map(to_b)\nflow.connect(hook, b)\nflow.connect(hook, m)\nflow.connect(b, m)\n"
        + "flow.connect(m, flow.respond())\n",
    )
    assert names(flow)["merge"] == ("A | B", "A | B")
    assert [edge.carries for edge in flow.edges] == ["A", "A", "B", "A | B"]


def test_a_lambda_takes_what_reaches_it(tmp_path):
    flow = lowered(tmp_path, HEAD + "gate = If(lambda a: bool(a.v))\nflow.connect(hook, gate)\n")
    assert names(flow)["if"] == ("A", "A")


def test_a_cycle_does_not_loop(tmp_path):
    flow = lowered(
        tmp_path,
        HEAD
        + "m, gate = Merge(), If(lambda a: True)\n"
        + "flow.connect(hook, m)\nflow.connect(m, gate)\nflow.connect(gate.true, m)\n",
    )
    assert names(flow)["merge"] == ("A", "A")


def test_records_of_one_name_are_told_apart(tmp_path):
    other = (
        "from flowlattice import *\nclass A(Record, data='public'):\n    n: int\ndef as_a(a: A) -> A:\n    return a\n"
    )
    flow = lowered(
        tmp_path,
        HEAD + "from .other import as_a\nflow.connect(hook, Map(to_b))\nflow.connect(hook, Map(as_a))\n",
        other=other,
    )
    assert names(flow)["as_a"] == ("A#2", "A#2")
    assert list(flow.schemas["A"]["properties"]) == ["v"]
    assert list(flow.schemas["A#2"]["properties"]) == ["n"]


def test_a_record_says_which_it_extends(tmp_path):
    flow = lowered(tmp_path, HEAD + "flow.connect(flow.trigger(http.post('/c', accepts=C)), Map(to_b))\n")
    assert flow.schemas["C"]["x-extends"] == ["A"]
    assert "x-extends" not in flow.schemas["A"]


def test_records_and_fields_have_their_places(tmp_path):
    flow = lowered(tmp_path, HEAD + "flow.connect(flow.trigger(http.post('/c', accepts=C)), flow.respond())\n")
    places = {name: (place.file, place.line, place.column) for name, place in flow.places.items()}
    assert places == {
        "A": ("flow.py", 3, 7),
        "A.v": ("flow.py", 4, 5),
        "C": ("flow.py", 7, 7),
        "C.w": ("flow.py", 8, 5),
        "C.v": ("flow.py", 4, 5),
    }


def test_a_type_without_a_schema_is_none(tmp_path):
    flow = lowered(
        tmp_path,
        HEAD + "class Odd:\n    pass\n@node\ndef f(a: Odd, b) -> 'Nothing':\n    return a\nflow.connect(hook, f)\n",
    )
    node = next(node for node in flow.nodes if node.name == "f")
    assert (node.in_schema, node.out_schema) == (None, None)
    assert [(p.name, p.annotation) for p in node.parameters] == [("a", "Odd"), ("b", None)]
    assert node.returns.annotation == "'Nothing'"
    assert node.unknown_capabilities == ("b: (no annotation)",)


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_capabilities_are_found_whichever_way_annotations_are_kept(tmp_path, future):
    flow = lowered(
        tmp_path,
        future
        + HEAD
        + "from typing import Annotated\n@node\n"
        + "async def f(a: A, x: HttpRead, y: Annotated[KvWrite, 1], z: Context) -> A:\n    return a\n"
        + "flow.connect(hook, f)\nflow.egress('x', 'a.example')\n",
    )
    node = next(node for node in flow.nodes if node.name == "f")
    assert [(use.name, use.binding, use.egress) for use in node.capabilities] == [
        ("http.read", "x", ("a.example",)),
        ("kv.write", "y", ()),
    ]
    assert node.takes_context
    assert node.is_async
    assert not node.unknown_capabilities


def test_names_of_keys_are_those_on_the_wire():
    flow = ir_of("everything")
    charge = next(node for node in flow.nodes if node.name == "charge")
    assert charge.idempotency.fields == ("order_id", "class")
    assert charge.idempotency.ttl_ms == 86_400_000


def test_a_second_node_of_a_name_has_an_id_of_its_own(tmp_path):
    flow = lowered(tmp_path, HEAD + "flow.connect(hook, Map(to_b))\nflow.connect(hook, Map(to_b))\n")
    twins = [node for node in flow.nodes if node.name == "to_b"]
    assert len({node.id for node in twins}) == 2
    assert [node.source.line for node in twins] == [13, 14]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("flow.trigger(http.post('/x', accepts=A, deadline=250))", "a duration is written ms"),
        ("flow.connect(hook, Map(to_b), timeout='1s')", "a duration is written ms"),
        ("flow.connect(hook, flow.respond(status='x'))\nflow.rate_limit(qps=None, burst=1)", None),
        ("flow.connect(hook, Map(to_b), buffer=Buffer(max_items='many'))", "max_items"),
        ("flow.slo(percentile='most', latency=ms(1))", "percentile"),
    ],
)
def test_a_value_of_the_wrong_kind_is_said_with_its_place(tmp_path, line, message):
    if message is None:
        assert lowered(tmp_path, HEAD + line)
        return
    with pytest.raises(NotLowerable, match=message):
        lowered(tmp_path, HEAD + line)
