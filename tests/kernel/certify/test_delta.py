"""Delta certification: only what may have changed is exercised again, and what is doubtful counts as changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowlattice.certify import Certificate, Laboratory, certify, parts_of
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load

SHOP = '''
"""A shop."""

from typing import Annotated

from flowlattice import DedupeStore, Flow, KvRead, KvWrite, Record, Switch, by, field, http, node, seconds
from flowlattice.operators import numbers, text

RATE = 19
TABLE = {"a": 1}


class Item(Record, data="public"):
    name: Annotated[str, field(max_length=20)]


class Price(Record, data="public"):
    cents: Annotated[int, field(ge=0)]


class Tax(Record, data="public"):
    cents: int


def taxed(cents: int) -> int:
    return numbers.floor(cents * RATE / 100)


def known(name: str) -> bool:
    return name in TABLE


@node
def label(item: Item) -> Item:
    return Item(name=text.trim(item.name)[:20])


@node
def tax(price: Price) -> Tax:
    return Tax(cents=taxed(price.cents))


def kind(item: Item) -> str:
    return "known" if known(item.name) else "other"


@node
def other(item: Item) -> str:
    return f"no {item.name}"


flow = Flow("shop", version="1.0.0")
labels = flow.trigger(http.post("/labels", accepts=Item), name="labels")
flow.connect(labels, label)
flow.connect(label, flow.respond(name="labelled"))
taxes = flow.trigger(http.post("/taxes", accepts=Price, invalid=[http.invalid(400, {"id": "bad"})]), name="taxes")
flow.connect(taxes, tax)
flow.connect(tax, flow.respond(name="taxed_answer"))
kinds = flow.trigger(http.get("/kinds/{name}", accepts=Item), name="kinds")
ways = Switch(kind, cases=["known"], name="ways")
flow.connect(kinds, ways)
flow.connect(ways.case("known"), flow.respond(name="found"))
flow.connect(ways.default, other)
flow.connect(other, flow.respond(status=404, body="text", name="missing"))
flow.rate_limit(qps=50, burst=20)
'''
LABELS, TAXES, KINDS = "POST /labels", "POST /taxes", "GET /kinds/{name}"
EVERY = {LABELS, TAXES, KINDS}


def ir_of(folder: Path, source: str) -> FlowIR:
    folder.mkdir(exist_ok=True)
    (folder / "flow.py").write_text(source, encoding="utf-8")
    return lower(load(folder))


def changed_parts(before: str, before_ir: FlowIR, after: str, after_ir: FlowIR) -> set[str]:
    old, new = (parts_of({"flow.py": text}, ir) for text, ir in ((before, before_ir), (after, after_ir)))
    return {name for name, digest in new.items() if old.get(name) != digest}


def changed_routes(before: str, before_ir: FlowIR, after: str, after_ir: FlowIR) -> set[str]:
    found = changed_parts(before, before_ir, after, after_ir)
    return {name.removeprefix("route:") for name in found if name.startswith("route:")}


NEW_ROUTE = 'more = flow.trigger(http.post("/more", accepts=Item), name="more")\nflow.connect(more, label)\n'
SHADOWING = 'more = flow.trigger(http.get("/kinds/new"), name="more")\nflow.connect(more, flow.respond(name="new"))\n'


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("1.0.0", "1.0.1", set()),
        ('"""A shop."""', '"""Another text."""  # and a remark', set()),
        ("burst=20", "burst=30", set()),
        ("import numbers, text", "import aggregation, numbers, text", set()),
        ("RATE = 19", "RATE = 7", {TAXES}),
        ("floor(", "ceil(", {TAXES}),
        ("text.trim(", "text.upper(", {LABELS}),
        ('{"id": "bad"}', '{"id": "worse"}', {TAXES}),
        ('{"a": 1}', '{"b": 1}', {KINDS}),
        ('f"no {', 'f"none {', {KINDS}),
        ("max_length=20", "max_length=30", {LABELS, KINDS}),
        ("status=404", "status=410", {KINDS}),
        ("accepts=Price,", "accepts=Price, deadline=seconds(1),", {TAXES}),
        ('name="taxed_answer"', 'name="taxed_answer", headers={"X-A": "b"}', {TAXES}),
        ("flow.rate_limit", NEW_ROUTE + "flow.rate_limit", {"POST /more"}),
        ("flow.rate_limit", SHADOWING + "flow.rate_limit", {"GET /kinds/new", KINDS}),
        ('"/labels"', '"/stickers"', {"POST /stickers"}),
        ('Flow("shop"', 'Flow("store"', EVERY),
        ("RATE = 19", "RATE = 19\nprint(RATE)", EVERY),
        ("RATE = 19", "RATE = 19\nif RATE:\n    RATE = 7", EVERY),
        ("    return name in TABLE", "    TABLE.clear()\n    return name in TABLE", EVERY),
        ("    return name in TABLE", "    numbers.floor = None\n    return name in TABLE", EVERY),
        ("text.trim(item.name)", "str(globals())", EVERY),
        ("    return name in TABLE", "    global RATE\n    return name in TABLE", EVERY),
    ],
)
def test_what_may_answer_otherwise(tmp_path: Path, old: str, new: str, changed: set[str]) -> None:
    assert old in SHOP
    after = SHOP.replace(old, new, 1)
    before_ir, after_ir = ir_of(tmp_path / "before", SHOP), ir_of(tmp_path / "after", after)
    found = changed_routes(SHOP, before_ir, after, after_ir)
    assert found == (changed - {LABELS} | {"POST /stickers"} if "stickers" in new else changed)


def test_routes_that_meet_in_a_store(tmp_path: Path) -> None:
    stores = """
@node(idempotency=by("name"))
async def put(item: Item, stock: KvWrite, seen: DedupeStore) -> Item:
    await stock.set(item.name, "1")
    return item


@node
async def look(item: Item, stock: KvRead) -> str:
    return str(await stock.get(item.name))


puts = flow.trigger(http.put("/stock", accepts=Item), name="puts")
flow.connect(puts, put)
flow.connect(put, flow.respond(name="kept"))
looks = flow.trigger(http.get("/stock", accepts=Item), name="looks")
flow.connect(looks, look)
flow.connect(look, flow.respond(name="seen"))
"""
    before, after = SHOP + stores, SHOP + stores.replace('"1"', '"2"')
    found = changed_routes(before, ir_of(tmp_path / "b", before), after, ir_of(tmp_path / "a", after))
    assert found == {"PUT /stock", "GET /stock"}


def certified(folder: Path, source: str, base: Certificate | None = None, laboratory: Laboratory | None = None):
    ir = ir_of(folder, source)
    return certify(folder / "flow.py", ir, source_digest="digest", base=base, laboratory=laboratory)


SOUND = "nothing that they reach by name, wiring, schema, store or path has changed"


def test_only_what_changed_is_exercised_and_the_rest_is_carried_over(tmp_path: Path) -> None:
    with Laboratory() as laboratory:
        base = certified(tmp_path / "flow", SHOP, None, laboratory)
        assert base.passed, base.checks
        assert base.base is None
        assert {sample.route for sample in base.samples} == EVERY

        after = SHOP.replace("RATE = 19", "RATE = 7")
        delta = certified(tmp_path / "flow", after, base, laboratory)
        assert delta.passed, delta.checks
        assert delta.base == base.digest
        assert sorted(sample.route for sample in delta.samples) == sorted(EVERY)
        carried = {check.name: check.carried for check in delta.checks if check.carried is not None}
        two = f"2 parts as certified in {base.digest[:12]}: {SOUND}"
        one = f"1 part as certified in {base.digest[:12]}: {SOUND}"
        expected = {"valid_inputs": two, "invalid_inputs": two, "limits": one, "latency": two}
        assert {name: note for name, note in carried.items() if name in expected} == expected
        whole, part = base.check("valid_inputs"), delta.check("valid_inputs")
        assert whole is not None
        assert part is not None
        assert int(str(part.measured["sent"])) < int(str(whole.measured["sent"]))
        assert {p.name: p.carried for p in part.parts} == {
            f"route:{LABELS}": base.digest,
            f"route:{KINDS}": base.digest,
            f"route:{TAXES}": None,
        }
        assert all(p.digest == delta.parts[p.name] for p in part.parts)

        limited = certified(tmp_path / "flow", after.replace("burst=20", "burst=30"), delta, laboratory)
        assert limited.passed
        assert "request 31 of a burst" in limited.check("limits").summary
        assert limited.check("limits").carried is None
        note = limited.check("valid_inputs").carried
        assert note == f"3 parts as certified in {base.digest[:12]}, {delta.digest[:12]}: {SOUND}"

        foreign = base.model_copy(update={"harness": "another"})
        assert certified(tmp_path / "flow", SHOP, foreign, laboratory).base is None


def test_a_changed_route_that_fails_is_not_covered_by_the_base(tmp_path: Path) -> None:
    with Laboratory() as laboratory:
        base = certified(tmp_path / "flow", SHOP, None, laboratory)
        broken = SHOP.replace("return Tax(cents=taxed(price.cents))", "return Tax(cents=[1, 2][price.cents])")
        delta = certified(tmp_path / "flow", broken, base, laboratory)
        assert not delta.passed
        # What failed is looked at again, though nothing changed since.
        again = certified(tmp_path / "flow", broken, delta, laboratory)
        assert [check.name for check in again.checks if check.verdict == "failed"] == ["valid_inputs"]


SHELF = """
from flowlattice import Flow, Record, http, node
from .records import Item, Price as Cost
from . import tables


@node
def label(item: Item) -> Item:
    return item


@node
def known(item: Item) -> str:
    return tables.NAMES.get(item.name, "")


@node
def tax(price: Cost) -> Cost:
    return price


flow = Flow("shelf", version="1.0.0")
item = flow.trigger(http.post("/labels", accepts=Item), name="labels")
flow.connect(item, label)
flow.connect(label, flow.respond(name="labelled"))
for_names = flow.trigger(http.post("/names", accepts=Item), name="names")
flow.connect(for_names, known)
flow.connect(known, flow.respond(name="named"))
for_taxes = flow.trigger(http.post("/taxes", accepts=Cost), name="taxes")
flow.connect(for_taxes, tax)
flow.connect(tax, flow.respond(name="taxed"))
"""
RECORDS = """
from flowlattice import Record


class Item(Record, data="public"):
    name: str

    def shout(self) -> str:
        return self.name.upper()


class Price(Record, data="public"):
    cents: int

    def rounded(self) -> int:
        return self.cents // 100
"""
TABLES = 'NAMES = {"a": "b"}\nMORE = 1\n'
ITEMS = {"node:label", "route:POST /labels", "node:known", "route:POST /names"}
PRICES = {"node:tax", "route:POST /taxes"}


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("records.py", "upper()", "lower()", ITEMS),
        ("records.py", "// 100", "// 10", PRICES),
        ("tables.py", '{"a": "b"}', '{"a": "c"}', {"node:known", "route:POST /names"}),
        ("tables.py", "MORE = 1", "MORE = 1\nprint(MORE)", ITEMS | PRICES),
        ("records.py", "return self.name", "global X\n        X = 1\n        return self.name", ITEMS | PRICES),
        ("flow.py", "from . import tables", "from . import tables as tables  # the same", set()),
    ],
)
def test_what_files_beside_the_flow_change(tmp_path: Path, file: str, old: str, new: str, changed: set[str]) -> None:
    before = {"flow.py": SHELF, "records.py": RECORDS, "tables.py": TABLES}
    after = {**before, file: before[file].replace(old, new, 1)}
    assert after != before
    found = []
    for name, texts in (("before", before), ("after", after)):
        (tmp_path / name).mkdir()
        for path, text in texts.items():
            (tmp_path / name / path).write_text(text, encoding="utf-8")
        found.append(parts_of(texts, lower(load(tmp_path / name))))
    assert {name for name, digest in found[1].items() if found[0].get(name) != digest} == changed
