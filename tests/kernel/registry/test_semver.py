"""Which version a change needs, row by row."""

from __future__ import annotations

import pytest

from flowlattice.errors import UsageError
from flowlattice.ir.comparison import Change
from flowlattice.registry.semver import TABLE, Need, level_of, needs
from flowlattice.registry.versions import Version, named
from tests.support.flows import flow_of

ORDERS = """
class Line(Record, data="internal"):
    sku: str
    count: int = 1

class Order(Record, data="internal"):
    id: str
    amount: int
    kind: Literal["new", "old"] = "new"
    note: str = ""

class Receipt(Record, data="internal"):
    id: str
    text: Literal["paid", "refused"]

class Settings(Record, data="internal"):
    limit: int = 7

@node
def priced(order: Order) -> Order:
    return order

@node(idempotency=by("id", ttl=seconds(100)))
async def charge(order: Order, stripe: HttpWrite, seen: DedupeStore) -> Receipt:
    await stripe.post("https://api.stripe.com/charges", json={"id": order.id})
    return Receipt(id=order.id, text="paid")

flow = Flow("orders", version="1.0.0")
flow.egress("stripe", "api.stripe.com")
orders = flow.trigger(http.post("/orders", accepts=Order, deadline=seconds(5)))
flow.connect(orders, priced)
flow.connect(priced, charge)
flow.connect(charge, flow.respond())
flow.rate_limit(qps=100, burst=100)
flow.slo(percentile=95, latency=ms(200), at_qps=50)
"""
OTHER_ROUTE = """
again = flow.trigger(http.post("/again", accepts=Order, deadline=seconds(5)))
flow.connect(again, flow.respond(status=202))
"""


def edited(*edits: tuple[str, str]) -> str:
    source = ORDERS
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    return source


CASES = [
    # What who uses it has to act on.
    ("major", "a field that was optional is required", [('    note: str = ""', "    note: str")], "Order.note"),
    ("major", "a field is new and required", [("    amount: int", "    amount: int\n    by: str")], "Order.by is new"),
    ("major", "an input takes fewer values", [('Literal["new", "old"]', 'Literal["new"]')], "narrower"),
    ("major", "an input has another type", [("    amount: int", "    amount: str")], "Order.amount"),
    ("major", "an answer may hold more values", [('["paid", "refused"]', '["paid", "refused", "late"]')], "wider"),
    ("major", "an answer has lost a field", [("    text: Literal[", "    said: Literal["), ("text=", "said=")], "gone"),
    ("major", "a route is gone", [('post("/orders"', 'post("/order"')], "route POST /orders is gone"),
    ("major", "a new effect", [("order: Order) -> Order:", "order: Order, kv: KvWrite) -> Order:"),
                               ("    return order\n", "    await kv.set(order.id, order.note)\n    return order\n"),
                               ("@node\ndef priced", '@node(idempotency=by("id"))\nasync def priced')], "effectful"),
    ("major", "weaker determinism", [("priced(order: Order)", "priced(order: Order, now: Clock)"),
                                     ("    return order\n", "    now.now()\n    return order\n")], "nondeterministic"),
    ("major", "another host", [(', "api.stripe.com")', ', "api.stripe.com", "eu.stripe.com")')], "eu.stripe.com"),
    ("major", "a key that is lost", [('(idempotency=by("id", ttl=seconds(100)))', "")], "loses its key"),
    ("major", "a key made of something else", [('by("id"', 'by("id", "amount"')], "acts once per"),
    ("major", "a key that is remembered for less time", [("seconds(100)", "seconds(50)")], "remembers its key"),
    ("major", "a capability that was not needed", [("priced(order: Order)", "priced(order: Order, kv: KvRead)")],
     "asks for kv"),
    ("major", "a weaker promise", [("latency=ms(200)", "latency=ms(300)")], "promises"),
    ("major", "another status", [("flow.respond())", "flow.respond(status=202))")], "the status of the reply"),
    ("major", "another profile", [('version="1.0.0"', 'version="1.0.0", profile=Profile.DEV')], "profile"),
    # What is added, or runs otherwise within the promises.
    ("minor", "a field that may be left out", [('    note: str = ""', '    note: str = ""\n    by: str = ""')],
     "Order.by is new and may be left out"),
    ("minor", "an input takes more values", [('["new", "old"]', '["new", "old", "odd"]')], "wider"),
    ("minor", "an answer holds another field", [("    id: str\n    text", '    id: str\n    more: str = ""\n    text')],
     "Receipt.more"),
    ("minor", "a route more", [("flow.rate_limit", f"{OTHER_ROUTE}\nflow.rate_limit")], "new: "),
    ("minor", "another rate limit", [("qps=100, burst=100", "qps=200, burst=100")], "200 requests a second"),
    ("minor", "a stronger promise", [("latency=ms(200)", "latency=ms(100)")], "promises"),
    ("minor", "a node that is pure", [("flow.connect(charge, flow.respond())", "flow.connect(charge, told)\n"
                                       "flow.connect(told, flow.respond())"),
                                      ("flow = Flow", "@node\ndef told(one: Receipt) -> Receipt:\n    return one\n\n"
                                       "flow = Flow")], "new: "),
    # Nothing of it is seen from outside.
    ("patch", "the code of a node", [("    return order\n", "    return order.model_copy()\n")], "something else"),
    ("patch", "a key that is remembered longer", [("seconds(100)", "seconds(200)")], "remembers its key"),
    ("patch", "a longer deadline", [("deadline=seconds(5)", "deadline=seconds(9)")], "wait longer"),
    ("patch", "a comment", [("flow.rate_limit", "# so many\nflow.rate_limit")], ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return flow_of(tmp_path_factory.mktemp("before"), ORDERS).ir


@pytest.mark.parametrize(
    ("level", "edits", "because"), [pytest.param(c[0], c[2], c[3], id=f"{c[0]}: {c[1]}") for c in CASES]
)
def test_a_change_needs_a_version(tmp_path, before, level, edits, because):
    found = needs(before, flow_of(tmp_path, edited(*edits)).ir)
    assert (found.level, [one.text for one in found.because if because in one.text] == []) == (level, not because)


def change(kind, weight, text="it is so", before=None, after=None):
    return Change(kind=kind, weight=weight, subject="it", text=text, before=before, after=after)


@pytest.mark.parametrize(
    ("level", "given"),
    [
        ("major", change("flow", "neutral", "the flow's name is b, was a")),
        ("major", change("flow", "riskier", "where the flow's data may be is us, was eu")),
        ("minor", change("flow", "riskier", "new: the file plugins/a.py")),
        ("patch", change("flow", "neutral", "the flow's version is 2, was 1")),
        ("patch", change("effects", "safer")),
        ("patch", change("determinism", "safer")),
        ("patch", change("egress", "safer", "node a no longer reaches b")),
        ("major", change("capability", "safer", "node a asks for seen (dedupe)", after="seen (dedupe)")),
        ("patch", change("capability", "safer", "node a no longer asks for b", before="b")),
        ("major", change("credential", "riskier", "new: the credential a", after="a")),
        ("patch", change("credential", "safer", "gone: the credential a", before="a")),
        ("minor", change("idempotency", "safer", "node a acts once per id; it had no key", after={"fields": ["id"]})),
        ("major", change("node", "neutral", "the side outputs of a is x, was x, y", ["x", "y"], ["x"])),
        ("minor", change("node", "neutral", "the side outputs of a is x, y, was x", ["x"], ["x", "y"])),
        ("minor", change("node", "riskier", "how often a is retried is 5, was 3", 3, 5)),
        ("major", change("node", "riskier", "who retries a is x, was y", "y", "x")),
        ("major", change("node", "riskier", "new: node a (effectful)", after="a")),
        ("major", change("node", "safer", "gone: node a (effectful)", before="a")),
        ("patch", change("node", "neutral", "gone: node a (pure)", before="a")),
        ("minor", change("data", "riskier", "Order.mail is new: data of class pii", after="pii")),
        ("minor", change("data", "riskier", "Order.mail (pii) can leave in the reply ok", after="x")),
        ("major", change("data", "riskier", "Order.mail (pii) can leave to api.b.c (by a)", after="x")),
        ("major", change("data", "riskier", "Order.mail is data of class public, was pii", "pii", "public")),
        ("patch", change("data", "neutral", "Order.x is gone: data of class public", before="public")),
        ("major", change("variable", "riskier", "the type of the variable a is x, was y", 1, 2)),
        ("major", change("variable", "neutral", "gone: the variable a", before="a")),
        ("minor", change("variable", "neutral", "new: the variable a", after="a")),
        ("minor", change("variable", "riskier", "the variable a is 8, was 7", 7, 8)),
        ("major", change("subflow", "riskier", "gone: the export a", before="a")),
        ("major", change("subflow", "riskier", "the entry of a is x, was y", "y", "x")),
        ("major", change("subflow", "riskier", "what a takes is X, was Y", "Y", "X")),
        ("major", change("subflow", "riskier", "the effects of a is effectful, was pure", "pure", "effectful")),
        ("patch", change("subflow", "riskier", "the effects of a is pure, was effectful", "effectful", "pure")),
        ("minor", change("subflow", "neutral", "new: the export a", after="a")),
        ("patch", change("subflow", "neutral", "gone: the flow a", before="a")),
        ("major", change("connector", "riskier", "the hosts of the connector a is x, y, was x", ["x"], ["x", "y"])),
        ("minor", change("connector", "riskier", "the version of the connector a is 2, was 1", "1", "2")),
        ("major", change("limit", "riskier", "the largest body that POST /a takes (bytes) is 1, was 2", 2, 1)),
        ("major", change("approval", "riskier", "a no longer waits for a person (b)", before="b")),
        ("minor", change("approval", "safer", "a waits for a person (b)", after="b")),
        ("major", change("wiring", "riskier", "the order from a to b is unordered, was ordered", "x", "y")),
        ("patch", change("wiring", "neutral", "records go from a to b", after="x")),
        ("minor", change("ai", "riskier", "the model that a asks is x, was y", "y", "x")),
        ("minor", change("cache", "riskier")),
        ("minor", change("cost", "riskier")),
        ("minor", change("error", "riskier")),
        ("minor", change("switch", "riskier")),
        *(("patch", change(kind, "neutral")) for kind in ("ai", "cache", "cost", "error", "switch", "example")),
    ],
)  # fmt: skip
def test_a_row_of_the_table(level, given):
    assert level_of(given) == level


def test_every_change_has_a_level():
    assert TABLE[-1].kind is None
    assert TABLE[-1].weight is None


@pytest.mark.parametrize(
    ("level", "before", "enough", "too_little"),
    [
        ("major", "1.2.3", ["2.0.0", "2.0.0-rc.1", "3.1.0"], ["1.3.0", "1.2.4"]),
        ("major", "0.2.3", ["1.0.0"], ["0.3.0"]),
        ("minor", "1.2.3", ["1.3.0", "2.0.0"], ["1.2.4"]),
        ("patch", "1.2.3", ["1.2.4", "1.3.0", "2.0.0"], []),
    ],
)
def test_a_version_that_is_enough(level, before, enough, too_little):
    need = Need(level, ())
    assert [one for one in [*enough, *too_little] if need.allows(Version(before), Version(one))] == enough
    assert need.allows(Version(before), Version(need.next_after(Version(before))))


def test_versions_are_ordered_as_semver_orders_them():
    texts = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1"
    order = texts.split()
    assert [str(one) for one in sorted(map(Version, reversed(order)))] == order
    assert Version("1.9.0") < Version("1.10.0")


@pytest.mark.parametrize("text", ["1", "1.0", "01.0.0", "1.0.0-", "1.0.0+build", "1.0.0-../x", "", "1.0.0\n"])
def test_what_is_no_version(text):
    with pytest.raises(UsageError, match="no version that can be published"):
        Version(text)


def test_a_name_with_and_without_a_version():
    assert named("orders") == ("orders", None)
    assert named("orders@1.2.0") == ("orders", Version("1.2.0"))
    for wrong in ("", "../x", "a/b", "orders@", "@1.0.0"):
        with pytest.raises(UsageError):
            named(wrong)
