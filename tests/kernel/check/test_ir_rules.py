"""What rules say of IR, whatever it was written as: what looks right and is wrong, and the other way round."""

from itertools import pairwise
from typing import Any

import pytest

from flowlattice.check import CheckContext, Environment, rule
from flowlattice.ir.model import (
    Buffer,
    Cache,
    Credential,
    Declared,
    EdgeControl,
    Export,
    FlowIR,
    Idempotency,
    Repeated,
    Retry,
    SubflowUse,
)
from tests.kernel.check import irs
from tests.kernel.check.irs import because, edge, ident, node, on_error, plain, queue, use

ONCE = {"delivery": "exactly_once"}
DB, SEEN, POST = use("db.write"), use("dedupe", "seen"), use("http.write")
RETRY = {"strategy": "retry", "max": 5}
KEPT = Cache(fields=("order_id",))
AGAIN = (Repeated(binding="http", method="post", source=irs.at(7)),)


def keyed(**more):
    return Idempotency(fields=("order_id",), **more)


def to(sink, *between, edges=None, trigger=None, **more):
    """A queue whose records reach a sink, exactly once unless the edges are given."""
    given = edges if edges is not None else [edge("jobs", sink.name, **ONCE)]
    return irs.flow(trigger or queue(), *between, sink, edges=given, **more)


def inner(*nodes, **more):
    """A flow that is used as a node `step`."""
    exports = [Export(name="in", entry=nodes[0].id, exit=nodes[-1].id, source=irs.at(1))]
    links = [edge(a.name, b.name) for a, b in pairwise(nodes)]
    return {"inner@1.0.0": irs.flow(*nodes, edges=links, name="inner", exports=tuple(exports), **more)}


def step(**more):
    usual = {"kind": "subflow", "subflow": SubflowUse(flow="inner", version="1.0.0", export="in"), "retry": None}
    return node("step", use("db.write"), **{**usual, "idempotency": None, "definition": None, **more})


STAMPED = because("reads the clock", "nondeterministic")
SERVED = because("asks for http (http.read)", "best_effort", capability="http")
UNPINNED = because("asks for ai (ai.read): the model m has no seed", "best_effort", capability="ai")
BLOB, ASKS, PLUGIN = use("blob.read_by_hash"), use("ai.read"), use("plugin.python")


def cached(*uses, determinism="best_effort", cache=KEPT, **more):
    usual = {"effects": "read_only", "idempotency": None}
    return irs.flow(node("f", *uses, cache=cache, determinism=determinism, **{**usual, **more}))


def edges_by(name):
    return [edge("jobs", name, **ONCE), edge(name, "f")]


SPILLED: list[tuple[str, dict[str, Any], int, int]] = [
    ("neither", {"on_full": "spill"}, 1, 1),
    ("a blob alone", {"on_full": "spill", "spill_blob": "over"}, 1, 0),
    ("a bound alone", {"on_full": "spill", "spill_bytes": 1}, 0, 1),
    ("both", {"on_full": "spill", "spill_bytes": 1, "spill_blob": "over"}, 0, 0),
    ("a blob that a drop never reaches", {"on_full": "drop_newest", "spill_blob": "over"}, 1, 0),
    ("no spill", {}, 0, 0),
]
SCOPES: list[tuple[tuple[str, ...], list[tuple[str, ...]], int]] = [
    (("r", "w"), [("r",)], 1),
    (("r", "w"), [("r",), ("w",)], 0),
    (("r",), [("r", "w")], 0),
    (("r",), [], 1),
    ((), [], 0),
    (("r", "w"), [("r",), ()], 0),
]
CEILINGS: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    ({}, {"usd_per_day": "5"}, 0),
    ({"max_tokens": 100}, {"tokens_per_call": 100}, 1),
    ({"max_tokens": 99}, {"tokens_per_call": 100}, 0),
    ({}, {"tokens_per_call": 101, "tokens_per_run": 100}, 1),
    ({}, {"tokens_per_call": 100, "tokens_per_run": 100, "tokens_per_day": 100}, 0),
    ({}, {"tokens_per_call": 101, "tokens_per_day": 100}, 1),
    ({"max_tokens": 101}, {"tokens_per_run": 100}, 1),
    ({"max_tokens": 101}, {"tokens_per_tenant_day": 100}, 1),
    # 600 prompt tokens at 1 and 400 answer tokens at 2 dollars a million: 0.0014.
    ({"max_tokens": 400, "usd_per_million": ("1", "2")}, {"tokens_per_call": 1000, "usd_per_run": "0.0014"}, 0),
    ({"max_tokens": 400, "usd_per_million": ("1", "2")}, {"tokens_per_call": 1000, "usd_per_run": "0.0013"}, 1),
    # A dearer prompt: all 1,000 of them.
    ({"max_tokens": 400, "usd_per_million": ("2", "1")}, {"tokens_per_call": 1000, "usd_per_day": "0.0019"}, 1),
    ({"max_tokens": 400, "usd_per_million": ("2", "1")}, {"tokens_per_call": 1000, "usd_per_day": "0.002"}, 0),
    # Without a bound of the call, what the answer alone costs.
    ({"max_tokens": 400, "usd_per_million": ("1", "2")}, {"usd_per_run": "0.0007"}, 1),
    ({"max_tokens": 400, "usd_per_million": ("1", "2")}, {"usd_per_run": "0.0008"}, 0),
    ({"usd_per_million": ("1", "2")}, {"usd_per_run": "0.000001"}, 0),
]

CASES: dict[str, tuple[FlowIR, int]] = {
    # CACHE001: only what leaves the process, and could be kept
    "CACHE001 a pinned read": (cached(BLOB, determinism="strict", cache=None), 1),
    "CACHE001 a pinned model": (cached(ASKS, determinism="stable", cache=None), 0),
    "CACHE001 a plugin": (cached(PLUGIN, determinism="strict", cache=None, kind="plugin"), 1),
    "CACHE001 one that is cached": (cached(BLOB, determinism="strict"), 0),
    "CACHE001 a node that asks for nothing": (irs.flow(node("f")), 0),
    "CACHE001 a seeded random source": (cached(use("rng.seeded"), determinism="strict", cache=None), 0),
    "CACHE001 a credential alone": (cached(use("creds"), determinism="strict", cache=None), 0),
    "CACHE001 what differs tomorrow": (cached(use("http.read"), cache=None), 0),
    "CACHE001 a stream": (cached(BLOB, determinism="strict", cache=None, stream=True), 0),
    "CACHE001 an effect": (irs.flow(node("f", DB)), 0),
    "CACHE001 a subflow": (irs.flow(step(determinism="strict", effects="read_only")), 0),
    # CACHE002
    "CACHE002 a claim over an unpinned model": (
        cached(ASKS, cache=None, declared=Declared(determinism="stable"), reasons=(UNPINNED,)),
        1,
    ),
    "CACHE002 that and a cache is told once": (
        cached(ASKS, declared=Declared(determinism="stable"), reasons=(UNPINNED,)),
        1,
    ),
    "CACHE002 an unpinned model that claims nothing": (cached(ASKS, cache=None, reasons=(UNPINNED,)), 0),
    "CACHE002 a strict claim is DET302": (
        cached(ASKS, cache=None, declared=Declared(determinism="strict"), reasons=(UNPINNED,)),
        0,
    ),
    "CACHE002 a cache for ever over a read": (cached(use("http.read"), reasons=(SERVED,)), 1),
    "CACHE002 a cache for a time over a read": (
        cached(use("http.read"), reasons=(SERVED,), cache=Cache(fields=("order_id",), ttl_ms=60_000)),
        0,
    ),
    "CACHE002 a cached clock": (
        cached(
            use("clock"),
            determinism="nondeterministic",
            reasons=(STAMPED,),
            cache=Cache(fields=("order_id",), ttl_ms=60_000),
        ),
        1,
    ),
    "CACHE002 a cached effect": (irs.flow(node("f", DB, cache=Cache(fields=("order_id",), ttl_ms=60_000))), 1),
    "CACHE002 a pinned read": (cached(BLOB, determinism="strict"), 0),
    # RETRY010
    "RETRY010 the orchestrator and the connector": (
        to(node("f", DB, retry=Retry(owner="connector")), surfaces=(on_error("f", RETRY),)),
        1,
    ),
    "RETRY010 two handlers": (to(node("f", POST), surfaces=(on_error("f", RETRY), on_error("f", RETRY, 96))), 1),
    "RETRY010 a handler for each of two": (
        irs.flow(node("f", POST), node("g", POST), surfaces=(on_error("f", RETRY), on_error("g", RETRY, 96))),
        0,
    ),
    "RETRY010 a retry, and another handler": (
        to(node("f", POST), surfaces=(on_error("f", RETRY), on_error("f", {"strategy": "halt"}, 96))),
        0,
    ),
    "RETRY010 a retry after a retry": (to(node("f", POST), surfaces=(on_error("f", {**RETRY, "then": RETRY}),)), 1),
    "RETRY010 a retry, then a dead letter": (
        to(node("f", POST), surfaces=(on_error("f", {**RETRY, "then": {"strategy": "dead_letter", "to": "x"}}),)),
        0,
    ),
    "RETRY010 a retry by the orchestrator that says so": (
        to(node("f", POST, retry=Retry(owner="orchestrator")), surfaces=(on_error("f", RETRY),)),
        0,
    ),
    "RETRY010 a dead letter beside a connector": (
        to(node("f", DB, retry=Retry(owner="connector")), surfaces=(on_error("f", {"strategy": "dead_letter"}),)),
        0,
    ),
    "RETRY010 around what is retried": (
        to(
            step(),
            subflows=inner(node("a"), node("b", POST, retry=Retry(owner="orchestrator", max=5))),
            surfaces=(on_error("step", RETRY),),
        ),
        1,
    ),
    "RETRY010 around what is not": (
        to(step(), subflows=inner(node("b", POST)), surfaces=(on_error("step", RETRY),)),
        0,
    ),
    "RETRY010 a loop of its own": (irs.flow(node("f", POST, repeated=AGAIN)), 1),
    "RETRY010 a loop in what a handler retries": (
        to(node("f", POST, repeated=AGAIN, retry=Retry(owner="orchestrator")), surfaces=(on_error("f", RETRY),)),
        1,
    ),
    "RETRY010 a loop of a helper": (
        irs.flow(node("f", POST, repeated=(AGAIN[0].model_copy(update={"binding": "to"}),))),
        1,
    ),
    # RETRY011
    "RETRY011 a database by the orchestrator": (irs.flow(node("f", DB, retry=Retry(owner="orchestrator"))), 1),
    "RETRY011 a post by the connector": (irs.flow(node("f", POST, retry=Retry(owner="connector"))), 1),
    "RETRY011 a database by a handler": (irs.flow(node("f", DB), surfaces=(on_error("f", RETRY),)), 1),
    "RETRY011 a database by a handler, as it is lowered": (
        irs.flow(node("f", DB, retry=Retry(owner="orchestrator", max=5)), surfaces=(on_error("f", RETRY),)),
        1,
    ),
    "RETRY011 a handler that gives up": (irs.flow(node("f", DB), surfaces=(on_error("f", {"strategy": "halt"}),)), 0),
    "RETRY011 both kinds": (irs.flow(node("f", DB, POST, retry=Retry(owner="orchestrator"))), 0),
    "RETRY011 the usual owner": (irs.flow(node("f", DB, retry=Retry(owner="connector"))), 0),
    "RETRY011 nothing that is ever retried": (irs.flow(node("f", SEEN, retry=Retry(owner="connector"))), 0),
    "RETRY011 a receiver that honours the key": (
        irs.flow(node("f", POST, retry=Retry(owner="connector"), idempotency=keyed(honoured=True))),
        0,
    ),
    "RETRY011 a subflow": (irs.flow(step(), surfaces=(on_error("step", RETRY),)), 0),
    # EXACT001
    "EXACT001 nothing remembers": (to(node("f", DB)), 1),
    "EXACT001 a store": (to(node("f", DB, SEEN)), 0),
    "EXACT001 at least once": (to(node("f", DB), edges=[edge("jobs", "f")]), 0),
    "EXACT001 a pure node": (to(node("f")), 0),
    "EXACT001 two edges, one node": (
        to(node("f", DB), edges=[edge("jobs", "f", **ONCE), edge("jobs", "f", **ONCE)]),
        1,
    ),
    **{
        f"EXACT001 behind a {kind}": (to(node("f", DB), plain("way", kind), edges=edges_by("way")), 1)
        for kind in ("switch", "if", "merge", "distinct")
    },
    "EXACT001 behind a node that makes other records": (to(node("f", DB), node("way"), edges=edges_by("way")), 0),
    "EXACT001 behind a switch, at most once": (
        to(
            node("f", DB),
            plain("way", "switch"),
            edges=[edge("jobs", "way", **ONCE), edge("way", "f", delivery="at_most_once")],
        ),
        0,
    ),
    "EXACT001 a circle": (
        to(
            node("f", DB),
            plain("a", "merge"),
            plain("b", "merge"),
            edges=[edge("jobs", "a", **ONCE), edge("a", "b"), edge("b", "a"), edge("b", "f")],
        ),
        1,
    ),
    "EXACT001 an answer": (
        irs.flow(queue(), plain("r", "respond", effects="effectful"), edges=[edge("jobs", "r", **ONCE)]),
        0,
    ),
    "EXACT001 inside a subflow": (to(step(), subflows=inner(node("a"), node("b", DB))), 1),
    "EXACT001 a subflow that remembers": (to(step(), subflows=inner(node("a"), node("b", DB, SEEN))), 0),
    "EXACT001 behind the exit of a subflow": (
        to(
            step(),
            subflows={
                "inner@1.0.0": irs.flow(
                    node("a"),
                    node("b"),
                    node("c", DB),
                    name="inner",
                    edges=[edge("a", "b"), edge("b", "c")],
                    exports=(Export(name="in", entry=ident("a"), exit=ident("b"), source=irs.at(1)),),
                )
            },
        ),
        0,
    ),
    "EXACT001 a subflow in a subflow": (
        to(step(), subflows=inner(node("a"), step(), subflows=inner(node("b", DB)))),
        1,
    ),
    "EXACT001 a subflow whose inside is not known": (to(step()), 0),
    # EXACT002
    "EXACT002 no key": (to(node("f", DB, SEEN, idempotency=None)), 1),
    "EXACT002 a key": (to(node("f", DB, SEEN)), 0),
    "EXACT002 no promise": (to(node("f", DB, SEEN, idempotency=None), edges=[edge("jobs", "f")]), 0),
    "EXACT002 inside a subflow": (to(step(), subflows=inner(node("b", DB, SEEN, idempotency=None))), 1),
    # EXACT003
    "EXACT003 less than callers wait": (irs.flow(node("f", DB, SEEN, idempotency=keyed(ttl_ms=299_999))), 1),
    "EXACT003 just enough": (irs.flow(node("f", DB, SEEN, idempotency=keyed(ttl_ms=300_000))), 0),
    "EXACT003 nothing remembers anyway": (irs.flow(node("f", DB, idempotency=keyed(ttl_ms=1_000))), 0),
    "EXACT003 no time at all is CTRL101": (irs.flow(node("f", DB, SEEN, idempotency=keyed(ttl_ms=0))), 0),
    "EXACT003 less than deliveries take": (
        to(
            node("f", DB, SEEN, idempotency=keyed(ttl_ms=600_000)),
            trigger=queue(visibility_timeout_ms=300_000, max_deliveries=5),
        ),
        1,
    ),
    "EXACT003 as long as deliveries take": (
        to(
            node("f", DB, SEEN, idempotency=keyed(ttl_ms=1_500_000)),
            trigger=queue(visibility_timeout_ms=300_000, max_deliveries=5),
        ),
        0,
    ),
    "EXACT003 deliveries to another node": (
        irs.flow(
            queue(visibility_timeout_ms=300_000, max_deliveries=5),
            queue("other"),
            node("g"),
            node("f", DB, SEEN, idempotency=keyed(ttl_ms=600_000)),
            edges=[edge("jobs", "g"), edge("other", "f")],
        ),
        0,
    ),
    "EXACT003 a day is not for ever": (
        to(node("f", DB, SEEN), trigger=queue(visibility_timeout_ms=43_200_000, max_deliveries=5)),
        1,
    ),
    "EXACT003 a day is enough for most": (
        to(node("f", DB, SEEN), trigger=queue(visibility_timeout_ms=30_000, max_deliveries=5)),
        0,
    ),
    # EXACT005
    "EXACT005 a plain post": (to(node("f", POST, SEEN)), 1),
    "EXACT005 a post to who honours the key": (to(node("f", POST, SEEN, idempotency=keyed(honoured=True))), 0),
    "EXACT005 a database": (to(node("f", DB, SEEN)), 0),
    "EXACT005 a mail, whatever is said": (to(node("f", use("mail.send"), idempotency=keyed(honoured=True))), 1),
    "EXACT005 a database and a post": (to(node("f", DB, POST, SEEN)), 1),
    "EXACT005 an effect of the body": (
        to(node("f", SEEN, effects="effectful", reasons=(because("changes COUNTS", "effectful", of="effects"),))),
        1,
    ),
    "EXACT005 an effect that is only declared": (to(node("f", SEEN, effects="effectful")), 1),
    "EXACT005 a post, at least once": (to(node("f", POST, SEEN), edges=[edge("jobs", "f")]), 0),
    "EXACT005 inside a subflow": (to(step(), subflows=inner(node("b", POST, SEEN))), 1),
    # SPILL001, SPILL002
    "SPILL001 no bound": (irs.flow(edges=[]), 0),
    **{
        f"{code} {name}": (
            irs.flow(queue(), node("f"), edges=[edge("jobs", "f", buffer=Buffer(**given))]),
            count,
        )
        for name, given, bound, blob in SPILLED
        for code, count in (("SPILL001", bound), ("SPILL002", blob))
    },
    # WFLOW010
    **{
        f"WFLOW010 {kind} with a clock": (
            irs.flow(
                plain("f", kind, determinism="nondeterministic", reasons=(STAMPED,)),
                profile="temporal",
            ),
            0 if kind in {"node", "plugin", "trigger"} else 1,
        )
        for kind in ("switch", "if", "foreach", "zip", "join", "aggregate", "node", "plugin", "trigger")
    },
    "WFLOW010 a clock elsewhere": (
        irs.flow(plain("f", "if", determinism="nondeterministic", reasons=(STAMPED,)), profile="queue"),
        0,
    ),
    "WFLOW010 the order of records, which the history keeps": (
        irs.flow(
            plain("f", "zip", determinism="stable", reasons=(because("pairs by position", "stable"),)),
            profile="temporal",
        ),
        0,
    ),
    "WFLOW010 a switch that repeats": (irs.flow(plain("f", "switch"), profile="temporal"), 0),
    # SECR201
    **{
        f"SECR201 granted {granted}, needed {needed}": (
            irs.flow(
                *(node(f"f{n}", use("creds", "key", scopes=scopes)) for n, scopes in enumerate(needed)),
                credentials=(Credential(name="key", scopes=granted, source=irs.at(80)),),
            ),
            count,
        )
        for granted, needed, count in SCOPES
    },
    # SAGA201, SAGA205
    "SAGA201 it takes what is returned": (irs.flow(node("f", DB, compensate=ident("u")), node("u", DB)), 0),
    "SAGA201 it takes something else": (
        irs.flow(node("f", DB, compensate=ident("u"), out_schema="Receipt"), node("u", DB)),
        1,
    ),
    "SAGA201 nothing to undo": (irs.flow(node("f", compensate=ident("u")), node("u", DB)), 1),
    "SAGA201 nothing undone": (irs.flow(node("f", DB, compensate=ident("u")), node("u")), 1),
    "SAGA201 itself": (irs.flow(node("f", DB, compensate=ident("f"))), 1),
    "SAGA201 one that is not there": (irs.flow(node("f", DB, compensate=ident("x"))), 0),
    "SAGA201 what is returned is not said": (
        irs.flow(node("f", DB, compensate=ident("u"), out_schema=None), node("u", DB)),
        0,
    ),
    "SAGA205 a key": (irs.flow(node("f", DB, compensate=ident("u")), node("u", DB)), 0),
    "SAGA205 no key": (irs.flow(node("f", DB, compensate=ident("u")), node("u", DB, idempotency=None)), 1),
    "SAGA205 a key of nothing": (
        irs.flow(node("f", DB, compensate=ident("u")), node("u", DB, idempotency=Idempotency(fields=()))),
        1,
    ),
    "SAGA205 one compensator for two": (
        irs.flow(
            node("f", DB, compensate=ident("u")),
            node("g", DB, compensate=ident("u")),
            node("u", DB, idempotency=None),
        ),
        1,
    ),
    "SAGA205 an undoing that is undone": (
        irs.flow(node("f", DB, compensate=ident("u")), node("u", DB, compensate=ident("v")), node("v", DB)),
        1,
    ),
    "SAGA205 a node without key that undoes nothing": (irs.flow(node("u", DB, idempotency=None)), 0),
    # BUD101, BUD102
    "BUD101 no budget": (irs.flow(node("f", ASKS, ai=irs.ai())), 1),
    "BUD101 a budget without ceiling": (
        irs.flow(node("f", ASKS, use("budget"), ai=irs.ai(budget=irs.budget()))),
        1,
    ),
    "BUD101 a ceiling": (irs.flow(node("f", ASKS, ai=irs.ai(budget=irs.budget(usd_per_day="5")))), 0),
    "BUD101 no model": (irs.flow(node("f", use("budget"))), 0),
    **{
        f"BUD102 {asked} of {ceilings}": (
            irs.flow(node("f", ASKS, use("budget"), ai=irs.ai(**asked, budget=irs.budget(**ceilings)))),
            count,
        )
        for asked, ceilings, count in CEILINGS
    },
}


@pytest.mark.parametrize(("name", "ir", "count"), [(name, *case) for name, case in CASES.items()], ids=CASES)
def test_what_a_rule_finds(name, ir, count):
    found = checked(name.partition(" ")[0], ir)
    assert len(found) == count, [diagnostic.message for diagnostic in found]
    assert all(diagnostic.code == name.partition(" ")[0] for diagnostic in found)


def checked(code, ir, context=None):
    found = rule(code)
    assert found is not None
    return list(found.check(ir, context or CheckContext()))


def one(code, ir, context=None):
    (found,) = checked(code, ir, context)
    return found


def test_a_finding_about_an_effect_points_at_its_node_and_names_the_edge():
    found = one("EXACT001", to(node("f", DB, line=7)))
    assert (found.line, found.column, found.node, found.edge) == (7, 5, "f", "jobs -> f")


def test_a_finding_about_a_sink_points_at_what_is_asked_for():
    found = one("EXACT005", to(node("f", DB, POST, SEEN, line=7)))
    assert (found.line, found.column) == (7, 51)


def test_a_finding_about_a_subflow_points_at_the_statement_that_promises():
    control = EdgeControl(control="delivery", source=irs.at(33, 4))
    ir = to(step(), edges=[edge("jobs", "step", controls=(control,), **ONCE)], subflows=inner(node("b", DB)))
    found = one("EXACT001", ir)
    assert (found.line, found.column, found.node, found.fix) == (33, 4, "step", None)
    assert " step.b " in found.message


def test_a_finding_about_a_buffer_points_at_the_statement_that_sets_it():
    given = {"buffer": Buffer(on_full="spill"), "controls": (EdgeControl(control="buffer", source=irs.at(44)),)}
    ir = irs.flow(queue(), node("f"), edges=[edge("jobs", "f", **given)])
    assert one("SPILL001", ir).line == one("SPILL002", ir).line == 44


def test_where_an_answer_may_be_cut_a_call_over_the_ceiling_is_a_warning():
    ceilings = irs.budget(tokens_per_call=100, on_exhausted="shrink")
    found = one("BUD102", irs.flow(node("f", ASKS, ai=irs.ai(max_tokens=200, budget=ceilings))))
    assert found.severity == "warning"


ADDS = use("db.write", methods=("insert",))
APART = {"db": "sqlite rows.sqlite", "seen": "sqlite seen.sqlite"}
ADDED = {
    "without an environment": (to(node("f", ADDS, SEEN)), None, 0),
    "in another file than the store": (to(node("f", ADDS, SEEN)), APART, 1),
    "beside the store": (to(node("f", ADDS, SEEN)), {"db": "sqlite a", "seen": "sqlite a"}, 0),
    "beside one of two stores": (
        to(node("f", ADDS, SEEN, use("dedupe", "more"))),
        {**APART, "more": "sqlite rows.sqlite"},
        0,
    ),
    "nobody knows where": (to(node("f", ADDS, SEEN)), {"seen": "sqlite seen.sqlite"}, 0),
    "with a store nobody knows where": (to(node("f", ADDS, SEEN)), {"db": "sqlite rows.sqlite"}, 0),
    "without a store, of which EXACT001 speaks": (to(node("f", ADDS)), APART, 0),
    "in a table that takes a key once": (to(node("f", ADDS, SEEN, idempotency=keyed(honoured=True))), APART, 0),
    "at least once": (to(node("f", ADDS, SEEN), edges=[edge("jobs", "f")]), APART, 0),
    "written over": (to(node("f", use("db.write", methods=("upsert",)), SEEN)), APART, 0),
    "inside a subflow": (to(step(), subflows=inner(node("b", ADDS, SEEN))), APART, 1),
    "through a type that nobody has": (to(node("f", use("lake.write", "db", methods=("insert",)), SEEN)), APART, 0),
}


@pytest.mark.parametrize(("ir", "databases", "count"), ADDED.values(), ids=ADDED)
def test_a_row_that_is_added_happens_once_where_the_store_is_in_the_same_database(ir, databases, count):
    bound = None if databases is None else Environment(name="live", backends={}, databases=databases)
    found = checked("EXACT005", ir, CheckContext(environment=bound))
    assert len(found) == count
    assert all("db.insert" in each.message and "seen.sqlite" in each.message for each in found)


@pytest.mark.parametrize(("backends", "count"), [({"db": "local"}, 0), ({"seen": "local"}, 1)])
def test_a_row_that_a_double_keeps_is_nobodys_promise(backends, count):
    bound = Environment(name="live", backends=backends, databases=APART)
    assert len(checked("EXACT005", to(node("f", ADDS, SEEN)), CheckContext(environment=bound))) == count


SPILLS = Buffer(on_full="spill", spill_bytes=1, spill_blob="over")


@pytest.mark.parametrize(("backends", "count"), [({"over": "folder"}, 0), ({"over": "sqlite"}, 1), ({}, 1)])
def test_what_is_spilled_needs_a_blob_store_of_the_environment(backends, count):
    ir = irs.flow(queue(), node("f"), edges=[edge("jobs", "f", buffer=SPILLS)])
    context = CheckContext(environment=Environment(name="production", backends=backends))
    assert len(checked("SPILL002", ir, context)) == count


def test_det302_leaves_to_cache002_what_a_pin_would_answer():
    claim = Declared(determinism="stable")
    assert not checked("DET302", cached(ASKS, declared=claim, reasons=(UNPINNED,)))
    assert checked("DET302", cached(use("http.read"), declared=claim, reasons=(SERVED,)))


@pytest.mark.parametrize(
    ("ttl_ms", "words"),
    [(1, "1 ms"), (250, "250 ms"), (60_000, "1 minute"), (90_000, "90 seconds"), (299_999, "299999 ms")],
)
def test_a_finding_says_durations_in_words(ttl_ms, words):
    found = one("EXACT003", irs.flow(node("f", DB, SEEN, idempotency=keyed(ttl_ms=ttl_ms))))
    assert found.message == f"f remembers its effects for {words}, but records can come again for 5 minutes"
    assert found.help == "by(..., ttl=minutes(5))"
