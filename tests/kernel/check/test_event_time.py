"""Whose time is taken where a body reads the clock: safe only where the flow says which."""

import pytest

from flowlattice.check import check
from flowlattice.ir.build import build

FLOW = """
from datetime import datetime
from flowlattice import (
    Flow, ForEach, Join, Profile, Record, Window, Zip, minutes, node, queue
)

class E(Record, data="public"):
    id: str
    at: datetime

class Other(Record, data="public"):
    id: str
    at: datetime

def both(e: E, other: E) -> E:
    return E(id=e.id, at=datetime.now())

def parts(e: E) -> list[E]:
    return [E(id=e.id, at=datetime.now())]

@node
def other(e: E) -> Other:
    return Other(id=e.id, at=e.at)

flow = Flow("times", version="1.0.0", profile=Profile.DEV)
one = flow.trigger(queue("one", accepts=E))
two = flow.trigger(queue("two", accepts=E), name="two")
"""
OWN = 'w = Window.tumbling(E, event_time="at", size=minutes(1))\nflow.connect(one, w)\n'
OTHERS = (
    'w = Window.tumbling(Other, event_time="at", size=minutes(1))\nflow.connect(one, other)\nflow.connect(other, w)\n'
)
SPLIT = "each = ForEach(parts)\nflow.connect(one, each)\n"
JOINED = 'j = Join(both, on="id", within=minutes(1))\nflow.connect(one, j.left)\nflow.connect(two, j.right)\n'
ZIPPED = "z = Zip(both)\nflow.connect(one, z.left)\nflow.connect(two, z.right)\n"


@pytest.mark.parametrize(
    ("graph", "applicability"),
    [
        (SPLIT + OWN, "safe"),
        (SPLIT, "unsafe"),
        (SPLIT + OTHERS, "unsafe"),
        (JOINED + OWN, "unsafe"),
        (ZIPPED + OWN, "unsafe"),
    ],
)
def test_it_is_safe_only_where_a_window_of_such_records_goes_by_it(tmp_path, graph, applicability):
    (tmp_path / "flow.py").write_text(FLOW + graph)
    built = build(tmp_path, trusted=True)
    assert built.ir is not None, built.diagnostics
    offered = [found.fix for found in check(built.ir) if found.code == "DET301" and found.fix is not None]
    assert [(fix.title, fix.applicability) for fix in offered] == [("take e.at, the event's time", applicability)]
