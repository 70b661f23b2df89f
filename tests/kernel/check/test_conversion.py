"""DAG201's fix: a `Map` that makes one record from the other, with a hole for what nothing gives."""

import pytest

from flowlattice.check import apply_fixes, check, with_edits
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from flowlattice import Flow, Record, field, http, node


class Part(Record, data="public"):
    sku: str
    n: int


class Item(Record, data="public"):
    sku: str
    n: float


class Given(Record, data="public"):
{given}


class Taken(Record, data="public"):
{taken}


@node
def last(taken: Taken) -> Taken:
    return taken


flow = Flow("tested", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=Given))
# Why it is so.
flow.connect(hook, last)  # kept
flow.connect(last, flow.respond())
"""


def source_of(given, taken, head=HEAD):
    lines = ["\n".join(f"    {part}" for part in parts) for parts in (given, taken)]
    return head.format(given=lines[0], taken=lines[1])


def converted(tmp_path, source):
    """The text after the fix, and what is found in it then."""
    (tmp_path / "flow.py").write_text(source)
    flow = lower(load(tmp_path))
    found = with_edits(flow, check(flow), {"flow.py": source})
    done = apply_fixes(source, found, unsafe=True)
    assert apply_fixes(source, found) == source
    (tmp_path / "flow.py").write_text(done)
    return done, check(lower(load(tmp_path)))


FIELDS = {
    "the same": ("v: str", "v: str", "v=given.v"),
    "constraints aside": ("v: str", "v: Annotated[str, field(min_length=1)]", "v=given.v"),
    "a whole number for a number": ("v: int", "v: float", "v=given.v"),
    "it or nothing": ("v: str", "v: str | None", "v=given.v"),
    "both or nothing": ("v: str | None", "v: str | None", "v=given.v"),
    "a time": ("v: datetime", "v: datetime", "v=given.v"),
    "money": ("v: Decimal", "v: Decimal", "v=given.v"),
    "one of some": ("v: Literal['a']", "v: Literal['a']", "v=given.v"),
    "another name on the wire": (
        "v: Annotated[str, field(alias='from')]",
        "v: Annotated[str, field(alias='sender')]",
        "v=given.v",
    ),
    "a record": ("v: Part", "v: Part", "v=given.v"),
    "another record": ("v: Part", "v: Item", "v=Item(sku=given.v.sku, n=given.v.n)"),
    "another record or nothing": (
        "v: Part | None",
        "v: Item | None",
        "v=None if given.v is None else Item(sku=given.v.sku, n=given.v.n)",
    ),
    "a list of others": ("v: list[Part]", "v: list[Item]", "v=[Item(sku=item.sku, n=item.n) for item in given.v]"),
    "a map": ("v: dict[str, int]", "v: dict[str, int]", "v=given.v"),
    "a default stays": ("w: str", "v: str = ''", "Taken()"),
}


@pytest.mark.parametrize(("given", "taken", "written"), FIELDS.values(), ids=FIELDS)
def test_a_field_that_fits_is_taken_over(tmp_path, given, taken, written):
    done, left = converted(tmp_path, source_of([given], [taken]))
    assert written in done
    assert left == ()


HOLES = {
    "nothing of that name": ("w: str", "v: str", "v: str"),
    "another type": ("v: str", "v: int", "v: int"),
    "a number for a whole number": ("v: float", "v: int", "v: int"),
    "nothing where it is needed": ("v: str | None", "v: str", "v: str"),
    "a number for money": ("v: int", "v: Decimal", "v: object"),
    "another literal": ("v: Literal['a']", "v: Literal['b']", "v: str"),
    "a list for one": ("v: list[str]", "v: str", "v: str"),
    "a record that misses something": ("v: Bare", "v: Part", "v: object"),
    "texts or nothing": ("v: int", "v: list[str] | None", "v: list[str] | None"),
}


@pytest.mark.parametrize(("given", "taken", "hole"), HOLES.values(), ids=HOLES)
def test_what_does_not_fit_is_a_hole_that_is_found(tmp_path, given, taken, hole):
    head = HEAD.replace("class Given", "class Bare(Record, data='public'):\n    sku: str\n\n\nclass Given")
    done, left = converted(tmp_path, source_of([given], [taken], head))
    assert f"def as_taken(given: Given, {hole}) -> Taken:\n    return Taken(v=v)\n" in done
    assert [found.code for found in left] == ["DAG003"]
    assert "v" in left[0].message


def test_where_it_stands(tmp_path):
    done, _ = converted(tmp_path, source_of(["v: str"], ["v: str"]))
    assert done == source_of(["v: str"], ["v: str"]).replace(
        "flow = Flow(",
        "def as_taken(given: Given) -> Taken:\n    return Taken(v=given.v)\n\n\nflow = Flow(",
    ).replace(
        "flow.connect(hook, last)  # kept",
        "to_taken = Map(as_taken)\nflow.connect(hook, to_taken)\nflow.connect(to_taken, last)  # kept",
    ).replace("import Flow, Record", "import Flow, Map, Record")


def test_names_that_are_taken(tmp_path):
    source = source_of(["v: str"], ["v: str"]).replace(
        "flow = Flow", "as_taken = to_taken = given = Map = 1\nflow = Flow"
    )
    done, left = converted(tmp_path, source)
    assert "def as_taken_2(given_2: Given) -> Taken:" in done
    assert "to_taken_2 = flowlattice_Map(as_taken_2)" in done
    assert left == ()


def test_a_long_one_has_one_field_a_line(tmp_path):
    fields = [f"a_rather_long_name_{n}: str" for n in range(6)]
    done, left = converted(tmp_path, source_of(fields, fields))
    assert "\n        a_rather_long_name_5=given.a_rather_long_name_5,\n    )\n" in done
    assert left == ()


def test_records_of_another_file(tmp_path):
    (tmp_path / "records.py").write_text(
        "from flowlattice import Record\n\n\nclass Given(Record, data='public'):\n    v: str\n\n\n"
        "class Taken(Record, data='public'):\n    v: str\n"
    )
    source = """from flowlattice import Flow, http
from .nodes import first, last

flow = Flow("tested", version="1.0.0")
hook = flow.trigger(http.post("/t"))
flow.connect(hook, first)
flow.connect(first, last)
flow.connect(last, flow.respond())
"""
    (tmp_path / "nodes.py").write_text(
        "from flowlattice import Empty, node\nfrom .records import Given, Taken\n\n\n@node\n"
        "def first(empty: Empty) -> Given:\n    return Given(v='')\n\n\n@node\n"
        "def last(taken: Taken) -> Taken:\n    return taken\n"
    )
    done, left = converted(tmp_path, source)
    assert "from .nodes import first, last\nfrom .records import Given, Taken\n" in done
    assert left == ()


NO_FIX = {
    "in a loop": ("flow.connect(hook, last)  # kept", "for _ in [1]:\n    flow.connect(hook, last)"),
    "by name": ("flow.connect(hook, last)  # kept", "flow.connect(source=hook, target=last)"),
    "two in a line": ("flow.connect(hook, last)  # kept", "flow.connect(hook, last); X = 1"),
}


@pytest.mark.parametrize(("old", "new"), [*NO_FIX.values()], ids=NO_FIX)
def test_a_connection_that_is_no_statement_of_its_own_has_no_fix(tmp_path, old, new):
    source = source_of(["v: str"], ["v: str"]).replace(old, new)
    done, left = converted(tmp_path, source)
    assert done == source
    assert "DAG201" in {found.code for found in left}
