"""What a type checker accepts and rejects of a flow's controls; run together with the rest by `test_typing`."""

# Stands behind `RIGHT` of `test_typing`, whose records A, B (n: int), C (a kind of A) and nodes it uses.
RIGHT = """
from flowlattice import (
    Batch, Cache, Connector, DeadLetter, Escalate, Exponential, Halt, Retry, Spill, Vars, mib, subflow,
)
from flowlattice.language.checkpoints import Approval
from flowlattice.language.subflows import Export, Subflow


class Limits(Vars):
    top: int = 5


class Card(Record, data="public"):
    n: int


@node
def undo(b: B) -> A:
    return A(v=str(b.n))


@node(
    idempotency=by("v", ttl=hours(1), scope="partition"), honours_key=True, compensate=undo,
    cache=Cache(by("v"), tier="shared", ttl=hours(1), invalidate=("version", "top")), batch=Batch(10, within=ms(5)),
    concurrency=8,
)
async def acts(a: A, api: HttpWrite) -> B:
    return B(n=1)


@node(compensate=undo)
async def acts_in_pieces(a: A) -> AsyncIterator[B]:
    yield B(n=1)


@node
def reads(a: A, limits: Limits) -> B:
    return B(n=limits.top)


def above(b: B, limits: Limits) -> bool:
    return b.n > limits.top


def named_by(b: B, limits: Limits) -> str:
    return str(b.n > limits.top)


def card_of(b: B) -> Card:
    return Card(n=b.n)


assert_type(acts, Node[A, B])
assert_type(acts_in_pieces, Node[A, B])
assert_type(reads, Node[A, B])
assert_type(If(above), If[B])
assert_type(Switch(named_by, cases=["True"]), Switch[B])
assert_type(Filter(above), Filter[B])

spill = Spill(max_bytes=mib(64), blob="overflow", bytes_per_second=mib(50))
flow.connect(hook, acts, delivery="exactly_once", ordering="unordered", buffer=Buffer(spill=spill, on_full="spill"))
flow.edge(hook, acts, timeout=ms(5), buffer=Buffer(max_items=2))
flow.partition_by(acts, "v", max_parallel_shards=64, weights={"vip": 2})
flow.rate_limit(acts, qps=5, burst=5)
flow.on_error(acts, Retry(max=5, backoff=Exponential(ms(200), factor=2), then=DeadLetter("failed")))
flow.on_error(reads, Halt())
flow.on_error(plain, Escalate(to="ops"))
assert_type(acts.side("failed"), Branch[A])
flow.connect(acts.side("failed"), plain)
held = flow.hitl("ok", on=acts, view=Card, ttl=hours(1), on_timeout=Escalate(to="head"), approvers="finance")
assert_type(held, Approval[B, Card])
assert_type(held.rejected, Branch[B])
flow.connect(held.rejected, undo)
shown = flow.hitl("again", on=large.true, view=card_of, on_timeout="reject")
assert_type(shown, Approval[B, Card])
cards = flow.trigger(cron("0 9 * * 1", during=held))
assert_type(cards, TriggerNode[Card])
flow.vars(Limits(top=7))
flow.creds("key", provider="stripe", scopes=("charges:write",))
flow.slo(percentile=95, latency=ms(50), at_qps=500)
flow.slo(records_per_second=334)
flow.residency("eu")
export = flow.export("part", entry=acts, exit=undo)
assert_type(export, Export[A, A])
step = subflow(export)
assert_type(step, Subflow[A, A])
flow.connect(step, acts)
flow.connect(step.side("failed"), acts)
Connector("stripe", version="1.0.0", nodes=[acts, undo], egress={"api": ["a.example"]}, scopes={"key": ["w"]})
"""

# Each stands behind the nodes of `RIGHT` in `test_typing` (`plain` takes A and gives B).
_IMPORTS = "from flowlattice import Cache, DeadLetter, Escalate, Retry, Vars, subflow\n"
_LIMITS = "class Limits(Vars):\n    top: int = 5\n"
WRONG = {
    "a compensation of something else": (
        "@node(compensate=plain)\ndef makes(a: A) -> B:\n    return B(n=1)"  # plain takes A, not B
    ),
    "a compensation that is no node": "@node(compensate=to_a)\ndef makes(a: A) -> B:\n    return B(n=1)",
    "a control of an edge that cannot be": "flow.edge(plain, plain, timeout=ms(5))",
    "a delivery that is none": "flow.connect(hook, plain, delivery='twice')",
    "an ordering that is none": "flow.connect(hook, plain, ordering='any')",
    "a bare number for a timeout": "flow.edge(hook, plain, timeout=5)",
    "a dead letter into what does not take it": "flow.connect(plain.side('failed'), Map(to_a))",
    "a strategy by its name": "flow.on_error(plain, 'retry')",
    "a handler of a function": "flow.on_error(to_a, DeadLetter('failed'))",
    "a backoff that is no backoff": "Retry(max=5, backoff=ms(200))",
    "a view of another record": ("def shown(c: C) -> A:\n    return c\nflow.hitl('ok', on=plain, view=shown)"),
    "a view that is no record": "flow.hitl('ok', on=plain, view=int)",
    "a rejected record where another is taken": "flow.connect(flow.hitl('ok', on=plain, view=A).rejected, plain)",
    "a timeout of a checkpoint that is none": "flow.hitl('ok', on=plain, view=A, on_timeout='wait')",
    "variables that are none": "flow.vars(A(v=''))",
    "a variable of a wrong type": _LIMITS + "Limits(top='many')",
    "a predicate that takes something else too": (
        "def above(b: B, top: int) -> bool:\n    return b.n > top\nIf(above)"
    ),
    "a cache without a key": "Cache('v')",
    "a promise of half a latency": "flow.slo(percentile=95)",
    "a promise of two things": "flow.slo(percentile=95, latency=ms(5), records_per_second=3)",
    "an export whose entry gives nothing in": "flow.export('part', entry=hook, exit=plain)",
    "a subflow where something else is taken": (
        "flow.connect(subflow(flow.export('part', entry=plain, exit=plain)), plain)"
    ),
}
WRONG = {name: _IMPORTS + text for name, text in WRONG.items()}
