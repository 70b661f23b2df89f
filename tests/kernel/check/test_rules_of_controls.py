"""What the rules on controls, people, credentials and variables find beyond their pages, and where they point."""

import pytest

from flowlattice.check import CheckContext, Environment, Facts, apply_fixes, check, with_edits
from flowlattice.ir.model import ConnectorUse, Source

QUEUE = """
from collections.abc import AsyncIterator, Callable
from typing import Annotated
from flowlattice import *

class A(Record, data="public"):
    v: str = ""
    n: int = 0

class Foo: pass

class Limits(Vars):
    most: int = 3
    name: str = ""

@node
def same(a: A) -> A:
    return a

@node
def last(a: A) -> A:
    return a

flow = Flow("tested", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=A))
"""
WEB = QUEUE.replace("Profile.QUEUE", "Profile.DEV").replace(
    'queue("jobs", accepts=A)', 'http.post("/jobs", accepts=A, deadline=ms(500))'
)
TEMPORAL = WEB.replace("Profile.DEV", "Profile.TEMPORAL").replace("deadline=ms(500)", 'respond="immediate"')
LINE = "flow.connect(jobs, same)\nflow.connect(same, last)\n"
ANSWERED = LINE + "flow.connect(last, flow.respond())\n"


def one(text):
    """A node `f` behind the trigger."""
    return f"{text}\nflow.connect(jobs, f)\n"


KEY = (
    "@node(idempotency=by('v'))\nasync def f(a: A, api: HttpWrite, k: Annotated[Creds, scopes('w', 'x')]) -> A:\n"
    "    await api.post('https://a.example/', auth=k)\n    return a\nflow.egress('api', 'a.example')\n"
)
ASKED = "@node\ndef f(a: A, limits: Limits) -> A:\n    return A(n=limits.most)\n"
CARD = "class Card(Record, data='public'):\n    {}\nflow.hitl('c', on={}, view={}, ttl=hours(1), on_timeout='reject')\n"

CASES = {
    # DAG002
    "a predicate of no type": (
        QUEUE,
        "def p(x: Foo) -> bool:\n    return True\n"
        "gate = Filter(p)\nflow.connect(jobs, gate)\nflow.connect(gate, same)\n",
        [("DAG002", "x: Foo")],
    ),
    "a predicate without types": (
        QUEUE,
        "gate = Filter(lambda a: True)\nflow.connect(jobs, gate)\nflow.connect(gate, same)\n",
        [],
    ),
    "a variable of no type": (
        QUEUE,
        LINE + "class Odd(Vars):\n    f: Callable[[int], int] = abs\nflow.vars(Odd())\n",
        [("DAG002", "flow.vars(Odd())")],
    ),
    # DAG005
    "no parts": (
        QUEUE,
        LINE + "flow.partition_by(same, 'v', max_parallel_shards=0)\n",
        [("DAG005", "flow.partition_by(same, 'v', max_parallel_shards=0)")],
    ),
    "no share": (
        QUEUE,
        LINE + "flow.partition_by(same, 'v', weights={'vip': 0, 'x': 2})\n",
        [("DAG005", "flow.partition_by(same, 'v', weights={'vip': 0, 'x': 2})")],
    ),
    "fewer retries than none": (
        QUEUE,
        LINE + "flow.on_error(same, Retry(max=-1))\n",
        [("DAG005", "flow.on_error(same, Retry(max=-1))")],
    ),
    "many at once in order": (QUEUE, one("@node(concurrency=4)\ndef f(a: A) -> A:\n    return a"), [("DAG005", "f")]),
    "many at once in any order": (
        QUEUE,
        "@node(concurrency=4)\ndef f(a: A) -> A:\n    return a\nflow.connect(jobs, f, ordering='unordered')\n",
        [],
    ),
    "many at once, each key in order": (
        QUEUE,
        "@node(concurrency=4)\ndef f(a: A) -> A:\n    return a\nflow.connect(jobs, same)\nflow.connect(same, f)\n"
        "flow.partition_by(same, 'v')\n",
        [],
    ),
    "many callers at once": (
        WEB,
        one("@node(concurrency=4)\ndef f(a: A) -> A:\n    return a") + "flow.connect(f, flow.respond())\n",
        [],
    ),
    # DAG006
    "a batch that never fills": (
        QUEUE,
        one("@node(batch=Batch(100))\ndef f(a: A) -> A:\n    return a"),
        [("DAG006", "f")],
    ),
    "a batch that is cut short": (
        QUEUE,
        one("@node(batch=Batch(100, within=ms(5)))\ndef f(a: A) -> A:\n    return a"),
        [("DAG006", "f")],
    ),
    "a batch from two buffers": (
        QUEUE,
        "@node(batch=Batch(100, within=ms(5)))\ndef f(a: A) -> A:\n    return a\nflow.connect(jobs, same)\n"
        "flow.connect(same, f)\nflow.connect(jobs, f)\n",
        [],
    ),
    "a batch of pieces": (
        QUEUE,
        one("@node(batch=Batch(10))\nasync def f(a: A) -> AsyncIterator[A]:\n    yield a"),
        [("DAG006", "f")],
    ),
    "a batch that callers wait for": (
        WEB,
        one("@node(batch=Batch(10))\ndef f(a: A) -> A:\n    return a") + "flow.connect(f, flow.respond())\n",
        [("DAG006", "f")],
    ),
    "a batch that outlasts the deadline": (
        WEB,
        one("@node(batch=Batch(10, within=ms(500)))\ndef f(a: A) -> A:\n    return a")
        + "flow.connect(f, flow.respond())\n",
        [("DAG006", "f")],
    ),
    "a batch that outlasts its edge": (
        QUEUE,
        "@node(batch=Batch(10, within=ms(50)))\ndef f(a: A) -> A:\n    return a\n"
        "flow.connect(jobs, f, timeout=ms(20))\n",
        [("DAG006", "f")],
    ),
    "a batch that waits for nothing": (
        QUEUE,
        one("@node(batch=Batch(10, within=ms(0)))\ndef f(a: A) -> A:\n    return a"),
        [("CTRL101", "f")],
    ),
    # DAG102
    "an answer to nobody": (
        TEMPORAL,
        LINE + "again = flow.trigger(cron('0 9 * * *'))\n@node\ndef g(t: Tick) -> A:\n    return A()\n"
        "flow.connect(again, g)\nflow.connect(g, flow.respond())\n",
        [("DAG102", "flow.respond()")],
    ),
    "an answer after the answer": (TEMPORAL, ANSWERED, [("DAG102", "flow.respond()")]),
    "a caller who waits for a queue": (
        TEMPORAL.replace('respond="immediate"', 'respond="explicit"').replace("TEMPORAL", "QUEUE"),
        LINE,
        [("DAG102", 'flow.trigger(http.post("/jobs", accepts=A, respond="explicit"))')],
    ),
    # DAG202, DAG203, CACHE002
    "a cache by a field that is not there": (
        QUEUE,
        one("@node(cache=Cache(by('w')))\ndef f(a: A) -> A:\n    return a"),
        [("DAG202", "f")],
    ),
    "a budget for tenants that nothing names": (
        QUEUE,
        one(
            "@node\nasync def f(a: A, ai: Annotated[AiRead, model('m', max_tokens=9)], "
            "budget: Annotated[TokenBudget, per(day=usd('1'), tenant='who')]) -> A:\n    return a"
        ),
        [("DAG202", "f")],
    ),
    "a cache that a variable voids which is not there": (
        QUEUE,
        one("@node(cache=Cache(by('v'), invalidate=('version', 'most')))\ndef f(a: A) -> A:\n    return a"),
        [("DAG202", "f")],
    ),
    "a cache without a key": (
        QUEUE,
        one("@node(cache=Cache(by()))\ndef f(a: A) -> A:\n    return a"),
        [("CACHE002", "f")],
    ),
    "a cache that a variable voids": (
        QUEUE,
        one(
            "@node(cache=Cache(by('v'), invalidate=('version', 'most')))\ndef f(a: A, limits: Limits) -> A:\n"
            "    return A(n=limits.most)\nflow.vars(Limits())"
        ),
        [],
    ),
    "a variable that nobody gives": (QUEUE, one(ASKED), [("DAG202", "limits: Limits")]),
    "a variable that is given": (QUEUE, one(ASKED) + "flow.vars(Limits())\n", []),
    "a predicate's variable": (
        QUEUE,
        "def p(a: A, limits: Limits) -> bool:\n    return a.n > limits.most\ngate = Filter(p)\n"
        "flow.connect(jobs, gate)\nflow.connect(gate, same)\n",
        [("DAG202", "limits: Limits")],
    ),
    "a side output that nothing goes to": (
        QUEUE,
        LINE + "flow.connect(same.side('failed'), last)\nflow.on_error(same, DeadLetter('faild'))\n",
        [("DAG202", "flow.connect(same.side('failed'), last)")],
    ),
    "a side output that something goes to": (
        QUEUE,
        LINE + "flow.connect(same.side('failed'), last)\nflow.on_error(same, DeadLetter('failed'))\n",
        [],
    ),
    "a partition by no field": (
        QUEUE,
        LINE + "flow.partition_by(same, 'V')\n",
        [("DAG202", "flow.partition_by(same, 'V')")],
    ),
    "a credential that nobody declares": (
        QUEUE,
        one(KEY),
        [("DAG203", "k: Annotated[Creds, scopes('w', 'x')]")],
    ),
    # DAG205, DAG207
    "two checkpoints of a name": (
        TEMPORAL,
        LINE + CARD.format("v: str", "same", "Card") + CARD.format("v: str", "last", "Card"),
        [("DAG205", "flow.hitl('c', on=last, view=Card, ttl=hours(1), on_timeout='reject')")],
    ),
    "two limits of a node": (
        QUEUE,
        LINE + "flow.rate_limit(same, qps=1, burst=1)\nflow.rate_limit(same, qps=2, burst=1)\n"
        "flow.rate_limit(last, qps=2, burst=1)\n",
        [("DAG207", "flow.rate_limit(same, qps=2, burst=1)")],
    ),
    "two partitions of a node": (
        QUEUE,
        LINE + "flow.partition_by(same, 'v')\nflow.partition_by(same, 'n')\n",
        [("DAG207", "flow.partition_by(same, 'n')")],
    ),
    "two handlers of a node": (
        QUEUE,
        LINE + "flow.on_error(same, Halt())\nflow.on_error(same, DeadLetter('failed'))\n",
        [("DAG207", "flow.on_error(same, DeadLetter('failed'))")],
    ),
    "a control that is repeated": (
        QUEUE,
        LINE + "flow.edge(jobs, same, timeout=ms(5))\nflow.edge(jobs, same, ordering='unordered')\n"
        "flow.edge(jobs, same, timeout=ms(5))\n",
        [("DAG207", "flow.edge(jobs, same, timeout=ms(5))")],
    ),
    "an edge twice": (
        QUEUE,
        LINE + "flow.connect(jobs,  same)\n",
        [("DAG207", "flow.connect(jobs,  same)")],
    ),
    "two branches into one node, and both sides of a pair": (
        QUEUE,
        "def pair(a: A, b: A) -> A:\n    return a\nz = Zip(pair)\ngate = If(lambda a: True, name='gate')\n"
        "flow.connect(jobs, gate)\nflow.connect(gate.true, same)\nflow.connect(gate.false, same)\n"
        "flow.connect(same, z.left)\nflow.connect(same, z.right)\nflow.connect(z, last)\n",
        [],
    ),
    "a control of a branch that is not connected": (
        QUEUE,
        "gate = If(lambda a: True, name='gate')\nflow.connect(jobs, gate)\nflow.connect(gate.true, same)\n"
        "flow.connect(gate.false, last)\nflow.edge(gate.false, same, timeout=ms(5))\n",
        [("DAG206", "flow.edge(gate.false, same, timeout=ms(5))")],
    ),
    # DAG300, DAG301
    "a view of an impure function": (
        TEMPORAL,
        LINE + "import time\nclass Card(Record, data='public'):\n    v: str\n"
        "def card(a: A) -> Card:\n    return Card(v=str(time.time()))\n"
        "flow.hitl('c', on=same, view=card, ttl=hours(1), on_timeout='reject')\n",
        [("DAG301", "flow.hitl('c', on=same, view=card, ttl=hours(1), on_timeout='reject')")],
    ),
    "a view of another type": (
        TEMPORAL,
        LINE + CARD.format("n: str", "same", "Card"),
        [("DAG301", "flow.hitl('c', on=same, view=Card, ttl=hours(1), on_timeout='reject')")],
    ),
    # DAG320, CTRL101, CTRL102
    "no rate of a node": (
        QUEUE,
        LINE + "flow.rate_limit(same, qps=0, burst=1)\n",
        [("DAG320", "flow.rate_limit(same, qps=0, burst=1)")],
    ),
    "a promise of nothing": (
        QUEUE,
        LINE + "flow.slo(records_per_second=0)\nflow.slo(percentile=101, latency=ms(0))\n",
        [
            ("DAG320", "flow.slo(records_per_second=0)"),
            ("CTRL101", "flow.slo(percentile=101, latency=ms(0))"),
            ("DAG320", "flow.slo(percentile=101, latency=ms(0))"),
        ],
    ),
    "no time for people": (
        TEMPORAL,
        LINE + CARD.format("v: str", "same", "Card").replace("hours(1)", "hours(-1)"),
        [("CTRL101", "flow.hitl('c', on=same, view=Card, ttl=hours(-1), on_timeout='reject')")],
    ),
    "no time to keep results": (
        QUEUE,
        one("@node(cache=Cache(by('v'), ttl=ms(0)))\ndef f(a: A) -> A:\n    return a"),
        [("CTRL101", "f")],
    ),
    "pauses of less than nothing": (
        QUEUE,
        LINE + "flow.on_error(same, Retry(max=1, backoff=Exponential(ms(-1), factor=0)))\n",
        [("CTRL101", "flow.on_error(same, Retry(max=1, backoff=Exponential(ms(-1), factor=0)))")] * 2,
    ),
    "the timeout where it was set": (
        QUEUE,
        LINE + "flow.edge(jobs, same, timeout=ms(0))\n",
        [("CTRL101", "flow.edge(jobs, same, timeout=ms(0))")],
    ),
    # DAG330, DAG331
    "an issuer that is not reached": (
        QUEUE,
        one(KEY) + "flow.creds('k', provider='apy', scopes=('w', 'x'))\n",
        [("DAG330", "flow.creds('k', provider='apy', scopes=('w', 'x'))")],
    ),
    "a scope that is not granted": (
        QUEUE,
        one(KEY) + "flow.creds('k', provider='api', scopes=('w',))\n",
        [("DAG331", "k: Annotated[Creds, scopes('w', 'x')]")],
    ),
    # DAG340, DAG341
    "a variable that is set twice": (
        QUEUE,
        one(ASKED) + "flow.vars(Limits(most=1))\nflow.vars(Limits(most=2))\n",
        [("DAG340", "flow.vars(Limits(most=2))")] * 2,
    ),
    "a default of another type": (
        QUEUE,
        LINE + "class Odd(Vars):\n    k: int = 'x'\nflow.vars(Odd())\n",
        [("DAG341", "flow.vars(Odd())")],
    ),
    # HITL101
    "no word on the end": (
        TEMPORAL,
        LINE + CARD.format("v: str", "same", "Card").replace(", on_timeout='reject'", ""),
        [("HITL101", "flow.hitl('c', on=same, view=Card, ttl=hours(1))")],
    ),
    "somebody else in the end": (
        TEMPORAL,
        LINE + CARD.format("v: str", "same", "Card").replace("'reject'", "Escalate(to='ops')"),
        [],
    ),
}


@pytest.mark.parametrize(("head", "lines", "findings"), CASES.values(), ids=CASES)
def test_findings(found_in, head, lines, findings):
    assert found_in(lines, head=head) == findings


ENVIRONMENTS = {
    "a value of another type": ({"variables": {"most": "x"}}, ["DAG341"]),
    "truth is no number": ({"variables": {"most": True}}, ["DAG341"]),
    "a value of the type": ({"variables": {"most": 7, "name": "x", "other": []}}, []),
    "a region elsewhere": ({"backends": {"k": "postgres"}, "regions": {"k": "us-east-1"}}, ["DATA102"]),
    "a region that only begins alike": ({"backends": {"k": "postgres"}, "regions": {"k": "europe"}}, ["DATA102"]),
    "a region inside": ({"backends": {"k": "postgres"}, "regions": {"k": "EU-central-1"}}, []),
    "no word on the region": ({"backends": {"k": "postgres"}}, ["DATA102"]),
    "the process's own": ({"backends": {"k": "sqlite"}}, []),
}


@pytest.mark.parametrize(("bound", "codes"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environments(found_in, bound, codes):
    lines = one(
        "@node\nasync def f(a: A, limits: Limits, k: KvRead) -> A:\n"
        "    return A(v=await k.get(a.v) or '', n=limits.most)"
    )
    context = CheckContext(environment=Environment(name="production", **{"backends": {}, **bound}))
    found = found_in(lines + "flow.vars(Limits())\nflow.residency('eu')\n", context, QUEUE, ("CAP101", "CACHE001"))
    assert [code for code, _ in found] == codes


def test_scopes_of_an_environment(found_in):
    context = CheckContext(environment=Environment(name="production", backends={}, scopes={"k": ("w",)}))
    lines = one(KEY) + "flow.creds('k', provider='api', scopes=('w', 'x'))\n"
    assert found_in(lines, context, QUEUE) == [("DAG331", "k: Annotated[Creds, scopes('w', 'x')]")]


STATED = {
    "a deadline": (
        WEB.replace(", deadline=ms(500)", ""),
        ANSWERED,
        {"deadline_ms": 250},
        'http.post("/jobs", accepts=A, deadline=ms(250))',
    ),
    "another deadline for one": (
        WEB.replace("ms(500)", "ms(0)"),
        ANSWERED,
        {"deadline_ms": 250, "deadlines_ms": {"trigger": 2000}},
        'http.post("/jobs", accepts=A, deadline=seconds(2))',
    ),
    "a rate": (WEB, ANSWERED, {"rate": {"qps": 2.5, "burst": 5}}, "flow.rate_limit(qps=2.5, burst=5)\n"),
    "a rate of a node": (
        QUEUE,
        LINE,
        {"rates": {"same": {"qps": 2, "burst": 5}}},
        "flow.rate_limit(same, qps=2, burst=5)\n",
    ),
    "a rate that is none": (
        QUEUE,
        LINE + "flow.rate_limit(same, burst=1, qps=-1)\n",
        {"rates": {"same": {"qps": 2, "burst": 5}}},
        "flow.rate_limit(same, burst=5, qps=2)\n",
    ),
    "a partition": (
        QUEUE,
        one("@node(idempotency=by('v', scope='partition'))\nasync def f(a: A, k: KvWrite) -> A:\n    return a"),
        {"partitions": {"f": ["v", "n"]}},
        'flow.partition_by(f, "v", "n")\n',
    ),
    "an end of waiting": (
        TEMPORAL,
        LINE + "class Card(Record, data='public'):\n    v: str\nflow.hitl('c', on=same, view=Card)  # kept\n",
        {"approvals": {"c": {"ttl_ms": 172_800_000, "on_timeout": "escalate", "escalate_to": "ops"}}},
        "flow.hitl('c', on=same, view=Card, ttl=days(2), on_timeout=Escalate(to=\"ops\"))  # kept\n",
    ),
}


@pytest.mark.parametrize(("head", "lines", "facts", "expected"), STATED.values(), ids=STATED)
def test_what_the_spec_states_is_added(flow_of, head, lines, facts, expected):
    context = CheckContext(facts=Facts.model_validate(facts))
    flow, source = flow_of(lines, head), head + lines
    found = with_edits(flow, check(flow, context), {"flow.py": source}, context)
    done = apply_fixes(source, found)
    assert expected in done
    assert len(done.splitlines()) - len(source.splitlines()) <= 1
    again = flow_of(done[len(head) :], head) if done.startswith(head) else flow_of("", done)
    assert not [diagnostic for diagnostic in check(again, context) if diagnostic.fix is not None]


def test_only_a_connection_that_says_the_same_again_is_taken_out(flow_of):
    again = "flow.connect(jobs, same)\n"
    lines = (
        LINE + again + "flow.connect(same, last, delivery='at_most_once')\nfor _ in '12':\n    flow.connect(last, f)\n"
    )
    head = QUEUE + "@node\ndef f(a: A) -> A:\n    return a\n"
    found = check(flow_of(lines, head))
    assert [d.code for d in found] == ["CAP101", "DAG207", "DAG207", "DAG207"]
    done = apply_fixes(head + lines, with_edits(flow_of(lines, head), found, {"flow.py": head + lines}), unsafe=True)
    assert done == head + lines[::-1].replace(again[::-1], "", 1)[::-1]


UNSAFE = {
    "an issuer": (
        one(KEY) + "flow.creds('k', scopes=('w', 'x'))\n",
        "flow.creds('k', scopes=('w', 'x'), provider=\"api\")",
    ),
    "scopes": (
        one(KEY) + "flow.creds('k', provider='api', scopes=('w',))\n",
        "flow.creds('k', provider='api', scopes=(\"w\", \"x\",))",
    ),
}


@pytest.mark.parametrize(("lines", "expected"), UNSAFE.values(), ids=UNSAFE)
def test_what_is_a_decision_is_only_done_when_asked(flow_of, lines, expected):
    flow, source = flow_of(lines, QUEUE), QUEUE + lines
    found = with_edits(flow, check(flow), {"flow.py": source})
    assert apply_fixes(source, found) == source
    assert expected in apply_fixes(source, found, unsafe=True)


PINNED = ConnectorUse(
    name="api",
    version="1.0.0",
    digest="blake3:aa",
    found="blake3:aa",
    scopes={"k": ("w", "x")},
    source=Source(file="api.py", line=3),
)
CONNECTORS = {
    "as it was pinned": ({}, []),
    "not pinned": ({"digest": None}, [("DAG330", "api.py", "the connector api is not pinned in connectors.toml")]),
    "changed since": (
        {"found": "blake3:bb"},
        [("DAG330", "api.py", "the connector api is not as it was pinned in connectors.toml")],
    ),
    "with fewer scopes": (
        {"scopes": {"k": ("w",)}},
        [("DAG331", "flow.py", "f needs x of k, which is granted w")],
    ),
    "without its credential": (
        {"scopes": {}},
        [("DAG203", "flow.py", "f asks for the credential k, which is not declared")],
    ),
}


@pytest.mark.parametrize(("changed", "findings"), CONNECTORS.values(), ids=CONNECTORS)
def test_connectors(flow_of, changed, findings):
    flow = flow_of(one(KEY), QUEUE).model_copy(update={"connectors": (PINNED.model_copy(update=changed),)})
    assert [(d.code, d.file, d.message) for d in check(flow) if d.code != "CAP101"] == findings
