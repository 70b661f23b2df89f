"""What a flow uses of another flow is judged with it: nodes, what undoes them, checkpoints and what reminds of them."""

import pytest

from flowlattice.check import check, rules
from flowlattice.check.within import JUDGED
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

INNER = """
from flowlattice import Flow, HttpWrite, If, Profile, Record, by, cron, days, hours, http, node

class Row(Record, data="public"):
    v: str

@node
def tidy(row: Row) -> Row:
    return row

@node
async def undo(row: Row, api: HttpWrite) -> Row:
    return row

@node(idempotency=by("v", ttl=days(7)), compensate=undo)
async def write(row: Row, api: HttpWrite) -> Row:
    return row

@node
async def remind(row: Row, api: HttpWrite) -> Row:
    return row

@node
async def beyond(row: Row, api: HttpWrite) -> Row:
    return row

def chosen(row: Row) -> bool:
    return bool(row.v)

flow = Flow("inner", version="2.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/i", accepts=Row, respond="immediate"))
gate = If(chosen)
flow.connect(hook, tidy)
review = flow.hitl("review", on=tidy, view=Row, ttl=hours(4))
flow.connect(flow.trigger(cron("0 9 * * *", during=review), name="morning"), remind)
flow.connect(tidy, write)
flow.connect(write, gate)
flow.connect(gate.true, beyond)
flow.egress("api", "api.example.com")
all = flow.export("all", entry=tidy, exit=gate.true)
tidied = flow.export("tidied", entry=write, exit=write)
"""
MIDDLE = """
from flowlattice import Flow, Profile, http, subflow
from .inner import Row, all

step = subflow(all)
flow = Flow("middle", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/m", accepts=Row, respond="immediate"))
flow.connect(hook, step)
flow.egress("api", "api.example.com")
through = flow.export("through", entry=step, exit=step)
"""
OUTER = """
from flowlattice import Flow, Profile, http, subflow
from .inner import Row
from .{module} import {export}

first, second = subflow({export}, name="first"), subflow({export}, name="second")
flow = Flow("outer", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/o", accepts=Row, respond="immediate"))
flow.connect(hook, first)
flow.connect(first, second)
flow.egress("api", "api.example.com")
"""
UNDOING = {("DAG004", "inner.py", "undo"), ("SAGA205", "inner.py", "undo")}


def written(folder, *, module="inner", export="all"):
    outer = OUTER.format(module=module, export=export)
    for name, text in {"inner": INNER, "middle": MIDDLE, "flow": outer}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def errors(folder):
    found = [one for one in check(lower(load(folder))) if one.severity == "error"]
    assert len(found) == len(set(found))
    return {(one.code, one.file, one.node) for one in found}


@pytest.mark.parametrize(("module", "export"), [("inner", "all"), ("middle", "through")])
def test_the_errors_of_what_a_flow_uses_are_errors_of_the_flow(tmp_path, module, export):
    folder = written(tmp_path, module=module, export=export)
    assert errors(folder) == {*UNDOING, ("DAG004", "inner.py", "remind"), ("HITL101", "inner.py", "tidy")}


def test_what_does_not_come_with_the_export_is_not_judged(tmp_path):
    assert errors(written(tmp_path, export="tidied")) == UNDOING
    alone = errors(tmp_path / "inner.py")
    assert ("DAG004", "inner.py", "beyond") in alone


def test_another_flow_is_put_right_in_its_own_file(tmp_path):
    found = [one for one in check(lower(load(written(tmp_path)))) if one.file == "inner.py"]
    assert {one.fix for one in found} == {None}
    assert any(one.fix is not None for one in check(lower(load(tmp_path / "inner.py"))))


def test_a_node_of_both_flows_is_told_once_with_its_fix(tmp_path):
    folder = written(tmp_path)
    flow = OUTER.format(module="inner", export="all").replace("import Row", "import Row, remind")
    (folder / "flow.py").write_text(flow + "flow.connect(second, remind)\n", encoding="utf-8")
    [found] = [one for one in check(lower(load(folder))) if (one.code, one.node) == ("DAG004", "remind")]
    assert found.fix is not None


def test_the_rules_that_judge_subflows_are_rules():
    assert {rule.code for rule in rules()} > JUDGED
