"""The key of an effect on what windows give: the window belongs to it."""

import pytest

from flowlattice.check import check
from flowlattice.ir.build import build

FLOW = """
from datetime import datetime
from flowlattice import Aggregate, DbWrite, DedupeStore, Filter, Flow, Profile, Record, Window, by, minutes, node, queue

class E(Record, data="public"):
    id: str
    at: datetime

class Total(Record, data="public"):
    id: str
    window_start: datetime
    window_end: datetime
    n: int

@node(idempotency=by({fields}))
async def put(total: Total, db: DbWrite, seen: DedupeStore) -> Total:
    await db.upsert("t", total, key=["id", "window_start"])
    return total

flow = Flow("totals", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=E))
w = Window.tumbling(E, event_time="at", size=minutes(1))
total = Aggregate.by_key(E, "id", into=Total).count(as_="n")
flow.connect(jobs, w)
flow.connect(w, total)
"""
DIRECT = "flow.connect(total, put)\n"
BEHIND = "some = Filter(lambda total: total.n > 1)\nflow.connect(total, some)\nflow.connect(some, put)\n"


@pytest.mark.parametrize("graph", [DIRECT, BEHIND])
@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("'id'", ['add the window to it: by("id", "window_start")']),
        ("'id', 'n'", ['add the window to it: by("id", "n", "window_start")']),
        ("'id', 'window_start'", []),
        ("'window_end', 'id'", []),
    ],
)
def test_a_key_without_the_window_is_a_warning(tmp_path, fields, found, graph):
    (tmp_path / "flow.py").write_text(FLOW.format(fields=fields) + graph)
    built = build(tmp_path, trusted=True)
    assert built.ir is not None, built.diagnostics
    told = [one for one in check(built.ir) if one.code == "IDEM020"]
    assert [one.help for one in told] == found
    assert all(one.severity == "warning" and one.node == "put" for one in told)
