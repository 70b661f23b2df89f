"""What each rule finds beyond its page's examples, and where it points."""

import pytest

from flowlattice.check import CheckContext, Environment, check

END = "flow.connect(hook, flow.respond())\n"


def one(text):
    """A node `f` between the trigger and a respond."""
    return text + "\nflow.connect(hook, f)\nflow.connect(f, flow.respond(body='empty'))\n"


STREAMS = """
from collections.abc import AsyncIterator

@node
async def f(a: A) -> AsyncIterator[A]:
    yield a

@node
def many(a: A) -> list[A]:
    return [a]

@node
async def texts(a: A) -> AsyncIterator[str]:
    yield a.v

for each in (f, many, texts):
    flow.connect(hook, each)
"""

CASES = {
    "nothing": (END, []),
    # DAG001
    "no input": (one("@node\ndef f() -> A:\n    return A()"), [("DAG001", "f")]),
    "no type of the input": (one("@node\ndef f(a) -> A:\n    return A()"), [("DAG001", "a")]),
    "an unknown type": (one("@node\ndef f(a: 'Nope') -> A:\n    return A()"), [("DAG001", "a: 'Nope'")]),
    "a type without schema": (one("class X: pass\n@node\ndef f(a: X) -> A:\n    return A()"), [("DAG001", "a: X")]),
    "no return type": (one("@node\ndef f(a: A):\n    return A()"), [("DAG001", "f")]),
    "an unknown return type": (one("@node\ndef f(a: A) -> 'Nope':\n    return A()"), [("DAG001", "'Nope'")]),
    "both": (one("@node\ndef f(a):\n    return A()"), [("DAG001", "f"), ("DAG001", "a")]),
    "a trigger of no record": (
        "class X: pass\nt = flow.trigger(http.post('/x', accepts=X))\nflow.connect(t, flow.respond())\n" + END,
        [("DAG001", "flow.trigger(http.post('/x', accepts=X))")],
    ),
    "a node that returns nothing": (one("@node\ndef f(a: A) -> None:\n    return None"), []),
    # DAG003
    "a made-up capability": (
        one("class Mail: pass\n@node\ndef f(a: A, m: Mail) -> A:\n    return a"),
        [("DAG003", "m: Mail")],
    ),
    "a plain value": (one("@node\ndef f(a: A, n: int = 3) -> A:\n    return a"), [("DAG003", "n: int")]),
    # DAG004, IDEM020, IDEM025
    "any effect needs a key": (
        one("COUNTS = {}\n@node\ndef f(a: A) -> A:\n    COUNTS[a.v] = 1\n    return a"),
        [("DAG004", "f")],
    ),
    "a node without key that says so": (
        one("@node(effects=Effects.EFFECTFUL)\ndef f(a: A) -> A:\n    return a"),
        [("DAG004", "f")],
    ),
    "a key is enough": (
        one("@node(idempotency=by('v'))\nasync def f(a: A, k: KvWrite) -> A:\n    return a"),
        [],
    ),
    "an empty key": (
        one("@node(idempotency=by())\nasync def f(a: A, k: KvWrite) -> A:\n    return a"),
        [("IDEM020", "f")],
    ),
    "a key of no field": (
        one("@node(idempotency=by('V'))\nasync def f(a: A, k: KvWrite) -> A:\n    return a"),
        [("IDEM025", "f")],
    ),
    "a key of an input without fields": (
        "@node\ndef g(a: A) -> str:\n    return a.v\n@node(idempotency=by('v'))\n"
        "async def f(a: str, k: KvWrite) -> A:\n"
        "    return A()\nflow.connect(hook, g)\nflow.connect(g, f)\nflow.connect(f, flow.respond())\n",
        [("IDEM025", "f")],
    ),
    "a key of a number that is made": (
        "class F(Record, data='public'):\n    x: float\n    d: Decimal\n@node\ndef g(a: A) -> F:\n"
        "    return F(x=1.5, d=Decimal(1))\n@node(idempotency=by('x', 'd'))\nasync def f(a: F, k: KvWrite) -> A:\n"
        "    return A()\nflow.connect(hook, g)\nflow.connect(g, f)\nflow.connect(f, flow.respond())\n",
        [("IDEM025", "f")],
    ),
    "a random key, handed on by others": (
        "@node\ndef g(a: A, rng: Rng) -> A:\n    return A(v=str(rng.uuid()), n=a.n)\n"
        "@node\ndef h(a: A) -> B:\n    return B(v=a.v)\n"
        "@node(idempotency=by('v'))\nasync def f(b: B, k: KvWrite) -> B:\n    return b\n"
        "gate = Filter(lambda b: True, name='gate')\nflow.connect(hook, g)\nflow.connect(g, h)\nflow.connect(h, gate)\n"
        "flow.connect(gate, f)\nflow.connect(f, flow.respond())\n",
        [("IDEM025", "f")],
    ),
    "a stable key beside a random field": (
        "@node\ndef g(a: A, rng: Rng) -> A:\n    return A(v=str(rng.uuid()), n=a.n)\n"
        "@node(idempotency=by('n'))\nasync def f(a: A, k: KvWrite) -> A:\n    return a\n"
        "flow.connect(hook, g)\nflow.connect(g, f)\nflow.connect(f, flow.respond())\n",
        [],
    ),
    # DAG005, DAG320, CTRL101, CTRL102
    "far too much at once": (END + "flow.max_in_flight(10**9)", [("DAG005", "flow.max_in_flight(10**9)")]),
    "no number at once": (END + "flow.max_in_flight(True)", [("DAG005", "flow.max_in_flight(True)")]),
    "no rate": (END + "flow.rate_limit(qps=-1, burst=1)", [("DAG320", "flow.rate_limit(qps=-1, burst=1)")]),
    "half a burst": (END + "flow.rate_limit(qps=1, burst=0.5)", [("DAG320", "flow.rate_limit(qps=1, burst=0.5)")]),
    "no promised rate": (
        END + "flow.slo(percentile=9, latency=ms(1), at_qps=0)",
        [("DAG320", "flow.slo(percentile=9, latency=ms(1), at_qps=0)")],
    ),
    "no time for a node": (one("@node(timeout=seconds(0))\ndef f(a: A) -> A:\n    return a"), [("CTRL101", "f")]),
    "less than a millisecond is some": (one("@node(timeout=ms(0.2))\ndef f(a: A) -> A:\n    return a"), []),
    "no time on an edge": (
        "flow.connect(hook, flow.respond(), timeout=ms(-0.1))\n",
        [("CTRL101", "flow.connect(hook, flow.respond(), timeout=ms(-0.1))")],
    ),
    "no time to remember": (
        one("@node(idempotency=by('v', ttl=ms(0)))\nasync def f(a: A, k: KvWrite) -> A:\n    return a"),
        [("CTRL101", "f")],
    ),
    "no body": (
        "t = flow.trigger(http.post('/x', accepts=A, max_body_bytes=0))\nflow.connect(t, flow.respond())\n" + END,
        [("CTRL102", "flow.trigger(http.post('/x', accepts=A, max_body_bytes=0))")],
    ),
    # DAG101, DAG104, DAG204
    "a trigger alone": (
        END + "other = flow.trigger(http.get('/x'))\n",
        [("DAG101", "flow.trigger(http.get('/x'))")],
    ),
    "a respond that nothing reaches": (
        END + "flow.respond(status=400, name='bad')\n",
        [("DAG104", "flow.respond(status=400, name='bad')")],
    ),
    "a part that nothing reaches": (
        END + "flow.connect(same, flow.respond(name='r'))\n",
        [("DAG104", "same")],
    ),
    "a circle that nothing reaches": (
        END + "m = Merge[A](name='m')\nflow.connect(m, same)\nflow.connect(same, m)\n",
        [("DAG104", "Merge[A](name='m')"), ("DAG200", "flow.connect(same, m)")],
    ),
    "a route that ends nowhere": ("flow.connect(hook, same)\n", [("DAG204", "same")]),
    "beside an answer anything may end": ("flow.connect(hook, same)\n" + END, []),
    "an immediate answer needs no other": (
        "t = flow.trigger(http.post('/x', accepts=A, respond='immediate'))\nflow.connect(t, same)\n" + END,
        [],
    ),
    "one way of several without an answer": (
        "gate = If(lambda a: True, name='gate')\nflow.connect(hook, gate)\nflow.connect(gate.true, flow.respond())\n"
        "flow.connect(gate.false, same)\n",
        [("DAG204", "same")],
    ),
    "a filter ends records": (
        "gate = Filter(lambda a: True, name='gate')\nflow.connect(hook, gate)\nflow.connect(gate, flow.respond())\n",
        [],
    ),
    "a filter does not excuse the rest": (
        "gate = Filter(lambda a: True, name='gate')\nflow.connect(hook, gate)\nflow.connect(gate, same)\n",
        [("DAG204", "same")],
    ),
    # DAG103, DAG106, DAG202
    "the host's own path": (
        "t = flow.trigger(http.get('/healthz'))\nflow.connect(t, flow.respond())\n" + END,
        [("DAG103", "flow.trigger(http.get('/healthz'))")],
    ),
    "one path, two methods": ("t = flow.trigger(http.get('/t'))\nflow.connect(t, flow.respond())\n" + END, []),
    "one path twice": (
        "t = flow.trigger(http.post('/t'))\nflow.connect(t, flow.respond())\n" + END,
        [("DAG103", "flow.trigger(http.post('/t'))")],
    ),
    "spaces in a path": (
        "t = flow.trigger(http.get('/a b'))\nflow.connect(t, flow.respond())\n" + END,
        [("DAG106", "flow.trigger(http.get('/a b'))")],
    ),
    "letters of any alphabet in a path": (
        "t = flow.trigger(http.get('/größe/数量-1.0~(a)'))\nflow.connect(t, flow.respond())\n" + END,
        [],
    ),
    "an encoded path": (
        "t = flow.trigger(http.get('/a%20b'))\nflow.connect(t, flow.respond())\n" + END,
        [("DAG106", "flow.trigger(http.get('/a%20b'))")],
    ),
    "an impossible status": (
        "flow.connect(hook, flow.respond(status=99))\n",
        [("DAG106", "flow.respond(status=99)")],
    ),
    "headers that an answer may have": (
        "flow.connect(hook, flow.respond(headers={'Cache-Control': 'no-store', 'content-type': 'text/csv'}))\n",
        [],
    ),
    **{
        f"an answer cannot have {headers}": (
            f"flow.connect(hook, flow.respond(headers={headers}))\n",
            [("DAG106", f"flow.respond(headers={headers})")],
        )
        for headers in ("{'Content-Length': '1'}", "{'a b': 'x'}", "{'X-A': 'x\\ny'}", "{'X-A': 'é'}")
    },
    "events of another type": (
        "@node\ndef f(a: A) -> list[A]:\n    return [a]\nflow.connect(hook, f)\n"
        "flow.connect(f, flow.respond(body='events', headers={'Content-Type': 'text/plain'}))\n",
        [("DAG106", "flow.respond(body='events', headers={'Content-Type': 'text/plain'})")],
    ),
    **{
        f"pieces that cannot be: {given}": (
            STREAMS + f"flow.connect(f, flow.respond({given}))\n",
            [(code, f"flow.respond({given})" if code == "DAG106" else f"flow.connect(f, flow.respond({given}))")],
        )
        for given, code in {
            "stream=True": "DAG106",
            "body='events', stream=True, event_id='w'": "DAG106",
            "body='events', stream=True, event='w'": "DAG106",
            "event_id='v'": "DAG106",
            "body='text', stream=True": "DAG201",
        }.items()
    },
    **{
        f"pieces that can be: {given}": (STREAMS + f"flow.connect({node}, flow.respond({given}))\n", [])
        for given, node in {
            "body='events', stream=True, event_id='v', event='v'": "f",
            "body='events', event_id='v'": "many",
            "body='html', stream=True": "texts",
        }.items()
    },
    "a field that would be lost beside a body": (
        "class P(A, data='public'):\n    body: Annotated[str, field(body=True)]\n"
        "@node\ndef f(a: A) -> P:\n    return P(body='')\nflow.connect(hook, f)\nflow.connect(f, flow.respond())\n",
        [("DAG106", "flow.respond()"), ("DAG106", "flow.respond()")],
    ),
    "a header field that the host writes": (
        "class P(Record, data='public'):\n    n: Annotated[str, field(header='Connection')]\n"
        "@node\ndef f(a: A) -> P:\n    return P(n='')\nflow.connect(hook, f)\nflow.connect(f, flow.respond())\n",
        [("DAG106", "flow.respond()")],
    ),
    "a text answer of a record with a text body": (
        "class P(Record, data='public'):\n    body: Annotated[str, field(body=True)]\n"
        "    tag: Annotated[str | None, field(header='ETag')] = None\n"
        "@node\ndef f(a: A) -> P:\n    return P(body='')\nflow.connect(hook, f)\n"
        "flow.connect(f, flow.respond(body='text'))\n",
        [],
    ),
    "an events answer of a record with a text body": (
        "class P(Record, data='public'):\n    body: Annotated[str, field(body=True)]\n"
        "@node\ndef f(a: A) -> P:\n    return P(body='')\nflow.connect(hook, f)\n"
        "flow.connect(f, flow.respond(body='events'))\n",
        [("DAG201", "flow.connect(f, flow.respond(body='events'))")],
    ),
    "an answer to invalid input that is none": (
        "t = flow.trigger(http.post('/x', accepts=A, invalid=[http.invalid(200)]))\nflow.connect(t, flow.respond())\n"
        + END,
        [("DAG106", "flow.trigger(http.post('/x', accepts=A, invalid=[http.invalid(200)]))")],
    ),
    "an answer for an unknown field": (
        "t = flow.trigger(http.post('/x', accepts=A, invalid=[http.invalid(400, fields=['V'])]))\n"
        "flow.connect(t, flow.respond())\n" + END,
        [("DAG202", "flow.trigger(http.post('/x', accepts=A, invalid=[http.invalid(400, fields=['V'])]))")],
    ),
    "hosts for nobody": (END + "flow.egress('mail', 'a.example')", [("DAG202", "flow.egress('mail', 'a.example')")]),
    # DAG105, DAG205
    "a name that is none": (
        END.replace("respond()", "respond(name='a b')"),
        [("DAG105", "flow.respond(name='a b')")],
    ),
    "two triggers of a name": (
        "t = flow.trigger(http.get('/x'), name='trigger')\nflow.connect(t, flow.respond())\n" + END,
        [("DAG205", "flow.trigger(http.get('/x'), name='trigger')")],
    ),
    "three of a name": (
        "a, b, c = Map(lambda a: a), Map(lambda a: a), Map(lambda a: a)\nflow.connect(hook, a)\nflow.connect(hook, b)\n"
        "flow.connect(hook, c)\n" + END,
        [
            ("DAG001", "lambda a: a"),
            ("DAG205", "Map(lambda a: a)"),
            ("DAG001", "lambda a: a"),
            ("DAG205", "Map(lambda a: a)"),
            ("DAG001", "lambda a: a"),
        ],
    ),
    # DAG200, DAG201
    "a node after itself": (
        END + "flow.connect(hook, same)\nflow.connect(same, same)\n",
        [("DAG200", "flow.connect(same, same)")],
    ),
    "another record with the same fields": (
        one("@node\ndef f(b: B) -> B:\n    return b"),
        [("DAG201", "flow.connect(hook, f)")],
    ),
    "a record that extends the right one": (
        "t = flow.trigger(http.post('/c', accepts=C))\nflow.connect(t, same)\nflow.connect(same, flow.respond())\n"
        + END,
        [],
    ),
    "the extended one is not the extending one": (
        one("@node\ndef f(c: C) -> C:\n    return c"),
        [("DAG201", "flow.connect(hook, f)")],
    ),
    "a member of a union": (one("@node\ndef f(x: A | B | None) -> A:\n    return A()"), []),
    "a union into one of its members": (
        "@node\ndef f(x: A) -> A | None:\n    return x\nflow.connect(hook, f)\nflow.connect(f, same)\n"
        "flow.connect(same, flow.respond())\n",
        [("DAG201", "flow.connect(f, same)")],
    ),
    "anything is anything": (one("@node\ndef f(x: object) -> A:\n    return A()"), []),
    "lists of records": (
        "@node\ndef f(x: A) -> list[C]:\n    return []\n@node\ndef g(x: list[A]) -> A:\n    return A()\n"
        "@node\ndef h(x: list[B]) -> A:\n    return A()\nflow.connect(hook, f)\nflow.connect(f, g)\n"
        "flow.connect(f, h)\n"
        "flow.connect(g, flow.respond())\n",
        [("DAG201", "flow.connect(f, h)")],
    ),
    "whole numbers are numbers": (
        "@node\ndef f(x: A) -> int:\n    return 1\n@node\ndef g(x: float) -> A:\n    return A()\n"
        "flow.connect(hook, f)\n"
        "flow.connect(f, g)\nflow.connect(g, flow.respond())\n",
        [],
    ),
    "numbers are not whole numbers": (
        "@node\ndef f(x: A) -> float:\n    return 1\n@node\ndef g(x: int) -> A:\n    return A()\n"
        "flow.connect(hook, f)\n"
        "flow.connect(f, g)\nflow.connect(g, flow.respond())\n",
        [("DAG201", "flow.connect(f, g)")],
    ),
    "literals are text": (
        "@node\ndef f(x: A) -> Literal['a', 'b']:\n    return 'a'\n@node\ndef g(x: str) -> str:\n    return x\n"
        "@node\ndef h(x: Literal['a']) -> str:\n    return x\nflow.connect(hook, f)\nflow.connect(f, g)\n"
        "flow.connect(f, h)\n"
        "flow.connect(g, flow.respond(body='text'))\n",
        [("DAG201", "flow.connect(f, h)")],
    ),
    "a text answer of a record": (
        "flow.connect(hook, flow.respond(body='text'))\n",
        [("DAG201", "flow.connect(hook, flow.respond(body='text'))")],
    ),
    "an answer goes nowhere": (
        "r = flow.respond()\nflow.connect(hook, r)\nflow.connect(r, same)\n",
        [("DAG201", "flow.connect(r, same)")],
    ),
    "a trigger takes nothing": (
        "t = flow.trigger(http.get('/x'))\nflow.connect(t, flow.respond())\nflow.connect(hook, t)\n",
        [("DAG201", "flow.connect(hook, t)")],
    ),
    # EFFECT201, DET301, DET302
    "a combinator that reads the clock": (
        "import time\ndef f(a: A) -> A:\n    return A(n=int(time.time()))\nm = Map(f)\nflow.connect(hook, m)\n"
        "flow.connect(m, flow.respond())\n",
        [("DET301", "time.time()"), ("EFFECT201", "time.time()")],
    ),
    "a switch by chance": (
        "import random\ndef f(a: A) -> bool:\n    return random.random() > 0.5\ngate = If(f)\n"
        "flow.connect(hook, gate)\n"
        "flow.connect(gate.true, flow.respond())\nflow.connect(gate.false, flow.respond(status=404))\n",
        [("DET301", "random.random()"), ("EFFECT201", "random.random()")],
    ),
    "promising less is always right": (
        one(
            "@node(effects=Effects.EFFECTFUL, determinism=Determinism.NONDETERMINISTIC, idempotency=by('v'))\n"
            "def f(a: A) -> A:\n    return a"
        ),
        [],
    ),
    "promising what is so": (
        one(
            "@node(effects=Effects.READ_ONLY, determinism=Determinism.NONDETERMINISTIC)\n"
            "def f(a: A, clock: Clock) -> A:\n    return A(n=clock.now().year)"
        ),
        [],
    ),
    "every reason against a claim": (
        one(
            "import time\n@node(effects=Effects.PURE, determinism=Determinism.STRICT)\n"
            "def f(a: A, clock: Clock) -> A:\n    return A(n=clock.now().year + int(time.time()))"
        ),
        [
            ("DET302", "clock: Clock"),
            ("EFFECT201", "clock: Clock"),
            ("DET301", "time.time()"),
            ("EFFECT201", "time.time()"),
        ],
    ),
    "a method that is not there": (
        one(
            "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.post('https://a.example')\n    return a\n"
            "flow.egress('api', 'a.example')"
        ),
        [("EFFECT201", "api.post")],
    ),
    # CTRL110-112, CTRL120-122
    "a switch without cases": (
        "kinds = Switch(lambda a: a.v, cases=[], name='kinds')\nflow.connect(hook, kinds)\n"
        "flow.connect(kinds.default, flow.respond())\n",
        [("CTRL110", "Switch(lambda a: a.v, cases=[], name='kinds')")],
    ),
    "reserved and empty cases": (
        "kinds = Switch(lambda a: a.v, cases=['', 'default'], name='kinds')\nflow.connect(hook, kinds)\n"
        "flow.connect(kinds.case(''), flow.respond())\nflow.connect(kinds.default, flow.respond())\n",
        [("CTRL110", "Switch(lambda a: a.v, cases=['', 'default'], name='kinds')")] * 2,
    ),
    "a case that is never chosen": (
        "def f(a: A) -> Literal['x']:\n    return 'x'\nkinds = Switch(f, cases=['x', 'y'])\nflow.connect(hook, kinds)\n"
        "flow.connect(kinds.case('x'), flow.respond())\nflow.connect(kinds.case('y'), flow.respond())\n",
        [("CTRL110", "Switch(f, cases=['x', 'y'])")],
    ),
    "a switch that is exhaustive": (
        "def f(a: A) -> Literal['x', 'y']:\n    return 'x'\nkinds = Switch(f, cases=['x', 'y'])\n"
        "flow.connect(hook, kinds)\n"
        "flow.connect(kinds.case('x'), flow.respond())\nflow.connect(kinds.case('y'), flow.respond())\n",
        [],
    ),
    "a switch that is not": (
        "def f(a: A) -> Literal['x', 'y']:\n    return 'x'\nkinds = Switch(f, cases=['x'])\nflow.connect(hook, kinds)\n"
        "flow.connect(kinds.case('x'), flow.respond())\n",
        [("CTRL112", "Switch(f, cases=['x'])")],
    ),
    "an edge that names no case": (
        "kinds = Switch(lambda a: a.v, cases=['x'], name='kinds')\nflow.connect(hook, kinds)\n"
        "flow.connect(kinds.case('x'), flow.respond())\nflow.connect(kinds.default, flow.respond())\n"
        "flow.connect(kinds, flow.respond())\n",
        [("CTRL111", "flow.connect(kinds, flow.respond())")],
    ),
    # EGRESS101, DAG203
    "no hosts": (
        one("@node\nasync def f(a: A, api: HttpRead) -> A:\n    return a"),
        [("EGRESS101", "api: HttpRead")],
    ),
    "a URL in its constants": (
        one(
            "BASE = 'https://b.example/'\n@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get(BASE)\n"
            "    return a\nflow.egress('api', 'a.example')"
        ),
        [("EGRESS101", "BASE")],
    ),
    "a link is no way out": (one("@node\ndef f(a: A) -> A:\n    return A(v='https://docs.example')"), []),
    "hosts in any case, with a port": (
        one(
            "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get('https://a.example:8443/')\n"
            "    return a\n"
            "flow.egress('api', 'A.example:8443')"
        ),
        [],
    ),
    "no host": (
        one(
            "@node\nasync def f(a: A, api: HttpRead) -> A:\n    return a\nflow.egress('api', 'https://a.example', '*')"
        ),
        [("EGRESS101", "flow.egress('api', 'https://a.example', '*')")] * 2,
    ),
    "a password in a URL": (
        one(
            "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get('https://u:pw@a.example/')\n"
            "    return a\n"
            "flow.egress('api', 'a.example')"
        ),
        [("DAG203", "'https://u:pw@a.example/'")],
    ),
    # DATA101
    "one field of several": (
        "class X(Record):\n    a: Annotated[str, field(data='pii')]\n    b: str\n"
        "t = flow.trigger(http.post('/x', accepts=X))\n"
        "flow.connect(t, flow.respond())\n" + END,
        [("DATA101", "b: str")],
    ),
    "a record inside another": (
        "class X(Record):\n    b: str\nclass Y(Record, data='public'):\n    xs: list[X]\n"
        "t = flow.trigger(http.post('/x', accepts=Y))\nflow.connect(t, flow.respond())\n" + END,
        [("DATA101", "b: str")],
    ),
}


@pytest.mark.parametrize(("lines", "findings"), CASES.values(), ids=CASES)
def test_findings(found_in, lines, findings):
    assert found_in(lines) == findings


def test_no_trigger_at_all(found_in):
    head = "from flowlattice import *\n"
    flow = "flow = Flow('tested', version='1.0.0')\n"
    assert found_in(flow, head=head) == [("DAG104", "Flow('tested', version='1.0.0')")]


@pytest.mark.parametrize(
    ("name", "version", "findings"),
    [
        ("ok-name_2", "10.20.30", 0),
        ("ok", "1.0.0-rc.1+build.5", 0),
        ("Upper", "1.0.0", 1),
        ("", "1.0.0", 1),
        ("a" * 64, "1.0.0", 1),
        ("../etc", "1.0", 2),
        ("a\n", "v1.0.0", 2),
        ("é", "1.0.0 ", 2),
    ],
)
def test_names_and_versions(found_in, name, version, findings):
    head = "from flowlattice import *\n"
    lines = f"flow = Flow({name!r}, version={version!r})\nt = flow.trigger(http.get('/a'))\n"
    lines += "flow.connect(t, flow.respond())\n"
    assert [code for code, _ in found_in(lines, head=head)] == ["DAG105"] * findings


CALL = "@node\nasync def f(a: A, api: HttpRead) -> A:\n    return a\nflow.egress('api', 'api.example.com:8443')"


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (None, 0),
        (set(), 1),
        ({"other.example.com"}, 1),
        ({"API.example.com"}, 0),
        ({"*.example.com"}, 0),
        ({"*.api.example.com"}, 1),
        ({"example.com"}, 1),
        ({"*"}, 1),
    ],
)
def test_hosts_that_are_allowed(found_in, allowed, refused):
    context = CheckContext(allowed_hosts=None if allowed is None else frozenset(allowed))
    assert [code for code, _ in found_in(one(CALL), context)] == ["EGRESS101"] * refused


def test_an_environment_has_to_bind_everything(flow_of):
    flow = flow_of(
        one(
            "@node(idempotency=by('v'))\n"
            "async def f(a: A, api: HttpWrite, k: KvRead, d: DedupeStore, c: Clock, r: Rng) -> A:\n"
            "    return a\nflow.egress('api', 'a.example')"
        )
    )
    found = check(flow)
    assert {(d.code, d.severity) for d in found} == {("CAP101", "warning")}
    assert [d.message.split()[0] for d in found] == ["api", "k", "d"]
    environment = Environment(
        name="live", backends={"api": "http", "k": "http"}, missing_credentials={"api": ("TOKEN",)}
    )
    found = check(flow, CheckContext(environment=environment))
    assert [(d.code, d.severity, d.message.split()[0]) for d in found] == [
        ("DAG203", "error", "the"),
        ("CAP101", "error", "k"),
        ("CAP101", "error", "d"),
    ]
    bound = Environment(name="live", backends={"api": "http", "k": "sqlite", "d": "sqlite"})
    assert check(flow, CheckContext(environment=bound)) == ()


def test_each_binding_is_reported_once_whoever_asks_for_it(flow_of):
    flow = flow_of(
        "@node\nasync def f(a: A, db: DbRead, files: BlobRead, rng: SeededRng) -> A:\n    return a\n"
        "@node(idempotency=by('v'))\nasync def g(a: A, db: DbWrite, ai: AiRead) -> A:\n    return a\n"
        "flow.connect(hook, f)\nflow.connect(f, g)\nflow.connect(g, flow.respond())\n"
    )

    def found(**backends):
        bound = CheckContext(environment=Environment(name="live", backends=backends))
        return [(d.severity, d.message) for d in check(flow, bound) if d.code == "CAP101"]

    assert found() == [
        ("error", "db (db.read) is not bound to a sqlite or postgres backend in live"),
        ("error", "files (blob.read) is not bound to a folder or s3 backend in live"),
        ("error", "ai (ai.read) is not bound to an openai backend in live"),
    ]
    assert found(db="postgres", files="s3", ai="openai") == []
    assert found(db="local", files="folder", ai="http") == [
        ("warning", "db (db.read and db.write) is bound to a local double in live"),
        ("error", "ai (ai.read) is not bound to an openai backend in live"),
    ]


def test_a_binding_that_lists_hosts_lets_the_flow_declare_no_others(flow_of):
    flow = flow_of(
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    return a\n"
        "flow.connect(hook, f)\nflow.connect(f, flow.respond())\nflow.egress('api', 'A.example', 'b.example:81')\n"
    )

    def found(**hosts):
        environment = Environment(name="live", backends={"api": "http"}, hosts=hosts)
        return [(d.code, d.message) for d in check(flow, CheckContext(environment=environment))]

    assert found() == found(api=("a.example", "b.example:81")) == []
    assert found(api=("a.example", "b.example")) == [
        ("EGRESS101", "api may not reach b.example:81 in live: its binding lists a.example and b.example")
    ]
    assert len(found(api=())) == 2


def test_findings_are_sorted_and_the_same_every_time(flow_of):
    flow = flow_of(
        one("@node\nasync def f(a, k: KvWrite, x: HttpRead):\n    return a\nflow.rate_limit(qps=0, burst=0)")
    )
    found = check(flow)
    assert found == check(flow)
    assert list(found) == sorted(found, key=lambda d: (d.file, d.line, d.column, d.code, d.message))
    assert len(set(found)) == len(found) > 4


def test_a_hostile_name_is_not_obeyed(found_in, flow_of):
    flow = flow_of("flow.connect(hook, flow.respond(name='\\x1b[2Jevil'))\n")
    for diagnostic in check(flow):
        assert diagnostic.message.isprintable()
        assert diagnostic.node is None or diagnostic.node.isprintable()
