"""Flows that look right and are wrong, and flows that look wrong and are right: each has exactly the codes it deserves.

Where they point at is in `test_rules` and `test_ir_rules`; here it is that aliases, several bindings, branches, merges,
side outputs, checkpoints and statements that come later neither hide a fault nor make one up.
"""

import pytest

from tests.kernel.check.orders import BARE, CHARGE, DEV, HONOURED, KEPT, ONCE, POST, QUEUE, STORE, TEMPORAL, WEB

STAMP = """
class Stamped(Record, data="internal"):
    order_id: str
    at: datetime
@node
def stamp(order: Order, clock: Clock) -> Stamped:
    return Stamped(order_id=order.order_id, at=clock.now())
def of_stamped(stamped: Stamped) -> Stamped:
    return stamped
"""
KEYED = """
@node(idempotency=by("{key}"))
async def put(stamped: Stamped, db: DbWrite) -> Stamped:
    return stamped
"""
WAITS = "ok = flow.hitl('ok', on=stamp, view=Stamped, ttl=hours(1), on_timeout='reject', approvers='ops')\n"

CASES = {
    # Exactly once
    "a store that remembers": (QUEUE, KEPT + f"flow.connect(jobs, store{ONCE})", []),
    "one that does not": (QUEUE, BARE + f"flow.connect(jobs, store{ONCE})", ["EXACT001"]),
    "one that does not, at least once": (QUEUE, BARE + "flow.connect(jobs, store)", []),
    "under other names": (
        QUEUE,
        "@step(idempotency=keyed_by('order_id'))\nasync def store(o: Order, orders: fl.DbWrite, s: Seen) -> Order:\n"
        f"    await orders.upsert('t', o, key='order_id')\n    return o\nflow.connect(jobs, store{ONCE})",
        [],
    ),
    "in a statement of its own": (
        QUEUE,
        BARE + "flow.connect(jobs, store)\nflow.edge(jobs, store, delivery='exactly_once')",
        ["EXACT001"],
    ),
    "the same node twice, once remembered": (
        QUEUE,
        BARE + f"flow.connect(jobs, store{ONCE})\nflow.connect(jobs, store.named('again'))",
        ["EXACT001"],
    ),
    "behind an if": (
        QUEUE,
        BARE + f"gate = If(is_large)\nflow.connect(jobs, gate{ONCE})\nflow.connect(gate.true, store)\n"
        "flow.connect(gate.false, same)",
        ["EXACT001"],
    ),
    "behind a filter that remembers": (
        QUEUE,
        KEPT + f"gate = Filter(is_large)\nflow.connect(jobs, gate{ONCE})\nflow.connect(gate, store)",
        [],
    ),
    "behind a switch and a merge": (
        QUEUE,
        BARE + f"way = Switch(by_region, cases=['eu'])\nboth = Merge[Order]()\nflow.connect(jobs, way{ONCE})\n"
        "flow.connect(way.case('eu'), both)\nflow.connect(way.default, both)\nflow.connect(both, store)",
        ["EXACT001"],
    ),
    "behind a checkpoint": (
        DEV,
        BARE + f"gate = If(is_large)\nflow.connect(jobs, gate{ONCE})\nflow.connect(gate.true, store)\n"
        "flow.connect(gate.false, same)\n"
        "flow.hitl('approve', on=gate.true, view=Card, ttl=hours(1), on_timeout='reject', approvers='ops')",
        ["EXACT001"],
    ),
    "a node between makes another record": (
        QUEUE,
        BARE + f"flow.connect(jobs, same{ONCE})\nflow.connect(same, store)",
        [],
    ),
    "from a side output": (
        QUEUE,
        BARE + CHARGE + "flow.connect(jobs, charge)\nflow.on_error(charge, DeadLetter('failed'))\n"
        f"flow.connect(charge.side('failed'), store{ONCE})",
        ["EXACT001"],
    ),
    "no key": (
        QUEUE,
        "@node\nasync def store(order: Order, orders: DbWrite, seen: DedupeStore) -> Order:\n    return order\n"
        f"flow.connect(jobs, store{ONCE})",
        ["DAG004", "EXACT002"],
    ),
    "a post to who honours the key": (QUEUE, HONOURED + f"flow.connect(jobs, charge{ONCE})", []),
    "a post to anybody": (
        QUEUE,
        POST.format(options='idempotency=by("order_id")', asks=", seen: DedupeStore")
        + f"flow.connect(jobs, charge{ONCE})",
        ["EXACT005"],
    ),
    "an effect that nobody can read": (
        QUEUE,
        "COUNTS = {}\n@node(idempotency=by('order_id'))\nasync def count(order: Order, seen: DedupeStore) -> Order:\n"
        f"    COUNTS[order.region] = 1\n    return order\nflow.connect(jobs, count{ONCE})",
        ["EXACT005"],
    ),
    "a mail that is said to honour keys": (
        QUEUE,
        "@node(idempotency=by('order_id'), honours_key=True)\n"
        "async def tell(order: Order, mail: Mail, seen: DedupeStore) -> Order:\n"
        "    await mail.send(to='a@b.example', subject='s', text=order.order_id)\n    return order\n"
        f"flow.connect(jobs, tell{ONCE})",
        ["EXACT005"],
    ),
    "a mail, at least once": (
        QUEUE,
        "@node(idempotency=by('order_id'))\nasync def tell(order: Order, mail: Mail) -> Order:\n"
        "    await mail.send(to='a@b.example', subject='s', text=order.order_id)\n    return order\n"
        "flow.connect(jobs, tell)",
        [],
    ),
    "a plugin that may do anything": (
        QUEUE,
        "@node\nasync def clean(o: Order, p: Annotated[PluginPython, sandboxed('flow.py', network='allow')]"
        ") -> Order:\n"
        f"    return Order(order_id=str(await p.call('f', o.order_id)))\n"
        f"flow.connect(jobs, clean{ONCE})",
        ["DAG004", "EXACT001", "EXACT002", "EXACT005"],
    ),
    "a short memory": (
        QUEUE,
        STORE.format(more=", ttl=minutes(1)", asks=", seen: DedupeStore") + "flow.connect(jobs, store)",
        ["EXACT003"],
    ),
    "a short memory of nothing": (
        QUEUE,
        STORE.format(more=", ttl=minutes(1)", asks="") + "flow.connect(jobs, store)",
        [],
    ),
    "the patience of another trigger": (
        QUEUE,
        STORE.format(more=", ttl=hours(1)", asks=", seen: DedupeStore")
        + "slow = flow.trigger(queue('slow', accepts=Order, visibility_timeout=hours(1), max_deliveries=9))\n"
        "flow.connect(slow, same)\nflow.connect(jobs, store)",
        [],
    ),
    "the patience of the first of two": (
        QUEUE,
        STORE.format(more=", ttl=hours(1)", asks=", seen: DedupeStore")
        + "slow = flow.trigger(kafka('slow', accepts=Order, visibility_timeout=hours(1), max_deliveries=9))\n"
        "both = Merge[Order]()\nflow.connect(slow, both)\nflow.connect(jobs, both)\nflow.connect(both, store)",
        ["EXACT003"],
    ),
    # Keys of partitions
    "a key of a partition": (
        QUEUE,
        STORE.format(more=", scope='partition'", asks="") + "flow.connect(jobs, store)",
        ["IDEM020"],
    ),
    "partitioned at the sink": (
        QUEUE,
        STORE.format(more=", scope='partition'", asks="")
        + "flow.connect(jobs, store)\nflow.partition_by(store, 'region')",
        [],
    ),
    "partitioned before": (
        QUEUE,
        STORE.format(more=", scope='partition'", asks="")
        + "gate = Filter(is_large)\nflow.connect(jobs, gate)\nflow.connect(gate, store)\n"
        "flow.partition_by(gate, 'region')",
        [],
    ),
    "partitioned behind": (
        QUEUE,
        STORE.format(more=", scope='partition'", asks="")
        + "flow.connect(jobs, store)\nflow.connect(store, same)\nflow.partition_by(same, 'region')",
        ["IDEM020"],
    ),
    # Retries
    "a post that is retried": (
        QUEUE,
        CHARGE + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=5, backoff=Exponential(ms(200))))",
        [],
    ),
    "a database that is retried": (
        QUEUE,
        BARE + "flow.connect(jobs, store)\nflow.on_error(store, Retry(max=5))",
        ["RETRY011"],
    ),
    "a database that is given up": (
        QUEUE,
        BARE + "flow.connect(jobs, store)\nflow.on_error(store, Escalate(to='ops'))",
        [],
    ),
    "a gateway that its connector retries": (
        QUEUE,
        POST.format(options='idempotency=by("order_id"), honours_key=True, retry_owner="connector"', asks="")
        + "flow.connect(jobs, charge)",
        [],
    ),
    "a gateway that a loop asks again": (
        QUEUE,
        POST.format(options='idempotency=by("order_id"), retry_owner="orchestrator"', asks="")
        .replace("    answer =", "    while True:\n        answer =")
        .replace("    return", "        if answer.ok:\n            break\n    return")
        + "flow.connect(jobs, charge)",
        ["RETRY010"],
    ),
    "a row for each item of an order": (
        QUEUE,
        "@node(idempotency=by('order_id'))\nasync def store(o: Order, db: DbWrite) -> Order:\n"
        "    for word in o.region.split():\n        try:\n"
        "            await db.upsert('t', {'order_id': o.order_id, 'word': word}, key=('order_id', 'word'))\n"
        "        except OSError:\n            continue\n    return o\nflow.connect(jobs, store)",
        [],
    ),
    "and the orchestrator too": (
        QUEUE,
        POST.format(options='idempotency=by("order_id"), honours_key=True, retry_owner="connector"', asks="")
        + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2))",
        ["RETRY010"],
    ),
    "a post that a connector retries": (
        QUEUE,
        POST.format(options='idempotency=by("order_id"), retry_owner="connector"', asks="")
        + "flow.connect(jobs, charge)",
        ["RETRY011"],
    ),
    "retried, then retried": (
        QUEUE,
        CHARGE + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2, then=Retry(max=2)))",
        ["RETRY010"],
    ),
    "retried, then put aside": (
        QUEUE,
        CHARGE + "flow.connect(jobs, charge)\nflow.on_error(charge, Retry(max=2, then=DeadLetter('failed')))\n"
        "flow.connect(charge.side('failed'), same)",
        [],
    ),
    "one handler for each name": (
        QUEUE,
        CHARGE + "other = charge.named('other')\nflow.connect(jobs, charge)\nflow.connect(jobs, other)\n"
        "flow.on_error(charge, Retry(max=2))\nflow.on_error(other, Retry(max=2))",
        [],
    ),
    # Caches
    "a pinned object": (
        QUEUE,
        "@node\nasync def fetch(ref: ObjectRef, logs: BlobReadByHash) -> Order:\n"
        "    return Order(order_id=str(len(await logs.get(ref.digest))))\n"
        "objects = flow.trigger(blob.listing('s3://b/l/'))\nflow.connect(objects, fetch)\nflow.connect(jobs, same)",
        ["CACHE001"],
    ),
    "a pinned object that is kept": (
        QUEUE,
        "@node(cache=Cache(by('digest')))\nasync def fetch(ref: ObjectRef, logs: BlobReadByHash) -> Order:\n"
        "    return Order(order_id=str(len(await logs.get(ref.digest))))\n"
        "objects = flow.trigger(blob.listing('s3://b/l/'))\nflow.connect(objects, fetch)\nflow.connect(jobs, same)",
        [],
    ),
    "a seeded random source": (
        QUEUE,
        "@node\ndef draw(order: Order, rng: SeededRng) -> Order:\n    return order\nflow.connect(jobs, draw)",
        [],
    ),
    "an object by its name": (
        QUEUE,
        "@node\nasync def fetch(order: Order, logs: BlobRead) -> Order:\n    await logs.get(order.region)\n"
        "    return order\nflow.connect(jobs, fetch)",
        [],
    ),
    "an object by its name, kept for ever": (
        QUEUE,
        "@node(cache=Cache(by('region')))\nasync def fetch(order: Order, logs: BlobRead) -> Order:\n"
        "    await logs.get(order.region)\n    return order\nflow.connect(jobs, fetch)",
        ["CACHE002"],
    ),
    "an object by its name, kept for an hour": (
        QUEUE,
        "@node(cache=Cache(by('region'), ttl=hours(1)))\nasync def fetch(order: Order, logs: BlobRead) -> Order:\n"
        "    await logs.get(order.region)\n    return order\nflow.connect(jobs, fetch)",
        [],
    ),
    "an effect out of the cache": (
        QUEUE,
        BARE.replace("@node(", "@node(cache=Cache(by('order_id'), ttl=hours(1)), ") + "flow.connect(jobs, store)",
        ["CACHE002"],
    ),
    "a pure node that is kept for others": (
        QUEUE,
        "@node(cache=Cache(by('order_id'), tier='local'))\ndef keep(order: Order) -> Order:\n    return order\n"
        "flow.connect(jobs, keep)",
        [],
    ),
    # Workflows
    "a clock in a predicate": (
        TEMPORAL,
        "gate = If(lambda order: time.time() > order.cents, name='gate')\nflow.connect(jobs, gate)\n"
        "flow.connect(gate.true, same)\nflow.connect(gate.false, same)",
        ["WFLOW010"],
    ),
    "the same in a queue": (
        QUEUE,
        "gate = If(lambda order: time.time() > order.cents, name='gate')\nflow.connect(jobs, gate)\n"
        "flow.connect(gate.true, same)\nflow.connect(gate.false, same)",
        ["DET301", "EFFECT201"],
    ),
    "a clock in a node": (
        TEMPORAL,
        "@node\ndef stamp(order: Order, clock: Clock) -> Order:\n    return Order(region=clock.now().isoformat())\n"
        "flow.connect(jobs, stamp)",
        [],
    ),
    "a clock in a map, which becomes an activity": (
        TEMPORAL,
        "def stamp(order: Order) -> Order:\n    return Order(cents=int(time.time()))\nflow.connect(jobs, Map(stamp))",
        ["DET301", "EFFECT201"],
    ),
    "a clock in what splits": (
        TEMPORAL,
        "def split(order: Order) -> list[Order]:\n    return [Order(cents=int(time.time()))]\n"
        "parts = ForEach(split)\nflow.connect(jobs, parts)\nflow.connect(parts, same)",
        ["WFLOW010"],
    ),
    "the order of a set in what splits": (
        TEMPORAL,
        "def split(order: Order) -> list[Order]:\n    return [Order(region=r) for r in set(order.region.split())]\n"
        "parts = ForEach(split)\nflow.connect(jobs, parts)\nflow.connect(parts, same)",
        ["WFLOW010"],
    ),
    "pairs by position": (
        TEMPORAL,
        "def pair(left: Order, right: Order) -> Order:\n    return left\nz = Zip(pair)\n"
        "flow.connect(jobs, z.left)\nflow.connect(jobs, z.right)\nflow.connect(z, same)",
        [],
    ),
    # Secrets
    **{
        f"{granted} granted, {needed} needed": (
            WEB,
            "@node\nasync def look(order: Order, shop: HttpRead, "
            f"key: {f'Annotated[Creds, scopes({needed})]' if needed else 'Creds'}) -> Order:\n"
            "    await shop.get('https://shop.example/x', auth=key)\n    return order\n"
            "flow.connect(jobs, look)\nflow.connect(look, flow.respond())\nflow.egress('shop', 'shop.example')\n"
            f"flow.creds('key', provider='shop', scopes=({granted}))",
            codes,
        )
        for granted, needed, codes in [
            ("'r',", "'r'", []),
            ("'r', 'w'", "'r'", ["SECR201"]),
            ("'r', 'w'", "'r', 'w'", []),
            ("'r', 'w'", "", []),
        ]
    },
    "a scope for each of two nodes": (
        WEB,
        "@node\nasync def one(order: Order, shop: HttpRead, key: Annotated[Creds, scopes('r')]) -> Order:\n"
        "    return order\n"
        "@node\nasync def two(order: Order, shop: HttpRead, key: Annotated[Creds, scopes('w')]) -> Order:\n"
        "    return order\n"
        "flow.connect(jobs, one)\nflow.connect(one, two)\nflow.connect(two, flow.respond())\n"
        "flow.creds('key', provider='shop', scopes=('r', 'w'))\nflow.egress('shop', 'shop.example')",
        [],
    ),
    # Compensation
    "what is returned is undone": (
        TEMPORAL,
        "@node(idempotency=by('payment_id'))\nasync def refund(r: Receipt, pay: HttpWrite) -> Receipt:\n    return r\n"
        + POST.format(options='idempotency=by("order_id"), compensate=refund', asks="")
        + "flow.connect(jobs, charge)",
        [],
    ),
    "what is returned is more than is undone": (
        TEMPORAL,
        "@node(idempotency=by('payment_id'))\nasync def refund(r: Receipt, pay: HttpWrite) -> Receipt:\n    return r\n"
        "@node(idempotency=by('order_id'), compensate=refund)\n"
        "async def charge(order: Order, pay: HttpWrite) -> LongReceipt:\n    return LongReceipt()\n"
        "flow.connect(jobs, charge)\nflow.egress('pay', 'pay.example')",
        [],
    ),
    "what is returned is less than is undone": (
        TEMPORAL,
        "@node(idempotency=by('payment_id'))\nasync def refund(r: LongReceipt, pay: HttpWrite) -> Receipt:\n"
        "    return r\n"
        + POST.format(options='idempotency=by("order_id"), compensate=refund', asks="")
        + "flow.connect(jobs, charge)",
        ["SAGA201"],
    ),
    "what was taken is undone": (
        TEMPORAL,
        "@node(idempotency=by('order_id'))\nasync def refund(o: Order, pay: HttpWrite) -> Order:\n    return o\n"
        + POST.format(options='idempotency=by("order_id"), compensate=refund', asks="")
        + "flow.connect(jobs, charge)",
        ["SAGA201"],
    ),
    "a read is undone": (
        TEMPORAL,
        BARE + "@node(compensate=store)\nasync def look(order: Order, table: KvRead) -> Order:\n    return order\n"
        "flow.connect(jobs, look)",
        ["SAGA201"],
    ),
    "undone by what undoes nothing": (
        TEMPORAL,
        "@node(idempotency=by('order_id'), compensate=same)\nasync def put(o: Order, db: DbWrite) -> Order:\n"
        "    return o\nflow.connect(jobs, put)",
        ["SAGA201"],
    ),
    "undone without a key": (
        TEMPORAL,
        "@node\nasync def drop(o: Order, db: DbWrite) -> Order:\n    return o\n"
        "@node(idempotency=by('order_id'), compensate=drop)\nasync def put(o: Order, db: DbWrite) -> Order:\n"
        "    return o\nflow.connect(jobs, put)",
        ["DAG004", "SAGA205"],
    ),
    "a compensator that is a step too": (
        TEMPORAL,
        BARE + "@node(idempotency=by('order_id'), compensate=store)\nasync def put(o: Order, db: DbWrite) -> Order:\n"
        "    return o\nflow.connect(jobs, put)\nflow.connect(put, store)",
        [],
    ),
    # Models
    **{
        f"a model with {budget or 'no budget'}": (
            WEB,
            "@node\nasync def ask(o: Order, ai: Annotated[AiRead, model('m', max_tokens=100, "
            f"usd_per_million=('1', '2'))]{budget and f', b: {budget}'}) -> Order:\n"
            "    return Order(region=await ai.complete(o.region))\n"
            "flow.connect(jobs, ask)\nflow.connect(ask, flow.respond())",
            codes,
        )
        for budget, codes in [
            ("", ["BUD101"]),
            ("TokenBudget", ["BUD101"]),
            ("Annotated[TokenBudget, per()]", ["BUD101"]),
            ("Annotated[TokenBudget, per(day=usd('5'))]", []),
            ("Annotated[TokenBudget, per(run=tokens(100))]", []),
            ("Annotated[TokenBudget, per(run=tokens(99))]", ["BUD102"]),
            ("Annotated[TokenBudget, per(call=tokens(100))]", ["BUD102"]),
            ("Annotated[TokenBudget, per(day=[usd('0.0001'), tokens(500)])]", ["BUD102"]),
        ]
    },
    **{
        f"a model in a flow with {budget}": (
            WEB,
            "@node\nasync def ask(o: Order, ai: Annotated[AiRead, model('m', max_tokens=100, "
            "usd_per_million=('1', '2'))]) -> Order:\n    return Order(region=await ai.complete(o.region))\n"
            f"flow.connect(jobs, ask)\nflow.connect(ask, flow.respond())\nflow.budget({budget})",
            codes,
        )
        for budget, codes in [
            ("per(day=usd('5'))", []),
            ("per(run=tokens(100))", []),
            ("per(run=tokens(99))", ["BUD102"]),
            ("per(day=usd('0.0001'))", ["BUD102"]),
        ]
    },
    # Keys, followed back through what splits, pairs, groups, fails and waits
    "a key that a split makes": (
        QUEUE,
        "import uuid\ndef split(order: Order) -> list[Order]:\n    return [Order(order_id=str(uuid.uuid4()))]\n"
        + BARE
        + "parts = ForEach(split)\nflow.connect(jobs, parts)\nflow.connect(parts, store)",
        ["DET301", "EFFECT201", "IDEM025"],
    ),
    "a key that a split hands on": (
        QUEUE,
        "def split(order: Order) -> list[Order]:\n    return [Order(order_id=order.order_id)]\n"
        + BARE
        + "parts = ForEach(split)\nflow.connect(jobs, parts)\nflow.connect(parts, store)",
        [],
    ),
    **{
        f"a key of {key}, {way}": (
            DEV,
            STAMP + KEYED.format(key=key) + "flow.connect(jobs, stamp)\n" + lines,
            codes,
        )
        for way, lines, key, codes in [
            ("at once", "flow.connect(stamp, put)", "at", ["IDEM025"]),
            ("at once", "flow.connect(stamp, put)", "order_id", []),
            (
                "when it is rejected",
                WAITS + "flow.connect(stamp, Map(of_stamped))\nflow.connect(ok.rejected, put)",
                "at",
                ["IDEM025"],
            ),
            (
                "when it is rejected",
                WAITS + "flow.connect(stamp, Map(of_stamped))\nflow.connect(ok.rejected, put)",
                "order_id",
                [],
            ),
            (
                "once a minute",
                "once = Distinct(Stamped, by='order_id', within=minutes(1))\n"
                "flow.connect(stamp, once)\nflow.connect(once, put)",
                "at",
                ["IDEM025"],
            ),
            ("behind a merge", "m = Merge[Stamped]()\nflow.connect(stamp, m)\nflow.connect(m, put)", "at", ["IDEM025"]),
        ]
    },
    "a key of what failed, which is as it came": (
        QUEUE,
        BARE + "@node\ndef renew(order: Order, rng: Rng) -> Order:\n    return Order(order_id=str(rng.uuid()))\n"
        "flow.connect(jobs, renew)\nflow.on_error(renew, DeadLetter('failed'))\n"
        "flow.connect(renew.side('failed'), store)",
        [],
    ),
    "a key of what is counted": (
        QUEUE,
        "class Total(Record, data='internal'):\n    region: str\n    window_start: datetime\n    cents: int\n"
        "class Placed(Order, data='internal'):\n    ts: datetime\n"
        "placed = flow.trigger(queue('placed', accepts=Placed))\n"
        "win = Window.tumbling(Placed, event_time='ts', size=minutes(5))\n"
        "agg = Aggregate.by_key(Placed, 'region', into=Total).sum('cents')\n"
        "@node(idempotency=by('region', 'window_start'))\nasync def put(t: Total, db: DbWrite) -> Total:\n"
        "    return t\n"
        "flow.connect(placed, win)\nflow.connect(win, agg)\nflow.connect(agg, put)\nflow.connect(jobs, same)",
        [],
    ),
    "a fold that draws": (
        QUEUE,
        "import random\nclass Total(Record, data='internal'):\n    region: str\n    drawn: int\n"
        "class Placed(Order, data='internal'):\n    ts: datetime\n"
        "placed = flow.trigger(queue('placed', accepts=Placed))\n"
        "def of_total(t: Total) -> Total:\n    return t\n"
        "def draw(sum: int, one: Placed) -> int:\n    return sum + random.randint(1, 2)\n"
        "win = Window.tumbling(Placed, event_time='ts', size=minutes(5))\n"
        "agg = Aggregate.by_key(Placed, 'region', into=Total).fold('drawn', 0, draw)\n"
        "flow.connect(placed, win)\nflow.connect(win, agg)\nflow.connect(agg, Map(of_total))\n"
        "flow.connect(jobs, same)",
        ["DET301", "EFFECT201"],
    ),
    "a plugin that is said to be pure and may do anything": (
        QUEUE,
        "@node(effects=Effects.PURE)\n"
        "async def clean(o: Order, p: Annotated[PluginPython, sandboxed('flow.py', network='allow')]) -> Order:\n"
        "    return Order(order_id=str(await p.call('f', o.order_id)))\nflow.connect(jobs, clean)",
        ["EFFECT201"],
    ),
    "a plugin that is said to repeat, and nobody vouches": (
        QUEUE,
        "@node(determinism=Determinism.STRICT)\n"
        "async def clean(o: Order, p: Annotated[PluginPython, sandboxed('flow.py')]) -> Order:\n"
        "    return Order(order_id=str(await p.call('f', o.order_id)))\nflow.connect(jobs, clean)",
        ["DET302"],
    ),
    "a plugin that somebody vouches for": (
        QUEUE,
        "@node(determinism=Determinism.STRICT, cache=Cache(by('order_id')))\n"
        "async def clean(o: Order, p: Annotated[PluginPython, sandboxed('flow.py', deterministic=True)]) -> Order:\n"
        "    return Order(order_id=str(await p.call('f', o.order_id)))\nflow.connect(jobs, clean)",
        [],
    ),
    "a view that differs": (
        TEMPORAL,
        "def card(order: Order) -> Card:\n    return Card(order_id=list(set(order.region.split()))[0], cents=1)\n"
        "flow.connect(jobs, same)\n"
        "flow.hitl('ok', on=same, view=card, ttl=hours(1), on_timeout='reject', approvers='ops')",
        ["WFLOW010"],
    ),
    "a view that differs where nothing is replayed": (
        DEV,
        "def card(order: Order) -> Card:\n    return Card(order_id=list(set(order.region.split()))[0], cents=1)\n"
        "flow.connect(jobs, same)\n"
        "flow.hitl('ok', on=same, view=card, ttl=hours(1), on_timeout='reject', approvers='ops')",
        [],
    ),
    # Spilling
    **{
        f"a buffer of {buffer}": (QUEUE, f"flow.connect(jobs, same, buffer={buffer})", codes)
        for buffer, codes in [
            ("Buffer(max_items=9)", []),
            ("Buffer(spill=Spill(max_bytes=mib(1), blob='over'))", []),
            ("Buffer(spill=Spill(max_bytes=mib(1)))", ["SPILL002"]),
            ("Buffer(spill=Spill(blob='over'))", ["SPILL001"]),
            ("Buffer(on_full='spill')", ["SPILL001", "SPILL002"]),
            ("Buffer(spill=Spill(max_bytes=0, blob='over', bytes_per_second=-1))", ["CTRL102", "CTRL102"]),
            ("Buffer(spill=Spill(), on_full='drop_newest')", []),
        ]
    },
}


@pytest.mark.parametrize(("head", "lines", "codes"), CASES.values(), ids=CASES)
def test_a_flow_has_the_codes_it_deserves(found_in, tmp_path, head, lines, codes):
    (tmp_path / "x.py").write_text("def f(value): return value\n")  # the plugin of those that have one
    assert sorted(code for code, _ in found_in(lines + "\n", head=head)) == codes
