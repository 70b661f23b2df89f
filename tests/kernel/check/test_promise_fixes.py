"""The fixes of what promises to repeat, to happen once, to cost little and to open little, in the ways people write."""

import pytest

from flowlattice.check import CheckContext, Facts, Identity, apply_fixes, check, with_edits
from flowlattice.ir.model import AiBudget
from tests.kernel.check import orders
from tests.kernel.check.orders import BARE, CHARGE, ONCE, POST, STORE
from tests.kernel.check.test_fix_properties import comments, repaired

ALIASES = "from flowlattice import DedupeStore as Seen, node as step, by as keyed_by\n"
QUEUE, TEMPORAL = orders.QUEUE.replace(ALIASES, ""), orders.TEMPORAL.replace(ALIASES, "")

GOES = f"flow.connect(jobs, store{ONCE})\n"
SHORT = STORE.format(more=", ttl=minutes(1)", asks=", seen: DedupeStore") + "flow.connect(jobs, store)\n"
ASK = """
@node{options}
async def ask(
    order: Order,
    ai: Annotated[AiRead, model({model})],  # the model
) -> Order:
    return Order(region=await ai.complete(order.region))
flow.connect(jobs, ask)
"""
FETCH = """
@node{options}
async def fetch(ref: ObjectRef, logs: BlobReadByHash) -> Order:
    return Order(order_id=str(len(await logs.get(ref.digest))))
flow.connect(flow.trigger(blob.listing("s3://b/l/")), fetch)
flow.connect(jobs, same)
"""
UNDO = """
@node{undo}
async def drop(order: Order, db: DbWrite) -> Order:
    return order
@node(idempotency=by({key}), compensate=drop)
async def put(order: Order, db: DbWrite) -> Order:
    return order
flow.connect(jobs, put)
"""
RETRIED = CHARGE + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=1))\n"

REWRITES = {
    "a store is asked for": (QUEUE, BARE + GOES, "EXACT001", "orders: DbWrite, seen: DedupeStore) ->"),
    "under the name that the file has for it": (
        QUEUE.replace(
            "from flowlattice import *\n",
            "from flowlattice import DedupeStore as Once, Flow, Profile, queue\n"
            "from flowlattice import DbWrite, Record, by, node\n",
        ),
        BARE + GOES,
        "EXACT001",
        "orders: DbWrite, seen: Once) ->",
    ),
    "beside everything, under the name that the file has for it": (
        orders.QUEUE,
        BARE + GOES,
        "EXACT001",
        "orders: DbWrite, seen: Seen) ->",
    ),
    "the name is taken": (
        QUEUE,
        BARE.replace("orders: DbWrite", "seen: DbWrite").replace("orders.upsert", "seen.upsert") + GOES,
        "EXACT001",
        "seen: DbWrite, dedupe: DedupeStore) ->",
    ),
    "before what has a default": (
        QUEUE,
        BARE.replace("orders: DbWrite", "orders: DbWrite, at: Context = None") + GOES,
        "EXACT001",
        "orders: DbWrite, seen: DedupeStore, at: Context = None) ->",
    ),
    "one parameter a line": (
        QUEUE,
        BARE.replace("(order: Order, orders: DbWrite)", "(\n    order: Order,\n    orders: DbWrite,  # theirs\n)")
        + GOES,
        "EXACT001",
        "(\n    order: Order,\n    orders: DbWrite,  # theirs\n    seen: DedupeStore,\n) ->",
    ),
    "the edge is told later": (
        QUEUE,
        BARE + "flow.connect(jobs, store)\nflow.edge(jobs, store, delivery='exactly_once')\n",
        "EXACT001",
        "seen: DedupeStore) ->",
    ),
    "a key": (
        QUEUE,
        BARE.replace('@node(idempotency=by("order_id"))', "@node") + GOES,
        "EXACT002",
        '@node(idempotency=by("order_id", "region", "cents"))',
    ),
    "a longer memory": (QUEUE, SHORT, "EXACT003", 'by("order_id", ttl=minutes(5))'),
    "an import of the unit": (
        QUEUE.replace("import *", "import DbWrite, DedupeStore, Flow, Profile, Record, by, node, queue, seconds"),
        SHORT.replace("minutes(1)", "seconds(2)"),
        "EXACT003",
        "import DbWrite, DedupeStore, Flow, Profile, Record, by, minutes, node, queue, seconds\n",
    ),
    "a memory where there was none said": (
        QUEUE.replace("accepts=Order)", "accepts=Order, visibility_timeout=hours(12), max_deliveries=4)"),
        STORE.format(more="", asks=", seen: DedupeStore") + "flow.connect(jobs, store)\n",
        "EXACT003",
        'by("order_id", ttl=days(2))',
    ),
    "the usual owner": (
        QUEUE,
        BARE.replace("@node(", "@node(retry_owner='orchestrator', ") + "flow.connect(jobs, store)\n",
        "RETRY011",
        '@node(retry_owner="connector", idempotency=by("order_id"))',
    ),
    "one handler": (
        QUEUE,
        RETRIED + "\nflow.on_error(charge, Retry(max=2))\nX = 1\n",
        "RETRY010",
        "flow.on_error(charge, Retry(max=1))\nX = 1\n",
    ),
    "comments at a handler stay": (
        QUEUE,
        RETRIED + "\n# The rest.\n\nflow.on_error(charge, Retry(max=2))  # and again\nX = 1\n",
        "RETRY010",
        "flow.on_error(charge, Retry(max=1))\n\n# The rest.\n\n# and again\nX = 1\n",
    ),
    "comments at the end stay": (
        QUEUE,
        RETRIED + "flow.on_error(charge, Retry(max=2))  # and again\n",
        "RETRY010",
        "flow.on_error(charge, Retry(max=1))\n# and again\n",
    ),
    "the handler of what its connector retries": (
        QUEUE,
        BARE.replace("@node(", "@node(retry_owner='connector', ")
        + "flow.connect(jobs, store)\nflow.on_error(store, Retry(max=2))\n",
        "RETRY010",
        "flow.connect(jobs, store)\n",
    ),
    "its own word": (
        QUEUE,
        POST.format(options='idempotency=by("order_id"), honours_key=True, retry_owner="connector"', asks="")
        + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2))\n",
        "RETRY010",
        '@node(idempotency=by("order_id"), honours_key=True)\n',
    ),
    "its own word, one option a line": (
        QUEUE,
        POST.format(
            options='\n    idempotency=by("order_id"),\n    honours_key=True,  # so they say\n'
            '    retry_owner="connector",\n',
            asks="",
        )
        + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2))\n",
        "RETRY010",
        '@node(\n    idempotency=by("order_id"),\n    honours_key=True,  # so they say\n)\n',
    ),
    "a cache of all fields": (
        QUEUE,
        FETCH.format(options=""),
        "CACHE001",
        '@node(cache=Cache(by("bucket", "key", "digest", "size")))\n',
    ),
    "a cache by the key that is there": (
        QUEUE,
        FETCH.format(options="(idempotency=by('digest'))"),
        "CACHE001",
        "@node(idempotency=by('digest'), cache=Cache(by(\"digest\")))\n",
    ),
    "a weaker claim": (
        QUEUE,
        ASK.format(options="(determinism=Determinism.STABLE)", model="'m-2024-07-18'"),
        "CACHE002",
        "@node(determinism=Determinism.BEST_EFFORT)\n",
    ),
    "a seed": (
        QUEUE,
        ASK.format(options="(cache=Cache(by('region')))", model="'m-2024-07-18'"),
        "CACHE002",
        "model('m-2024-07-18', seed=1)],  # the model\n",
    ),
    "a bound": (
        QUEUE,
        "flow.connect(jobs, same, buffer=Buffer(spill=Spill(blob='over')))\n",
        "SPILL001",
        "Spill(blob='over', max_bytes=mib(64))",
    ),
    "a bound in a statement of its own": (
        QUEUE,
        "flow.connect(jobs, same)\nflow.edge(jobs, same, buffer=fl.Buffer(spill=fl.Spill(blob='over')))\n",
        "SPILL001",
        "fl.Spill(blob='over', max_bytes=mib(64))",
    ),
    **{
        f"scopes {given} of which {kept} are needed": (
            QUEUE,
            "@node\nasync def look(order: Order, shop: HttpRead, key: Annotated[Creds, scopes('r', 'x')]) -> Order:\n"
            f"    return order\nflow.connect(jobs, look)\nflow.creds('key', provider='shop', scopes={given})\n",
            "SECR201",
            f"scopes={kept})\n",
        )
        for given, kept in [
            ("('r', 'w')", '("r",)'),
            ("['w', 'x', 'r']", '("x", "r")'),
            ("('w',)", "()"),
        ]
    },
    "the key of what is undone": (
        TEMPORAL,
        UNDO.format(undo="", key="'order_id'"),
        "SAGA205",
        '@node(idempotency=by("order_id"))\nasync def drop',
    ),
    "no compensator of a compensator": (
        TEMPORAL,
        UNDO.format(undo="(idempotency=by('order_id'), compensate=other)", key="'order_id'").replace(
            "\n@node",
            "\n@node(idempotency=by('order_id'))\nasync def other(o: Order, db: DbWrite) -> Order:\n"
            "    return o\n@node",
            1,
        ),
        "SAGA205",
        "@node(idempotency=by('order_id'))\nasync def drop",
    ),
}


def fixed_of(flow_of, head, text, code, context=None):
    flow, source = flow_of(text, head), head + text
    given = context or CheckContext()
    found = [d for d in with_edits(flow, check(flow, given), {"flow.py": source}, given) if d.code == code]
    assert found
    fixes = [d.fix for d in found if d.fix is not None]
    assert len(fixes) == len(found)
    return apply_fixes(source, found, unsafe=True), {fix.applicability for fix in fixes}


@pytest.mark.parametrize(("head", "text", "code", "expected"), REWRITES.values(), ids=REWRITES)
def test_rewriting(flow_of, head, text, code, expected):
    done, _ = fixed_of(flow_of, head, text, code)
    assert expected in done


@pytest.mark.parametrize(("head", "text", "code", "expected"), REWRITES.values(), ids=REWRITES)
def test_what_was_fixed_is_not_found_again(flow_of, head, text, code, expected):
    done, _ = fixed_of(flow_of, head, text, code)
    assert code not in {diagnostic.code for diagnostic in check(flow_of(done, ""))}


STATED = {
    "the identity of an effect": (
        QUEUE,
        BARE.replace('@node(idempotency=by("order_id"))', "@node") + GOES,
        "EXACT002",
        Facts(identities={"store": Identity(fields=("order_id",), ttl_ms=7_200_000)}),
        '@node(idempotency=by("order_id", ttl=hours(2)))',
    ),
    "the identity of an undoing": (
        TEMPORAL,
        UNDO.format(undo="", key="'order_id'"),
        "SAGA205",
        Facts(identities={"drop": Identity(fields=("region",))}),
        '@node(idempotency=by("region"))\nasync def drop',
    ),
    "a budget": (
        QUEUE,
        ASK.format(options="", model="'m'"),
        "BUD101",
        Facts(budgets={"ask": AiBudget(usd_per_day="5", tokens_per_day=10_000, tokens_per_call=500)}),
        '    budget: Annotated[TokenBudget, per(day=[usd("5"), tokens(10000)], call=tokens(500))],\n) ->',
    ),
    "the ceilings of a budget": (
        QUEUE,
        ASK.format(options="", model="'m'").replace(") -> Order:", "    cap: TokenBudget,\n) -> Order:"),
        "BUD101",
        Facts(budgets={"ask": AiBudget(usd_per_run="0.10", on_exhausted="shrink")}),
        '    cap: Annotated[TokenBudget, per(run=usd("0.10"), on_exhausted="shrink")],\n',
    ),
}


@pytest.mark.parametrize("case", STATED.values(), ids=STATED)
def test_what_the_spec_states_is_safe(flow_of, case):
    head, text, code, facts, expected = case
    done, how = fixed_of(flow_of, head, text, code, CheckContext(facts=facts))
    assert expected in done
    assert how == {"safe"}


UNFIXABLE = {
    "its own word, with a comment": (
        QUEUE,
        POST.format(
            options='\n    retry_owner="connector",  # why\n    idempotency=by("order_id"),\n    honours_key=True,\n',
            asks="",
        )
        + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2))\n",
        "RETRY010",
    ),
    "a budget that nobody stated": (QUEUE, ASK.format(options="", model="'m'"), "BUD101"),
    "a spill that is written elsewhere": (
        QUEUE,
        "OVER = Spill(blob='over')\nflow.connect(jobs, same, buffer=Buffer(spill=OVER))\n",
        "SPILL001",
    ),
    "a key that is written elsewhere": (
        QUEUE,
        "KEY = by('order_id', ttl=minutes(1))\n" + SHORT.replace('by("order_id", ttl=minutes(1))', "KEY"),
        "EXACT003",
    ),
    "a cache over a model that is not dated": (
        QUEUE,
        ASK.format(options="(cache=Cache(by('region')))", model="'m'"),
        "CACHE002",
    ),
    "a database by a handler": (
        QUEUE,
        BARE + "flow.connect(jobs, store)\nflow.on_error(store, Retry(max=2))\n",
        "RETRY011",
    ),
    "a handler in a line with others": (
        QUEUE,
        RETRIED + "X = 1; flow.on_error(charge, Retry(max=2))\n",
        "RETRY010",
    ),
}


@pytest.mark.parametrize(("head", "text", "code"), UNFIXABLE.values(), ids=UNFIXABLE)
def test_what_is_not_certain_has_no_fix(flow_of, head, text, code):
    flow, source = flow_of(text, head), head + text
    found = [d for d in with_edits(flow, check(flow), {"flow.py": source}) if d.code == code]
    assert found
    assert [d.fix for d in found] == [None] * len(found)


MANY = '''"""Many faults at once."""
import flowlattice as fl


class Order(fl.Record, data="internal"):
    order_id: str
    item: str


@fl.node
async def drop(order: Order, db: fl.DbWrite) -> Order:  # undo
    await db.delete("orders", where={"order_id": order.order_id})
    return order


@fl.node(
    compensate=drop,
    retry_owner="orchestrator",
    determinism=fl.Determinism.STRICT,
)
async def store(
    order: Order,
    db: fl.DbWrite,  # theirs
) -> Order:
    await db.upsert("orders", order, key="order_id")
    return order


flow = fl.Flow("orders", version="1.0.0", profile=fl.Profile.QUEUE)
jobs = flow.trigger(fl.queue("orders", accepts=Order, visibility_timeout=fl.hours(12), max_deliveries=5))
flow.connect(
    jobs,
    store,
    delivery="exactly_once",
    buffer=fl.Buffer(spill=fl.Spill(blob="over")),
)
flow.on_error(store, fl.Retry(max=3))  # three
flow.on_error(store, fl.Retry(max=4))  # four
flow.creds("key", scopes=("a", "b"))
'''
DONE = {
    "@fl.node": '@fl.node(idempotency=fl.by("order_id", "item"))',
    "    determinism=fl.Determinism.STRICT,": (
        '    determinism=fl.Determinism.BEST_EFFORT,\n    idempotency=fl.by("order_id", "item", ttl=fl.hours(60)),'
    ),
    "    db: fl.DbWrite,  # theirs": "    db: fl.DbWrite,  # theirs\n    seen: fl.DedupeStore,",
    '    buffer=fl.Buffer(spill=fl.Spill(blob="over")),': (
        '    buffer=fl.Buffer(spill=fl.Spill(blob="over", max_bytes=fl.mib(64))),'
    ),
    "flow.on_error(store, fl.Retry(max=4))  # four": "# four",
    'flow.creds("key", scopes=("a", "b"))': 'flow.creds("key", scopes=())',
}


def test_many_faults_at_once_come_to_rest():
    done, left = repaired(MANY, Facts())
    assert done.splitlines() == "\n".join(DONE.get(line, line) for line in MANY.splitlines()).splitlines()
    assert comments(done) == comments(MANY)
    assert [code for code in left if code != "CAP101"] == ["DAG330", "RETRY011"]
