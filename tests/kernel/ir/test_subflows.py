"""Subflows: what a flow exports is a node of another, with the weakest promises and all capabilities between."""

import pytest

from flowlattice.check import check
from flowlattice.check.hosting import unsupported
from flowlattice.errors import UsageError
from flowlattice.ir.build import build
from flowlattice.ir.comparison import compare
from flowlattice.ir.failures import NotLowerable
from flowlattice.ir.lower import lower
from flowlattice.ir.subflows import between
from flowlattice.language.loading import load
from flowlattice.plan import plan

RECORDS = """
from flowlattice import Record

class Row(Record, data="public"):
    v: str

class Ack(Record, data="public"):
    v: str
"""
INNER = """
from flowlattice import Flow, HttpWrite, KvRead, by, http, node
from .records import Ack, Row

@node
def tidy(row: Row) -> Row:
    return row

@node
async def look(row: Row, known: KvRead) -> Row:
    return row

@node
def undo(ack: Ack) -> Ack:
    return ack

@node(idempotency=by("v"), compensate=undo)
async def write(row: Row, api: HttpWrite) -> Ack:
    return Ack(v=row.v)

flow = Flow("inner", version="2.0.0", summary="Does things.")
hook = flow.trigger(http.post("/i", accepts=Row))
flow.connect(hook, tidy)
flow.connect(tidy, look)
flow.connect(look, write)
flow.connect(write, flow.respond())
flow.egress("api", "api.example.com")
reads = flow.export("reads", entry=tidy, exit=look)
all = flow.export("all", entry=tidy, exit=write)
"""
OUTER = """
from flowlattice import Flow, http, subflow
from .records import Ack, Row
from .inner import all, reads, flow as other

flow = Flow("outer", version="1.0.0")
hook = flow.trigger(http.post("/o", accepts=Row))
step = subflow(reads)
last = subflow(all, name="last")
flow.connect(hook, step)
flow.connect(step, last)
flow.connect(last, flow.respond())
"""


def write(folder, **files):
    for name, text in {"records": RECORDS, "inner": INNER, "flow": OUTER, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def outer(tmp_path):
    return lower(load(write(tmp_path)))


def named(flow, name):
    return next(node for node in flow.nodes if node.name == name)


def test_the_flow_that_is_loaded_is_the_one_that_the_file_defines(outer):
    assert (outer.name, list(outer.subflows)) == ("outer", ["inner@2.0.0"])


def test_a_subflow_is_a_node_with_the_ports_of_its_export(outer):
    node = named(outer, "reads")
    assert (node.kind, node.in_schema, node.out_schema, node.summary) == ("subflow", "Row", "Row", "Does things.")
    assert (node.subflow.flow, node.subflow.version, node.subflow.export) == ("inner", "2.0.0", "reads")
    assert node.subflow.digest.startswith("blake3:")
    assert (named(outer, "last").in_schema, named(outer, "last").out_schema) == ("Row", "Ack")
    assert [edge.carries for edge in outer.edges] == ["Row", "Row", "Ack"]


def test_it_promises_what_the_weakest_of_its_parts_does(outer):
    node = named(outer, "reads")
    assert (node.effects, node.determinism) == ("read_only", "best_effort")
    assert [reason.because for reason in node.reasons] == ["runs look", "runs look"]
    assert named(outer, "last").effects == "effectful"


def test_it_asks_for_what_its_parts_ask_for_and_reaches_what_they_reach(outer):
    assert [(use.name, use.binding) for use in named(outer, "reads").capabilities] == [("kv.read", "known")]
    last = named(outer, "last").capabilities
    assert [(use.name, use.egress) for use in last] == [("kv.read", ()), ("http.write", ("api.example.com",))]


def test_it_costs_what_its_parts_cost_together(tmp_path):
    asks = """
from typing import Annotated
from flowlattice import AiRead, TokenBudget, per, tokens, usd
@node
async def ask(
    row: Row, ai: AiRead, budget: Annotated[TokenBudget, per(run=[tokens(5), usd("0.25")])]
) -> Row:
    return row
flow.connect(look, ask)
flow.connect(ask, ask.named("again"))
asked = flow.export("asked", entry=look, exit=look)
"""
    both = INNER + asks + "flow.export('both', entry=ask, exit=undo)\n"
    flow = OUTER.replace("import all, reads", "import all, reads, both").replace("subflow(reads)", "subflow(both)")
    both = both.replace("flow.export('both'", "both = flow.export('both'")
    cost = named(
        lower(load(write(tmp_path, inner=both, flow=flow.replace("flow.connect(hook, step)", "")))), "both"
    ).cost
    assert (cost.tokens, cost.usd, cost.cpu_ms) == (10, "0.50", None)


def test_it_is_tried_again_as_the_flow_says(tmp_path):
    flow = OUTER + "from flowlattice import Retry\nflow.on_error(last, Retry(max=2))\n"
    assert named(lower(load(write(tmp_path, flow=flow))), "last").retry.max == 2


def test_what_it_fails_on_is_put_aside_as_it_went_in_and_a_diff_shows_the_handler(tmp_path):
    flow = OUTER + (
        "from flowlattice import DeadLetter, node\n@node\ndef keep(row: Row) -> Row:\n    return row\n"
        "flow.connect(last.side('failed'), keep)\n"
    )
    handled = flow + "flow.on_error(last, DeadLetter('failed'))\n"
    without, made = (lower(load(write(tmp_path, flow=text))) for text in (flow, handled))
    [aside] = [edge for edge in made.edges if edge.case == "failed"]
    assert (aside.carries, named(made, "last").out_schema) == ("Row", "Ack")
    assert [one.code for one in check(without) if one.code == "DAG202"] == ["DAG202"]
    assert not [one for one in check(made) if one.code in {"DAG201", "DAG202"}]
    [shown] = [change for change in compare(without, made) if change.kind == "error"]
    assert (shown.weight, shown.subject) == ("safer", "error_handler last")


def test_the_inner_flow_is_there_whole_with_its_places(outer):
    inner = outer.subflows["inner@2.0.0"]
    assert [node.name for node in inner.nodes] == ["trigger", "tidy", "look", "write", "respond", "undo"]
    assert named(inner, "tidy").definition.file == "inner.py"
    assert inner.id != outer.id


def test_exports_say_what_lies_between(outer):
    inner = outer.subflows["inner@2.0.0"]
    found = [(e.name, e.in_schema, e.out_schema, e.effects, e.determinism) for e in inner.exports]
    assert found == [
        ("reads", "Row", "Row", "read_only", "best_effort"),
        ("all", "Row", "Ack", "effectful", "best_effort"),
    ]
    assert (inner.exports[0].entry, inner.exports[0].exit) == (named(inner, "tidy").id, named(inner, "look").id)


REVIEWED = """
from flowlattice import DbWrite, Flow, HttpWrite, Mail, Profile, by, cron, hours, http, node
from .records import Ack, Row

@node
def tidy(row: Row) -> Row:
    return row

@node(idempotency=by("v"))
async def undo(row: Row, books: DbWrite) -> None:
    await books.upsert("undone", row, key="v")

@node(idempotency=by("v"), compensate=undo)
async def write(row: Row, api: HttpWrite) -> Row:
    return row

@node(idempotency=by("v"))
async def remind(ack: Ack, mail: Mail) -> None:
    await mail.send(to="a@example.com", subject="s", text=ack.v)

flow = Flow("inner", version="2.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/i", accepts=Row, respond="immediate"))
flow.connect(hook, tidy)
review = flow.hitl("review", on=tidy, view=Ack, ttl=hours(4), on_timeout="reject")
morning = flow.trigger(cron("0 9 * * *", during=review), name="morning")
flow.connect(morning, remind)
flow.connect(tidy, write)
flow.egress("api", "api.example.com")
looked = flow.export("looked", entry=tidy, exit=tidy)
all = flow.export("all", entry=tidy, exit=write)
written = flow.export("written", entry=write, exit=write)
"""
TOGETHER = """
from flowlattice import Flow, Profile, http, subflow
from .records import Row
from .inner import all, looked, written, flow as other

flow = Flow("outer", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/o", accepts=Row, respond="immediate"))
first, second, third = subflow(looked), subflow(all), subflow(written)
flow.connect(hook, first)
flow.connect(first, second)
flow.connect(second, third)
flow.egress("api", "api.example.com")
"""


@pytest.fixture
def reviewed(tmp_path):
    return lower(load(write(tmp_path, inner=REVIEWED, flow=TOGETHER)))


def test_what_undoes_and_what_reminds_belong_to_an_export(reviewed):
    inner = reviewed.subflows["inner@2.0.0"]
    names = {export.name: {inner.node(one).name for one in between(inner, export)} for export in inner.exports}
    assert names == {
        "looked": {"tidy", "morning", "remind"},
        "all": {"tidy", "morning", "remind", "write", "undo"},
        "written": {"write", "undo"},
    }


def test_a_subflow_has_the_effects_and_needs_of_what_undoes_and_what_reminds_in_it(reviewed):
    found = {name: named(reviewed, name) for name in ("looked", "all", "written")}
    uses = {name: [use.name for use in node.capabilities] for name, node in found.items()}
    assert uses == {
        "looked": ["mail.send"],
        "all": ["mail.send", "http.write", "db.write"],
        "written": ["http.write", "db.write"],
    }
    assert found["looked"].effects == "effectful"
    assert [reason.because for reason in found["looked"].reasons] == ["runs remind", "runs remind"]
    assert [export.effects for export in reviewed.subflows["inner@2.0.0"].exports] == ["effectful"] * 3


def test_a_plan_of_the_outer_flow_undoes_and_reminds_as_one_of_the_inner_does(reviewed):
    made = plan(reviewed)
    assert made.temporal is not None
    assert [(one.node, one.by) for one in made.temporal.saga] == [
        ("written/write", "written/undo"),
        ("all/write", "all/undo"),
    ]
    assert [(one.name, one.during) for one in made.consumers] == [
        ("looked/morning", "looked/review"),
        ("all/morning", "all/review"),
    ]


def test_a_profile_that_cannot_undo_or_remind_says_so_of_the_subflow(reviewed):
    found = {(one.node, one.message.partition(":")[0]) for one in unsupported(reviewed, "web")}
    assert ("written", "profile web cannot undo write when what follows fails (in subflow written)") in found
    assert (
        "looked",
        "profile web cannot remind people who are waited for, as morning does (in subflow looked)",
    ) in found
    needed = {one.message.partition(":")[0] for one in unsupported(reviewed, "wasm")}
    assert "profile wasm cannot give undo the capability db.write (in subflow written)" in needed


def test_a_branch_out_leaves_only_there(tmp_path):
    inner = INNER + (
        "from flowlattice import If\ndef large(row: Row) -> bool:\n    return len(row.v) > 9\n"
        "gate = If(large)\nflow.connect(look, gate)\nflow.connect(gate.true, write.named('again'))\n"
        "flow.export('small', entry=gate, exit=gate.false)\n"
        "flow.export('large', entry=gate, exit=gate.true)\n"
    )
    exports = {export.name: export for export in lower(load(write(tmp_path, inner=inner) / "inner.py")).exports}
    assert (exports["small"].exit_case, exports["small"].effects) == ("false", "effectful")
    assert (exports["large"].exit_case, exports["large"].effects) == ("true", "pure")


def test_the_module_of_a_subflow_is_a_flow_of_its_own(tmp_path):
    assert lower(load(write(tmp_path) / "inner.py")).name == "inner"


def test_a_subflow_is_built_in_the_sandbox_too(tmp_path, outer):
    assert build(write(tmp_path)).ir == outer


def test_a_flow_is_no_part_of_itself(tmp_path):
    loop = OUTER + "again = flow.export('again', entry=step, exit=step)\nflow.connect(last, subflow(again))\n"
    with pytest.raises(NotLowerable, match="outer would be a part of itself"):
        lower(load(write(tmp_path, flow=loop)))


def test_two_flows_of_one_name_are_not_told_apart(tmp_path):
    twin = OUTER.replace("from .inner", "from .twin import all as second\nfrom .inner")
    twin = twin.replace("subflow(all,", "subflow(second,")
    with pytest.raises(NotLowerable, match=r"two flows are called inner@2\.0\.0"):
        lower(load(write(tmp_path, flow=twin, twin=INNER)))


def test_a_file_defines_one_flow(tmp_path):
    with pytest.raises(UsageError, match="defines 2 flows"):
        load(write(tmp_path, flow=OUTER + "more = Flow('more', version='1.0.0')\n"))
