"""Reading bodies: the pure is pure, the rest says what it is and where, and the unknown counts as the worst."""

import textwrap

import pytest

PURE = ("pure", "strict")
CLOCK = ("read_only", "nondeterministic")
RANDOM = ("read_only", "nondeterministic")
CHANGED = ("read_only", "nondeterministic")
ORDER = ("pure", "nondeterministic")
CHANGES = ("effectful", "nondeterministic")
UNKNOWN = ("effectful", "best_effort")

BODIES = {
    # what is pure
    "Res(v=req.v.strip().lower())": PURE,
    "Res(v=' '.join(sorted(set(req.words))))": PURE,
    "Res(v=str(len(set(req.words))))": PURE,
    "Res(v=str(sum(len(w) for w in req.words)))": PURE,
    "Res(v=str(any(w == 'x' for w in set(req.words))))": PURE,
    "Res(v=str(max(set(req.words))))": PURE,
    "Res(v=','.join(sorted(w for w in {'b', 'a'})))": PURE,
    "Res(words=sorted({w.strip() for w in set(req.words)}))": PURE,
    "Res(v=TABLE.get(req.v, 'none'))": PURE,
    "Res(v=TABLE[req.v])": PURE,
    "Res(v=str(req.v in NAMES))": PURE,
    "Res(v=PATTERN.sub('', req.v))": PURE,
    "Res(v=re.sub('[0-9]', '', req.v))": PURE,
    "Res(v=json.dumps({'v': req.v}))": PURE,
    "Res(v=str(math.floor(1.5)))": PURE,
    "Res(v=str((Decimal(req.n) * LIMIT).quantize(Decimal('0.01'))))": PURE,
    "Res(v=datetime(2020, 1, 1, tzinfo=timezone.utc).isoformat())": PURE,
    "Res(v=dt.datetime.fromisoformat(req.v).isoformat())": PURE,
    "Res(v=dt.datetime.fromisoformat(req.v).astimezone(timezone.utc).isoformat())": PURE,
    "Res(v=str(uuid5(uuid.NAMESPACE_URL, req.v)))": PURE,
    "Res(v=text.trim(req.v))": PURE,
    "Res(v=text.remove(req.v, ' '))": PURE,
    "Res(words=lists.sort(lists.reverse(req.words)))": PURE,
    "Res(words=[w.upper() for w in req.words if w])": PURE,
    "Res(v=str(functools.reduce(operator.add, [1, 2])))": PURE,
    "Res(v=str(statistics.mean([1, 2])))": PURE,
    "Res(words=[w for w, _ in collections.Counter(req.words).most_common(2)])": PURE,
    "(lambda r: Res(v=r.v))(req)": PURE,
    "Res(words=sorted(req.words, key=lambda w: w.lower()))": PURE,
    "Res(words=list(map(str.strip, req.words)))": PURE,
    "req.model_copy(update={'v': 'x'})": PURE,
    "Res(v='%s' % req.v)": PURE,
    "Res(v=f'{req.v:>10}')": PURE,
    # clocks and randomness, by whatever name
    "Res(v=str(time.time()))": CLOCK,
    "Res(v=datetime.now().isoformat())": CLOCK,
    "Res(v=dt.datetime.now(timezone.utc).isoformat())": CLOCK,
    "Res(v=dt.date.today().isoformat())": CLOCK,
    "Res(v=str(random.random()))": RANDOM,
    "Res(v=pick(req.words))": RANDOM,
    "Res(v=secrets.token_hex())": RANDOM,
    "Res(v=str(uuid4()))": RANDOM,
    "Res(v=uuid.uuid4().hex)": RANDOM,
    "Res(v=str(DICE.random()))": RANDOM,
    "Res(words=list(map(uuid.uuid4, [])))": RANDOM,
    "Res(words=sorted(req.words, key=lambda w: random.random()))": RANDOM,
    # what depends on the process or the machine
    "Res(v=str(hash(req.v)))": ORDER,
    "Res(v=str(id(req)))": ORDER,
    "Res(words=sorted(req.words, key=hash))": ORDER,
    "Res(v=dt.datetime.fromisoformat(req.v).astimezone().isoformat())": ("read_only", "best_effort"),
    "Res(v=str(dt.datetime.fromisoformat(req.v).timestamp()))": ("read_only", "best_effort"),
    "Res(v=str(datetime.fromtimestamp(0)))": ("read_only", "best_effort"),
    "Res(v=str(datetime.fromtimestamp(0, timezone.utc)))": PURE,
    "Res(v=str(datetime.fromtimestamp(0, tz=timezone.utc)))": PURE,
    "Res(v=str(ZoneInfo('Europe/Zurich')))": ("pure", "stable"),
    # the order of sets
    "Res(v=' '.join(set(req.words)))": ORDER,
    "Res(v=' '.join({'a', 'b'}))": ORDER,
    "Res(v=' '.join(req.tags))": ORDER,
    "Res(v=' '.join(NAMES))": ORDER,
    "Res(words=list(req.tags))": ORDER,
    "Res(words=[*req.tags])": ORDER,
    "Res(words=[w for w in req.tags])": ORDER,
    "Res(words=[w for w in req.tags | {'x'}])": ORDER,
    "Res(words=[w for w in req.tags.union(['x'])])": ORDER,
    "Res(words=[w for w in TABLE.keys() & {'a'}])": ORDER,
    "Res(words=[w for w in frozenset(req.words)])": ORDER,
    "Res(v=next(iter(set(req.words))))": ORDER,
    "Res(v=set(req.words).pop())": ORDER,
    "Res(v=str(set(req.words)))": ORDER,
    "Res(v=f'{set(req.words)}')": ORDER,
    "Res(v=str(dict.fromkeys(set(req.words))))": ORDER,
    "Res(v=str(dict(enumerate(set(req.words)))))": ORDER,
    "Res(words=sorted(set(req.words), key=len))": ORDER,
    "Res(v=max(set(req.words), key=len))": ORDER,
    "Res(v=text.join(set(req.words), ','))": ORDER,
    # files, processes, the environment
    "Res(v=open(req.v).read())": UNKNOWN,
    "Res(v=str(print(req.v)))": UNKNOWN,
    "Res(v=system.environ['HOME'])": ("read_only", "best_effort"),
    "Res(v=system.getenv('HOME'))": UNKNOWN,
    "Res(v=str(eval(req.v)))": UNKNOWN,
    "Res(v=str(list(map(print, req.words))))": UNKNOWN,
    # what cannot be resolved
    "Res(v=req.v.frobnicate())": UNKNOWN,
    "Res(v=TABLE['a'](req))": UNKNOWN,
    "Res(v=getattr(req, 'v'))": UNKNOWN,
    "Res(v=str(globals()))": UNKNOWN,
    # objects that live outside and change
    "Res(v=str(next(IDS)))": CHANGES,
    "Res(words=[str(i) for i, _ in zip(IDS, req.words)])": CHANGED,
    "Res(v=str(SEEN.append(req.v)))": CHANGES,
    "Res(v=str(list.append(SEEN, req.v)))": CHANGES,
    "Res(v=str(heapq.heappush(SEEN, req.v)))": CHANGES,
    "Res(v=str(COUNTS.setdefault(req.v, 1)))": CHANGES,
    # the input belongs to everybody
    "Res(v=str(req.words.append('x')))": ORDER,
    "Res(v=str(req.words.sort()))": ORDER,
}


@pytest.mark.parametrize(("body", "promise"), BODIES.items(), ids=BODIES)
def test_an_expression(node_of, body, promise):
    node = node_of(f"@node\ndef f(req: Req) -> Res:\n    return {body}\n")
    assert (node.effects, node.determinism) == promise, node.reasons
    assert (not node.reasons) == (promise == PURE)


STATEMENTS = {
    "now = datetime.now\nreturn Res(v=now().isoformat())": CLOCK,
    "p = print\np(req.v)\nreturn Res()": UNKNOWN,
    "p = print\nreturn Res()": PURE,
    "COUNTS[req.v] = 1\nreturn Res()": CHANGES,
    "COUNTS[req.v] += 1\nreturn Res()": CHANGES,
    "del COUNTS[req.v]\nreturn Res()": CHANGES,
    "global LIMIT\nLIMIT = Decimal(2)\nreturn Res()": CHANGES,
    "table = COUNTS\ntable[req.v] = 1\nreturn Res()": CHANGES,
    "words = req.words\nwords.sort()\nreturn Res(words=words)": ORDER,
    "words = req.words\nwords = sorted(words)\nwords.append('x')\nreturn Res(words=words)": PURE,
    "words = list(req.words)\nwords.append('x')\nreturn Res(words=words)": PURE,
    "counts = {}\nfor w in req.words:\n    counts[w] = counts.get(w, 0) + 1\nreturn Res(v=str(counts))": PURE,
    "found = set()\nfor w in req.words:\n    found.add(w)\nreturn Res(words=sorted(found))": PURE,
    "found = set()\nfor w in req.words:\n    found.add(w)\nreturn Res(words=list(found))": ORDER,
    "words: set[str] = {w for w in req.words}\nfor w in words:\n    return Res(v=w)\nreturn Res()": ORDER,
    "a, b = {req.v, 'x'}\nreturn Res(v=a)": ORDER,
    "def inner(x):\n    return x.strip()\nreturn Res(v=inner(req.v))": PURE,
    "def inner(x):\n    return x + str(time.time())\nreturn Res(v=inner(req.v))": CLOCK,
    "key = lambda w: w.lower()\nreturn Res(words=sorted(req.words, key=key), v=key('A'))": PURE,
    "import os\nreturn Res()": UNKNOWN,
    "from os import path\nreturn Res()": UNKNOWN,
    "match req.v:\n    case str() as TABLE:\n        return Res(v=TABLE.upper())\nreturn Res()": PURE,
    "match [req.v]:\n    case [*rest]:\n        return Res(words=rest)\nreturn Res()": PURE,
    "try:\n    return Res(v=str(int(req.v)))\nexcept ValueError as error:\n    return Res(v=str(error))": PURE,
    "require(req.n > 0, 'n', 'must be positive')\nreturn Res()": PURE,
    "if req.n < 0:\n    raise InvalidInput('n', 'is negative')\nreturn Res()": PURE,
    "while req.n > 0:\n    break\nelse:\n    return Res()\nreturn Res(v='x')": PURE,
}


@pytest.mark.parametrize(("body", "promise"), STATEMENTS.items(), ids=STATEMENTS)
def test_statements(node_of, body, promise):
    node = node_of(f"@node\ndef f(req: Req) -> Res:\n{textwrap.indent(body, '    ')}\n")
    assert (node.effects, node.determinism) == promise, node.reasons


DEFINITIONS = {
    "helpers are read": (
        """
        def helper(v):
            return v + str(time.time())
        @node
        def f(req: Req) -> Res:
            return Res(v=helper(req.v))
        """,
        CLOCK,
    ),
    "helpers of helpers are read": (
        """
        def second(v):
            return v + uuid4().hex
        def first(v):
            return second(v)
        @node
        def f(req: Req) -> Res:
            return Res(v=first(req.v))
        """,
        RANDOM,
    ),
    "helpers may call each other": (
        """
        def even(n):
            return n == 0 or odd(n - 1)
        def odd(n):
            return n != 0 and even(n - 1)
        @node
        def f(req: Req) -> Res:
            return Res(v=str(even(req.n)))
        """,
        PURE,
    ),
    "a helper that is only named is read": (
        """
        def stamp(v):
            return v + str(time.time())
        @node
        def f(req: Req) -> Res:
            return Res(words=list(map(stamp, req.words)))
        """,
        CLOCK,
    ),
    "defaults of helpers count": (
        """
        def helper(v, key=uuid4()):
            return v + str(key)
        @node
        def f(req: Req) -> Res:
            return Res(v=helper(req.v))
        """,
        RANDOM,
    ),
    "decorators are followed": (
        """
        def timed(function):
            @functools.wraps(function)
            def wrapper(v):
                return function(v) + str(time.time())
            return wrapper
        @timed
        def helper(v):
            return v
        @node
        def f(req: Req) -> Res:
            return Res(v=helper(req.v))
        """,
        CLOCK,
    ),
    "caches are seen through": (
        """
        @functools.cache
        def helper(v):
            return v.strip()
        @node
        def f(req: Req) -> Res:
            return Res(v=helper(req.v))
        """,
        PURE,
    ),
    "partials are seen through": (
        """
        def stamp(kind, v):
            return kind + v + str(time.time())
        started = functools.partial(stamp, "start")
        @node
        def f(req: Req) -> Res:
            return Res(v=started(req.v))
        """,
        CLOCK,
    ),
    "closures are read with what they close over": (
        """
        def made(now):
            def helper(v):
                return v + str(now())
            return helper
        helper = made(time.time)
        @node
        def f(req: Req) -> Res:
            return Res(v=helper(req.v))
        """,
        CLOCK,
    ),
    "a closure that counts changes what lives outside": (
        """
        def counter():
            n = 0
            def count():
                nonlocal n
                n += 1
                return n
            return count
        count = counter()
        @node
        def f(req: Req) -> Res:
            return Res(v=str(count()))
        """,
        CHANGES,
    ),
    "a global that another function changes": (
        """
        def note(v):
            COUNTS[v] = 1
        @node
        def f(req: Req) -> Res:
            return Res(v=str(COUNTS.get(req.v)))
        """,
        CHANGED,
    ),
    "a global that loading fills is a constant": (
        """
        for word in ("a", "b"):
            COUNTS[word] = word
        @node
        def f(req: Req) -> Res:
            return Res(v=COUNTS.get(req.v, ""))
        """,
        PURE,
    ),
    "an object that counts": (
        """
        class Counter:
            def __init__(self):
                self.n = 0
            def next(self):
                self.n += 1
                return self.n
        COUNTER = Counter()
        @node
        def f(req: Req) -> Res:
            return Res(v=str(COUNTER.next()))
        """,
        CHANGES,
    ),
    "methods of records are read": (
        """
        class Order(Record, data="public"):
            v: str = ""
            def stamped(self):
                return self.v + str(time.time())
        @node
        def f(req: Order) -> Res:
            return Res(v=req.stamped())
        """,
        CLOCK,
    ),
    "properties of records are read": (
        """
        class Order(Record, data="public"):
            v: str = ""
            @property
            def stamp(self):
                return str(time.time())
        @node
        def f(req: Order) -> Res:
            return Res(v=req.stamp)
        """,
        CLOCK,
    ),
    "a method of one record is not that of another": (
        """
        class Other(Record, data="public"):
            def strip(self):
                return str(time.time())
        @node
        def f(req: Req) -> Res:
            return Res(v=req.v.strip())
        """,
        PURE,
    ),
    "what a record's constructor runs is read": (
        """
        from pydantic import Field
        class Stamped(Record, data="public"):
            at: float = Field(default_factory=time.time)
        @node
        def f(req: Req) -> Stamped:
            return Stamped()
        """,
        CLOCK,
    ),
    "a helper's capability counts for the node": (
        """
        async def send(api: HttpWrite, v):
            return (await api.post("https://a.example/", json=v)).text
        @node
        async def f(req: Req, api: HttpRead) -> Res:
            return Res(v=await send(api, req.v))
        """,
        ("effectful", "best_effort"),
    ),
    "an unannotated parameter is nothing known": (
        """
        async def send(api, v):
            return (await api.post("https://a.example/", json=v)).text
        @node
        async def f(req: Req) -> Res:
            return Res(v=await send(None, req.v))
        """,
        UNKNOWN,
    ),
    "waiting for several things at once is nothing": (
        """
        @node
        async def f(req: Req) -> Res:
            await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))
            return Res()
        """,
        PURE,
    ),
    "which run it is, is no input": (
        """
        @node
        def f(req: Req, ctx: Context) -> Res:
            return Res(v=ctx.run_id)
        """,
        ORDER,
    ),
    "whether somebody waits may be asked": (
        """
        @node
        def f(req: Req, ctx: Context) -> Res:
            return Res(v="" if ctx.is_cancelled() else req.v)
        """,
        PURE,
    ),
    "a set that goes out has no order": (
        """
        class Tags(Record, data="public"):
            tags: set[str]
        @node
        def f(req: Req) -> Tags:
            return Tags(tags=req.tags)
        """,
        ORDER,
    ),
    "a set that is handed to a helper has no order there": (
        """
        def joined(words):
            return " ".join(words)
        @node
        def f(req: Req) -> Res:
            return Res(v=joined(set(req.words)))
        """,
        ORDER,
    ),
    "unless the helper says that it takes a set": (
        """
        def has(word, words: set[str]):
            return word in words
        @node
        def f(req: Req) -> Res:
            return Res(v=str(has("x", set(req.words))) + str(has("x", words=set(req.words))))
        """,
        PURE,
    ),
    "a set that is handed to a function inside": (
        """
        @node
        def f(req: Req) -> Res:
            def joined(words):
                return " ".join(words)
            return Res(v=joined(set(req.words)))
        """,
        ORDER,
    ),
    "a helper of the name of a builtin": (
        """
        def sorted(words):
            return list(words)
        @node
        def f(req: Req) -> Res:
            return Res(words=sorted(set(req.words)))
        """,
        ORDER,
    ),
    "a default that is kept between calls": (
        """
        def seen(word, words=[]):
            words.append(word)
            return len(words)
        @node
        def f(req: Req) -> Res:
            return Res(v=str(seen(req.v)))
        """,
        CHANGES,
    ),
    "a default that is a constant": (
        """
        def padded(word, width=3, *, fill="."):
            return word.ljust(width, fill)
        @node
        def f(req: Req) -> Res:
            return Res(v=padded(req.v))
        """,
        PURE,
    ),
    "what comparing a record runs is read": (
        """
        class Order(Record, data="public"):
            v: str = ""
            def __eq__(self, other):
                return time.time() > 0
        @node
        def f(req: Order) -> Res:
            return Res(v=str(req == 1))
        """,
        CLOCK,
    ),
    "vouching answers what cannot be resolved": (
        """
        @node(vouch=[".frobnicate"])
        def f(req: Req) -> Res:
            return Res(v=req.v.frobnicate())
        """,
        PURE,
    ),
    "vouching for one thing is not vouching for another": (
        """
        @node(vouch=["helper"])
        def f(req: Req) -> Res:
            return Res(v=req.v.frobnicate())
        """,
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("definitions", "promise"), DEFINITIONS.values(), ids=DEFINITIONS)
@pytest.mark.parametrize("future", ["", "from __future__ import annotations"], ids=["now", "later"])
def test_definitions(node_of, definitions, promise, future):
    node = node_of(definitions, future=future)
    assert (node.effects, node.determinism) == promise, node.reasons


def test_siblings_are_read(node_of):
    helper = """
        from time import time as now
        def stamp(v):
            return v + str(now())
    """
    for call, imported in {
        "stamp(req.v)": "from .helpers import stamp",
        "helpers.stamp(req.v)": "from . import helpers",
    }.items():
        node = node_of(f"{imported}\n@node\ndef f(req: Req) -> Res:\n    return Res(v={call})\n", helpers=helper)
        assert (node.effects, node.determinism) == CLOCK
        assert {reason.source.file for reason in node.reasons} == {"helpers.py"}


def test_a_reason_has_its_place(node_of):
    node = node_of("@node\ndef f(req: Req) -> Res:\n    é = 'ü'; return Res(v=str(time.time()) + é)\n")
    for reason in node.reasons:
        assert reason.because == "reads the clock (time.time())"
        assert reason.capability is None
        assert (reason.source.column, reason.source.end_column) == (31, 42)
    assert {reason.of for reason in node.reasons} == {"effects", "determinism"}


def test_a_capability_is_a_reason_with_its_place(node_of):
    node = node_of("@node\ndef f(req: Req, clock: Clock) -> Res:\n    return Res(v=clock.now().isoformat())\n")
    assert (node.effects, node.determinism) == CLOCK
    assert {(reason.capability, reason.because) for reason in node.reasons} == {("clock", "asks for clock (clock)")}
    assert node.reasons[0].source.column == 17


@pytest.mark.parametrize(
    ("body", "method"),
    [
        ("await api.post('https://a.example/')", "post"),
        ("list(map(api.post, req.words))", "post"),
        ("api._secret", "_secret"),
        ("await api.frobnicate()", "frobnicate"),
    ],
)
def test_a_method_that_the_capability_has_not(node_of, body, method):
    node = node_of(f"@node\nasync def f(req: Req, api: HttpRead) -> Res:\n    {body}\n    return Res()\n")
    assert [(m.binding, m.capability, m.method) for m in node.misused] == [("api", "http.read", method)]


HELPERS = """
async def add(it: DbWrite, req: Req) -> None:
    await it.insert("t", req)
async def pass_on(it, req: Req) -> None:
    await it.insert("t", req)
async def look(it: DbRead) -> None:
    await it.first("t", where={})
class Holder:
    def __init__(self, table: DbWrite) -> None:
        self.table = table
    async def add(self, req: Req) -> None:
        await self.table.insert("t", req)
"""
NAMED = {
    "await db.insert('t', req)": ["insert"],
    "async with db.transaction():\n        await db.insert('t', req)": ["insert", "transaction"],
    "await db.upsert('t', req, key='v')\n    await db.upsert('u', req, key='v')": ["upsert"],
    "put = db.insert\n    await put('t', req)": ["insert"],
    "same = db\n    await same.insert('t', req)": ["insert"],
    "await (db.insert if req.n else db.delete)('t', req)": ["delete", "insert"],
    "await add(db, req)": ["insert"],
    "await pass_on(db, req)": ["insert"],
    "await look(db)": ["first"],
    "await Holder(db).add(req)": ["insert"],
    "await db.truncate('t')": [],
    "pass": [],
}


@pytest.mark.parametrize(("body", "methods"), NAMED.items())
def test_the_methods_that_a_node_names_of_a_capability(node_of, body, methods):
    code = f"@node\nasync def f(req: Req, db: DbWrite, k: KvWrite) -> Res:\n    {body}\n    return Res()\n"
    assert [list(use.methods) for use in node_of(HELPERS + code).capabilities] == [methods, []]


def test_a_method_counts_for_the_binding_it_is_named_on_and_in_a_helper_for_all_of_its_type(node_of):
    head = "@node\nasync def f(req: Req, a: DbWrite, b: DbWrite, c: DbRead) -> Res:\n"
    head += "    await a.upsert('t', req, key='v')\n"
    node = node_of(HELPERS + head + "    await add(b, req)\n    return Res()\n")
    assert [use.methods for use in node.capabilities] == [("insert", "upsert"), ("insert",), ()]


def test_a_method_that_it_has_is_no_misuse(node_of):
    node = node_of(
        "@node\nasync def f(req: Req, api: HttpRead) -> Res:\n    return Res(v=(await api.get('https://a.example/x')).text)\n"
    )
    assert node.misused == ()
    assert [(url.host, url.credential) for url in node.urls] == [("a.example", False)]


URLS = {
    "'https://API.example.com:8443/v1?q=1'": [("api.example.com", False)],
    "f'https://api.example.com/items/{req.n}'": [("api.example.com", False)],
    "'http://user:pw@a.example/ and https://b.example'": [("a.example", True), ("b.example", False)],
    "'https://a.example/?api_key=abc'": [("a.example", True)],
    "BASE + req.v": [("base.example", False)],
    "f'https://{req.v}/x'": [],
    "'no url'": [],
}


@pytest.mark.parametrize(("text", "urls"), URLS.items(), ids=URLS)
def test_urls_in_bodies(node_of, text, urls):
    node = node_of(f"BASE = 'https://base.example/'\n@node\ndef f(req: Req) -> Res:\n    return Res(v={text})\n")
    assert [(url.host, url.credential) for url in node.urls] == urls


def test_operators_and_library_functions_can_be_nodes(flow_of):
    flow = flow_of(
        "from flowlattice import *\n"
        "from flowlattice.operators import text\n"
        "class Req(Record, data='public'):\n    v: str\n"
        "flow = Flow('t', version='1.0.0')\n"
        "hook = flow.trigger(http.post('/t', accepts=Req))\n"
        "take = Map(lambda req: req.v)\n"
        "flow.connect(hook, take)\n"
        "flow.connect(take, Map(text.trim))\n"
        "flow.connect(take, Map(str.strip, name='strip'))\n"
    )
    promises = {node.name: (node.effects, node.determinism) for node in flow.nodes}
    assert promises["trim"] == promises["strip"] == promises["map"] == PURE


VOUCHERS = {
    "the call as it is written": ("Res(v=req.v.frobnicate())", ["req.v.frobnicate"], ("req.v.frobnicate",), PURE),
    "the method, whatever it is called on": ("Res(v=req.v.frobnicate())", [".frobnicate"], (".frobnicate",), PURE),
    "a call in a helper": ("Res(v=helper(req.v))", ["v.frobnicate"], ("v.frobnicate",), PURE),
    "a library function that is not known": ("Res(v=system.path.abspath(req.v))", ["x"], (), UNKNOWN),
    "what is known to read the clock": ("Res(v=str(time.time()))", ["time.time"], (), CLOCK),
    "a helper that was read": ("Res(v=stamp(req.v))", ["stamp"], (), CLOCK),
    "what is pure anyway": ("Res(v=req.v.strip())", [".strip", "Res"], (), PURE),
    "one of two": ("Res(v=req.v.frobnicate() + req.v.zip())", [".zip"], (".zip",), UNKNOWN),
}


@pytest.mark.parametrize(("body", "vouch", "needed", "promise"), VOUCHERS.values(), ids=VOUCHERS)
def test_a_voucher_answers_what_cannot_be_resolved_and_nothing_else(node_of, body, vouch, needed, promise):
    helpers = "def helper(v):\n    return v.frobnicate()\ndef stamp(v):\n    return v + str(time.time())\n"
    node = node_of(f"{helpers}@node(vouch={vouch})\ndef f(req: Req) -> Res:\n    return {body}\n")
    assert (node.effects, node.determinism) == promise, node.reasons
    assert node.vouched == needed
    assert node.unneeded_vouchers == tuple(name for name in vouch if name not in needed)
