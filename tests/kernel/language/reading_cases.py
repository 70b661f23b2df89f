"""Bodies with what reading them has to find. A line that ends in `# cause` is one that a reason has to name.

A case is its promise, the flow file's definitions (below `HEAD` of conftest.py), and the files beside it by name.
"""

from dataclasses import dataclass, field

PURE = ("pure", "strict")
CLOCK = ("read_only", "nondeterministic")
RANDOM = ("read_only", "nondeterministic")
READS = ("read_only", "nondeterministic")
PROCESS = ("pure", "nondeterministic")
ORDER = ("pure", "nondeterministic")
CHANGES = ("effectful", "nondeterministic")
UNKNOWN = ("effectful", "best_effort")
WRITES = ("effectful", "best_effort")


@dataclass(frozen=True)
class Case:
    promise: tuple[str, str]
    flow: str
    files: dict[str, str] = field(default_factory=dict)


CASES: dict[str, Case] = {}


def case(name, promise, flow, **files):
    CASES[name] = Case(promise, flow, files)


# ---------------------------------------------------------------- aliases

case(
    "a local alias of a function",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        n = datetime.now
        return Res(v=str(n()))  # cause
    """,
)
case(
    "a module by another name",
    CLOCK,
    """
    import time as t
    @node
    def f(req: Req) -> Res:
        return Res(v=str(t.time()))  # cause
    """,
)
case(
    "a class by another name",
    CLOCK,
    """
    from datetime import datetime as d
    @node
    def f(req: Req) -> Res:
        return Res(v=str(d.now()))  # cause
    """,
)
case(
    "an alias of an alias",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        a = b = datetime.now
        c = b
        return Res(v=str(c()))  # cause
    """,
)
case(
    "an alias of the file",
    CLOCK,
    """
    NOW = datetime.now
    @node
    def f(req: Req) -> Res:
        return Res(v=str(NOW()))  # cause
    """,
)
case(
    "an alias that is handed on",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        n = time.time
        return Res(words=list(map(str, iter(n, 0))))  # cause
    """,
)
case(
    "an alias of a helper",
    PURE,
    """
    def helper(v):
        return v.strip()
    @node
    def f(req: Req) -> Res:
        tidy = helper
        return Res(v=tidy(req.v))
    """,
)
case(
    "an alias of a method of a value",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        out = []
        add, lower = out.append, req.v.lower
        add(lower())
        return Res(words=out)
    """,
)
case(
    "an alias of a method that changes what lives outside",
    CHANGES,
    """
    @node
    def f(req: Req) -> Res:
        add = SEEN.append
        add(req.v)  # cause
        return Res()
    """,
)
case(
    "an alias of the file for a method that changes what lives outside",
    CHANGES,
    """
    ADD = SEEN.append
    @node
    def f(req: Req) -> Res:
        ADD(req.v)  # cause
        return Res()
    """,
)
case(
    "a method that changes what lives outside is handed on",
    CHANGES,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str(list(map(SEEN.append, req.words))))  # cause
    """,
)
case(
    "one of two aliases",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        n = datetime.now if req.n else datetime.today
        return Res(v=str(n()))  # cause
    """,
)
case(
    "an alias that each branch assigns",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        if req.n:
            change = str.lower
        else:
            change = str.upper
        return Res(v=change(req.v))
    """,
)
case(
    "an alias by an assignment expression",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        if (now := time.time) and req.n:
            return Res(v=str(now()))  # cause
        return Res()
    """,
)
case(
    "an assignment expression that is called",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str((now := time.time)()))  # cause
    """,
)
case(
    "a comprehension's variable hides a module only there",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        lengths = [len(time) for time in req.words]
        return Res(v=str(lengths) + str(time.time()))  # cause
    """,
)
case(
    "an inner function's parameter hides a module only there",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        key = lambda time: time.lower()
        return Res(words=sorted(req.words, key=key), v=str(time.time()))  # cause
    """,
)
case(
    "a local of the name of a module",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        time = req.v
        return Res(v=time.strip())
    """,
)
case(
    "a table of functions",
    PURE,
    """
    CHANGES = {"lower": str.lower, "upper": str.upper}
    @node
    def f(req: Req) -> Res:
        return Res(v=CHANGES[req.v](req.v) + CHANGES.get(req.v, str.strip)(req.v))
    """,
)
case(
    "a table of functions, one of which reads the clock",
    CLOCK,
    """
    STAMPS = {"now": time.time, "never": int}
    @node
    def f(req: Req) -> Res:
        return Res(v=str(STAMPS[req.v]()))  # cause
    """,
)
case(
    "a list of steps",
    CLOCK,
    """
    def stamp(v):
        return v + str(time.time())  # cause
    def strip(v):
        return v.strip()
    STEPS = [strip, stamp]
    @node
    def f(req: Req) -> Res:
        v = req.v
        for step in STEPS:
            v = step(v)
        return Res(v=v)
    """,
)
case(
    "named steps",
    PURE,
    """
    STEPS = {"strip": str.strip, "lower": str.lower}
    @node
    def f(req: Req) -> Res:
        v = req.v
        for name, step in STEPS.items():
            v = step(v) + name
        for step in (str.lower, str.strip):
            v = step(v)
        return Res(v=v)
    """,
)
case(
    "a local table of functions",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        ways = {"a": str.lower, "b": lambda v: v + "!"}
        return Res(v=ways[req.v](req.v))
    """,
)

# ---------------------------------------------------------------- decorators

case(
    "functools.cache around a clock",
    CLOCK,
    """
    @functools.lru_cache(maxsize=3)
    def helper(v):
        return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "a partial of a library function",
    RANDOM,
    """
    one_of = functools.partial(pick, ["a", "b"])
    @node
    def f(req: Req) -> Res:
        return Res(v=one_of())  # cause
    """,
)
case(
    "a partial inside the body",
    CLOCK,
    """
    def stamp(kind, v):
        return kind + v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        started = functools.partial(stamp, "start")
        return Res(v=started(req.v))
    """,
)
case(
    "an own decorator with arguments",
    PURE,
    """
    def repeated(times):
        def decorate(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                for _ in range(times):
                    found = function(*args, **kwargs)
                return found
            return wrapper
        return decorate
    @repeated(3)
    def helper(v):
        return v.strip()
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "an own decorator of another file",
    CLOCK,
    """
    from .timing import timed
    @timed
    def helper(v):
        return v.strip()
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
    timing="""
    import time
    from functools import wraps
    def timed(function):
        @wraps(function)
        def wrapper(v):
            started = time.perf_counter()  # cause
            return function(v) + str(started)
        return wrapper
    """,
)
case(
    "an own decorator on the node's function",
    CLOCK,
    """
    def timed(function):
        @functools.wraps(function)
        def wrapper(req):
            time.time()  # cause
            return function(req)
        return wrapper
    @node
    @timed
    def f(req: Req) -> Res:
        return Res(v=req.v)
    """,
)
case(
    "what a decorated node's function does to its input",
    ORDER,
    """
    def logged(function):
        @functools.wraps(function)
        def wrapper(req):
            return function(req)
        return wrapper
    @node
    @logged
    def f(req: Req) -> Res:
        req.words.sort()  # cause
        return Res(words=req.words)
    """,
)
case(
    "an own decorator that is a class",
    CLOCK,
    """
    class stamped:
        def __init__(self, function):
            self.function = function
        def __call__(self, v):
            return self.function(v) + str(time.time())  # cause
    @stamped
    def helper(v):
        return v.strip()
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "what an own decorator that is a class decorates",
    CLOCK,
    """
    class plain:
        def __init__(self, function):
            self.function = function
        def __call__(self, v):
            return self.function(v)
    @plain
    def helper(v):
        return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "a context manager of one's own",
    CLOCK,
    """
    from contextlib import contextmanager
    @contextmanager
    def measured():
        yield time.time()  # cause
    @node
    def f(req: Req) -> Res:
        with measured() as at:
            return Res(v=str(at))
    """,
)
case(
    "a function by type",
    CLOCK,
    """
    @functools.singledispatch
    def shown(v):
        return str(v)
    @shown.register
    def _(v: int):
        return str(v) + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=shown(req.n))
    """,
)

# ---------------------------------------------------------------- closures and functions that take functions

case(
    "a closure over a list that it fills",
    CHANGES,
    """
    def made():
        seen = []
        def add(v):
            seen.append(v)  # cause
            return len(seen)  # cause
        return add
    count = made()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(count(req.v)))
    """,
)
case(
    "a closure that is made and called at once",
    CLOCK,
    """
    def made(now):
        def helper(v):
            return v + str(now())  # cause
        return helper
    @node
    def f(req: Req) -> Res:
        return Res(v=made(time.time)(req.v))  # cause
    """,
)
case(
    "a helper that takes a function",
    PURE,
    """
    def twice(change, v):
        return change(change(v))
    @node
    def f(req: Req) -> Res:
        return Res(v=twice(str.strip, req.v) + twice(lambda v: v + "!", req.v) + twice(change=text.trim, v=req.v))
    """,
)
case(
    "a helper that takes the clock",
    CLOCK,
    """
    def stamped(now, v):
        return v + str(now())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=stamped(time.time, req.v))  # cause
    """,
)
case(
    "a helper that hands a function on",
    PURE,
    """
    def once(change, v):
        return change(v)
    def twice(change, v):
        return once(change, once(change, v))
    @node
    def f(req: Req) -> Res:
        return Res(v=twice(str.strip, req.v))
    """,
)
case(
    "a helper that takes a function that nobody knows",
    UNKNOWN,
    """
    def once(change, v):
        return change(v)  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=once(req.v.zip, req.v))
    """,
)
case(
    "an inner function that takes a function",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        def once(change, v):
            return change(v)
        return Res(v=once(str.strip, req.v))
    """,
)
case(
    "functools.reduce over a helper",
    CLOCK,
    """
    def add(a, b):
        return a + b + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=functools.reduce(add, req.words, ""))
    """,
)
case(
    "sorting by a helper",
    PROCESS,
    """
    def key(w):
        return hash(w)  # cause
    @node
    def f(req: Req) -> Res:
        return Res(words=sorted(req.words, key=key))
    """,
)
case(
    "sorting by an item",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        pairs = sorted(zip(req.words, req.words), key=operator.itemgetter(1))
        return Res(words=[operator.itemgetter(0)(pair) for pair in pairs])
    """,
)
case(
    "a default argument that is called",
    CLOCK,
    """
    def helper(v, now=datetime.now):
        return v + str(now())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "a lambda's default argument",
    CLOCK,
    """
    stamp = lambda v, now=time.time: v + str(now())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=stamp(req.v))
    """,
)
case(
    "a default that a caller replaces",
    PURE,
    """
    def helper(v, change=time.ctime):
        return change(v)
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v, str.strip))
    """,
)
case(
    "a nested function that a nested function calls",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        def second():
            return str(time.time())  # cause
        def first(v):
            return v + second()
        return Res(v=first(req.v))
    """,
)

# ---------------------------------------------------------------- comprehensions and generators

case(
    "a generator expression",
    RANDOM,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str(sum(random.random() for _ in req.words)))  # cause
    """,
)
case(
    "a comprehension's condition",
    RANDOM,
    """
    @node
    def f(req: Req) -> Res:
        return Res(words=[w for w in req.words if random.random() > 0.5])  # cause
    """,
)
case(
    "a generator of one's own",
    CLOCK,
    """
    def stamps(words):
        for w in words:
            yield w + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(words=list(stamps(req.words)))
    """,
)
case(
    "a generator that lives outside",
    READS,
    """
    def numbers():
        n = 0
        while True:
            n += 1
            yield n
    NUMBERS = numbers()
    @node
    def f(req: Req) -> Res:
        return Res(words=[w + str(n) for w, n in zip(req.words, NUMBERS)])  # cause
    """,
)
case(
    "a streaming node",
    CLOCK,
    """
    from collections.abc import AsyncIterator
    async def ticks(words):
        for w in words:
            await asyncio.sleep(0)
            yield w + str(time.time())  # cause
    @node
    async def f(req: Req) -> AsyncIterator[Res]:
        async for tick in ticks(req.words):
            yield Res(v=tick)
    """,
)
case(
    "a pure streaming node",
    PURE,
    """
    from collections.abc import AsyncIterator
    async def parts(words):
        for w in words:
            yield w.strip()
    @node
    async def f(req: Req) -> AsyncIterator[Res]:
        found = [part async for part in parts(req.words)]
        first = await anext(aiter(parts(req.words)), "")
        yield Res(words=found, v=first)
    """,
)

# ---------------------------------------------------------------- methods

RECORDS = """
    import time
    from flowlattice import Record
    class Order(Record, data="public"):
        v: str = ""
        def tidy(self):
            return self.v.strip()
        def stamped(self):
            return self.v + str(time.time())  # cause
    class Silent(Record, data="public"):
        v: str = ""
        def stamped(self):
            return self.v
"""
case(
    "a method of a record of another file",
    CLOCK,
    """
    from .records import Order
    @node
    def f(req: Order) -> Res:
        return Res(v=req.stamped())
    """,
    records=RECORDS,
)
case(
    "another method of that record",
    PURE,
    """
    from .records import Order
    @node
    def f(req: Order) -> Res:
        return Res(v=req.tidy())
    """,
    records=RECORDS,
)
case(
    "making a record runs none of its methods",
    PURE,
    """
    from .records import Order
    @node
    def f(req: Req) -> Order:
        return Order(v=req.v)
    """,
    records=RECORDS,
)
case(
    "a method of a record that a helper makes",
    CLOCK,
    """
    from . import records
    def made(v) -> records.Order:
        return records.Order(v=v)
    @node
    def f(req: Req) -> Res:
        return Res(v=made(req.v).stamped())
    """,
    records=RECORDS,
)
case(
    "a method of records in a list",
    PURE,
    """
    from .records import Silent
    class Cart(Record, data="public"):
        items: list[Silent] = []
    @node
    def f(req: Cart) -> Res:
        return Res(words=[item.stamped() for item in req.items], v=req.items[0].stamped())
    """,
    records=RECORDS,
)
case(
    "a method that calls a method",
    CLOCK,
    """
    class Order(Record, data="public"):
        v: str = ""
        def shown(self):
            return self.stamped()
        def stamped(self):
            return self.v + str(time.time())  # cause
    @node
    def f(req: Order) -> Res:
        return Res(v=req.shown())
    """,
)
case(
    "a method that a subclass replaces",
    CLOCK,
    """
    class Base(Record, data="public"):
        v: str = ""
        def shown(self):
            return self.title()
        def title(self):
            return self.v
    class Order(Base):
        def title(self):
            return self.v + str(time.time())  # cause
    @node
    def f(req: Order) -> Res:
        return Res(v=req.shown())
    """,
)
case(
    "super()",
    CLOCK,
    """
    class Base(Record, data="public"):
        v: str = ""
        def title(self):
            return self.v + str(time.time())  # cause
    class Order(Base):
        def title(self):
            return super().title() + "!"
    @node
    def f(req: Order) -> Res:
        return Res(v=req.title())
    """,
)
case(
    "a static method and a class method",
    CLOCK,
    """
    class Tools:
        @staticmethod
        def plain(v):
            return v.strip()
        @classmethod
        def stamped(cls, v):
            return cls.plain(v) + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=Tools.stamped(Tools.plain(req.v)))
    """,
)
case(
    "pure static and class methods",
    PURE,
    """
    class Tools:
        @staticmethod
        def plain(v):
            return v.strip()
        @classmethod
        def twice(cls, v):
            return cls.plain(v) + cls.plain(v)
    @node
    def f(req: Req) -> Res:
        return Res(v=Tools.twice(req.v))
    """,
)
case(
    "a property of a class of one's own",
    CLOCK,
    """
    class Box:
        def __init__(self, v):
            self.v = v
        @property
        def at(self):
            return self.v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=Box(req.v).at)
    """,
)
case(
    "a property that nobody reads",
    PURE,
    """
    class Box:
        def __init__(self, v):
            self.v = v
        @property
        def at(self):
            return self.v + str(time.time())
    @node
    def f(req: Req) -> Res:
        return Res(v=Box(req.v).v)
    """,
)
case(
    "an object that is called",
    CLOCK,
    """
    class Stamp:
        def __call__(self, v):
            return v + str(time.time())  # cause
    STAMP = Stamp()
    @node
    def f(req: Req) -> Res:
        return Res(v=STAMP(req.v))
    """,
)
case(
    "a local object that is called",
    PURE,
    """
    class Suffix:
        def __init__(self, suffix):
            self.suffix = suffix
        def __call__(self, v):
            return v + self.suffix
    @node
    def f(req: Req) -> Res:
        add = Suffix("!")
        return Res(v=add(req.v) + Suffix("?")(req.v))
    """,
)
case(
    "an object that is called and keeps what it saw",
    CHANGES,
    """
    class Seen:
        def __init__(self):
            self.words = set()
        def __call__(self, v):
            self.words.add(v)
            return v in self.words
    SEEN_BEFORE = Seen()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(SEEN_BEFORE(req.v)))  # cause
    """,
)
case(
    "an operator of one's own",
    CLOCK,
    """
    class Money:
        def __init__(self, n):
            self.n = n
        def __add__(self, other):
            return Money(self.n + other.n + time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str((Money(1) + Money(2)).n))
    """,
)
case(
    "an operator of an object that lives outside",
    CLOCK,
    """
    class Limit:
        def __lt__(self, other):
            return time.time() < other  # cause
    LIMIT_OF_TIME = Limit()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(LIMIT_OF_TIME < req.n))
    """,
)
case(
    "text of a record inside a record",
    CLOCK,
    """
    class Line(Record, data="public"):
        v: str = ""
        def __str__(self):
            return self.v + str(time.time())  # cause
    class Order(Record, data="public"):
        lines: list[Line] = []
    @node
    def f(req: Order) -> Res:
        return Res(words=[f"{line}" for line in req.lines])
    """,
)
case(
    "a with block over an object of one's own",
    CLOCK,
    """
    class Timer:
        def __enter__(self):
            return time.time()  # cause
        def __exit__(self, *_):
            return None
    @node
    def f(req: Req) -> Res:
        with Timer() as at:
            return Res(v=str(at))
    """,
)
case(
    "a class attribute that every object shares",
    CHANGES,
    """
    class Box:
        seen = []
        def add(self, v):
            self.seen.append(v)  # cause
            return len(self.seen)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Box().add(req.v)))
    """,
)
case(
    "an object of one's own that only this run sees",
    PURE,
    """
    class Box:
        def __init__(self):
            self.seen = []
        def add(self, v):
            self.seen.append(v)
            return len(self.seen)
    @node
    def f(req: Req) -> Res:
        box = Box()
        box.add(req.v)
        return Res(v=str(box.add("x")))
    """,
)
case(
    "reading an object that the flow changes",
    READS,
    """
    class Counter:
        def __init__(self):
            self.n = 0
        def add(self):
            self.n += 1
        def value(self):
            return self.n
    COUNTER = Counter()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(COUNTER.value()))  # cause
    """,
)
case(
    "a dataclass",
    PURE,
    """
    from dataclasses import dataclass, field as part, replace
    @dataclass(frozen=True)
    class Point:
        x: int
        tags: list[str] = part(default_factory=list)
        def __post_init__(self):
            assert self.x >= 0
        def moved(self, by):
            return replace(self, x=self.x + by)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Point(req.n).moved(1).x))
    """,
)
case(
    "a dataclass whose default asks the clock",
    CLOCK,
    """
    from dataclasses import dataclass, field as part
    def now():
        return time.time()  # cause
    @dataclass
    class Event:
        v: str
        at: float = part(default_factory=now)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Event(req.v)))
    """,
)
case(
    "an enumeration",
    PURE,
    """
    from enum import Enum
    class Kind(Enum):
        A = "a"
        B = "b"
        @classmethod
        def _missing_(cls, value):
            return cls.A
        @property
        def label(self):
            return self.value.upper()
        def plus(self, v):
            return self.label + v
    @node
    def f(req: Req) -> Res:
        match Kind(req.v):
            case Kind.A as kind:
                return Res(v=kind.plus(req.v))
            case kind:
                return Res(v=kind.label + Kind.B.plus(Kind["A"].name), words=[k.value for k in Kind])
    """,
)
case(
    "an enumeration that asks the clock",
    CLOCK,
    """
    from enum import Enum
    class Kind(Enum):
        A = "a"
        @property
        def label(self):
            return self.value + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=Kind.A.label)
    """,
)
case(
    "named tuples and new types",
    PURE,
    """
    from collections import namedtuple
    from typing import NamedTuple, NewType
    Pair = namedtuple("Pair", "a b")
    Name = NewType("Name", str)
    class Point(NamedTuple):
        x: int
        y: int = 0
    @node
    def f(req: Req) -> Res:
        pair = Pair(req.v, Name(req.v))
        return Res(v=pair.a + pair._replace(a="x").b, words=[str(Point(1)._asdict())])
    """,
)
case(
    "a generic class of one's own",
    PURE,
    """
    from typing import Generic, TypeVar
    T = TypeVar("T")
    class Box(Generic[T]):
        def __init__(self, value: T) -> None:
            self.value = value
    @node
    def f(req: Req) -> Res:
        return Res(v=Box[str](req.v).value)
    """,
)
case(
    "a helper's class that is not named here",
    CLOCK,
    """
    from .clocks import made
    @node
    def f(req: Req) -> Res:
        return Res(v=made().strip())
    """,
    clocks="""
    import time
    class Odd:
        def strip(self):
            return str(time.time())  # cause
    def made():
        return Odd()
    """,
)

# ---------------------------------------------------------------- other files

case(
    "a name from another file by another name",
    CLOCK,
    """
    from .helpers import stamp as tidy
    @node
    def f(req: Req) -> Res:
        return Res(v=tidy(req.v))
    """,
    helpers="""
    from .more import now as later
    def stamp(v):
        return v + later()
    """,
    more="""
    from time import time as tick
    def now():
        return str(tick())  # cause
    """,
)
case(
    "a helper of another file that is only named",
    RANDOM,
    """
    from .helpers import stamp
    @node
    def f(req: Req) -> Res:
        return Res(words=sorted(req.words, key=stamp))
    """,
    helpers="""
    import random
    def stamp(v):
        return random.random()  # cause
    """,
)
case(
    "helpers of two files that call each other",
    PURE,
    """
    from . import even
    @node
    def f(req: Req) -> Res:
        return Res(v=str(even.even(req.n)))
    """,
    even="""
    from . import odd
    def even(n):
        return n == 0 or odd.odd(n - 1)
    """,
    odd="""
    from . import even
    def odd(n):
        return n != 0 and even.even(n - 1)
    """,
)
STATE = """
    COUNTS = {}
    LIMIT = 1
    NAME = "a"
    def note(v):
        COUNTS[v] = 1
    def more():
        global LIMIT, NAME
        LIMIT += 1
        NAME += "a"
"""
case(
    "a table of another file that is changed there",
    READS,
    """
    from .state import COUNTS as COUNTED
    @node
    def f(req: Req) -> Res:
        return Res(v=str(COUNTED.get(req.v)))  # cause
    """,
    state=STATE,
)
case(
    "names of another file that are bound anew there",
    READS,
    """
    from . import state
    @node
    def f(req: Req) -> Res:
        n = state.LIMIT  # cause
        return Res(v=str(n) + state.NAME)  # cause
    """,
    state=STATE,
)
case(
    "a text of this file that is bound anew",
    READS,
    """
    GREETING = "hello"
    def greet(v):
        global GREETING
        GREETING = v
    @node
    def f(req: Req) -> Res:
        return Res(v=GREETING)  # cause
    """,
)
case(
    "a helper of another file that changes its own table",
    CHANGES,
    """
    from .state import note
    @node
    def f(req: Req) -> Res:
        note(req.v)
        return Res()
    """,
    state="""
    COUNTS = {}
    def note(v):
        COUNTS[v] = 1  # cause
    """,
)

# ---------------------------------------------------------------- capabilities

case(
    "a capability by another name",
    CLOCK,
    """
    @node
    def f(req: Req, clock: Clock) -> Res:  # cause
        c = clock
        now = c.now
        return Res(v=str(now()))
    """,
)
case(
    "a capability that a helper without annotations is given",
    WRITES,
    """
    async def send(api, v):
        return (await api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await send(api, req.v))
    """,
)
case(
    "a capability that an object keeps",
    WRITES,
    """
    from dataclasses import dataclass
    @dataclass
    class Client:
        api: HttpWrite
        async def send(self, v):
            return (await self.api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await Client(api).send(req.v))
    """,
)
case(
    "a capability that an object keeps from its constructor",
    WRITES,
    """
    class Client:
        def __init__(self, api: HttpWrite):
            self.api = api
        async def send(self, v):
            return (await self.api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await Client(api).send(req.v))
    """,
)

# ---------------------------------------------------------------- statements and expressions

case(
    "match",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        match req:
            case Req(v="now", words=[first, *rest]) if rest:
                return Res(v=first + str(time.time()))  # cause
            case Req(v=v):
                return Res(v=v.strip())
        return Res()
    """,
)
case(
    "format specifications",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=f"{req.n:>{len(req.v)}} {datetime.now():%Y}")  # cause
    """,
)
case(
    "methods of library objects",
    PURE,
    """
    import string, textwrap
    from fractions import Fraction
    @node
    def f(req: Req) -> Res:
        shown = string.Template("$v").substitute(v=req.v)
        wrapped = textwrap.TextWrapper(width=10).fill(shown)
        found = re.compile("a").fullmatch(req.v)
        at = found.start() if found else Fraction(1, 2).as_integer_ratio()[0]
        queue = collections.deque(req.words, maxlen=3)
        queue.appendleft("x")
        level = statistics.NormalDist(0, 1).cdf(0.5)
        day = dt.date.fromisoformat(req.v).replace(day=1).isoformat()
        return Res(v=f"{wrapped}{at}{level}{day}", words=list(queue))
    """,
)
case(
    "an annotated local",
    PURE,
    """
    from collections.abc import Callable
    @node
    def f(req: Req) -> Res:
        change: Callable[[str], str] = str.strip
        seen: dict[str, int] = {}
        seen[req.v] = 1
        return Res(v=change(req.v) + str(seen.get("a")))
    """,
)
case(
    "an exception of one's own",
    PURE,
    """
    class Bad(ValueError):
        def __init__(self, v):
            super().__init__(f"bad {v}")
            self.v = v
    @node
    def f(req: Req) -> Res:
        try:
            if not req.v:
                raise Bad(req.v)
        except Bad as bad:
            return Res(v=bad.v + str(bad))
        return Res()
    """,
)
case(
    "what can be asked of any value",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str(callable(req.v)) + str(hasattr(req, "v")) + type(req).__name__)
    """,
)
case(
    "a call whose text cannot be resolved",
    UNKNOWN,
    """
    @node
    def f(req: Req) -> Res:
        found = req.v.strip()
        return Res(v=found.frobnicate())  # cause
    """,
)
case(
    "two calls of one helper have one cause",
    CLOCK,
    """
    def stamp(v):
        return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=stamp(req.v) + stamp("x"), words=[stamp(w) for w in req.words])
    """,
)

# ---------------------------------------------------------------- more of each

case(
    "a pinned model that a helper is given",
    ("read_only", "stable"),
    """
    from typing import Annotated
    async def told(ai: AiRead, v):
        return (await ai.complete(v)).text  # cause
    @node
    async def f(req: Req, ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=7)]) -> Res:  # cause
        return Res(v=await told(ai, req.v))
    """,
)
case(
    "values from a seed",
    PURE,
    """
    def drawn(rng, v):
        return rng.integer(1, 6, seed=v)
    @node
    def f(req: Req, rng: SeededRng) -> Res:
        return Res(v=str(drawn(rng, req.v)) + str(rng.random(seed=req.v)))
    """,
)
case(
    "randomness that is asked for",
    RANDOM,
    """
    def drawn(rng, v):
        return rng.random()  # cause
    @node
    def f(req: Req, rng: Rng) -> Res:  # cause
        return Res(v=str(drawn(rng, req.v)))
    """,
)
case(
    "a function inside that keeps a count outside the node",
    CHANGES,
    """
    COUNT = 0
    @node
    def f(req: Req) -> Res:
        def count():
            global COUNT  # cause
            COUNT += 1
            return COUNT  # cause
        return Res(v=str(count()))
    """,
)
case(
    "a count that only this run sees",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        count = 0
        def counted(v):
            nonlocal count
            count += 1
            return f"{count} {v}"
        return Res(words=[counted(w) for w in req.words])
    """,
)
case(
    "a decorated inner function",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        @functools.cache
        def length(v):
            return len(v)
        return Res(v=str(sum(length(w) for w in req.words)))
    """,
)
case(
    "a stack of decorators",
    CLOCK,
    """
    def logged(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper
    @logged
    @functools.cache
    @logged
    def helper(v):
        return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=helper(req.v))
    """,
)
case(
    "a method that a decorator wraps",
    CLOCK,
    """
    def logged(method):
        @functools.wraps(method)
        def wrapper(self, *args):
            return method(self, *args)
        return wrapper
    class Box:
        @logged
        def stamped(self, v):
            return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=Box().stamped(req.v))
    """,
)
case(
    "a cached property",
    CLOCK,
    """
    class Box:
        @functools.cached_property
        def at(self):
            return time.time()  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Box().at))
    """,
)
case(
    "an iterator of one's own",
    RANDOM,
    """
    class Dice:
        def __iter__(self):
            return self
        def __next__(self):
            return random.random()  # cause
    @node
    def f(req: Req) -> Res:
        return Res(words=[f"{w}{n}" for w, n in zip(req.words, Dice())])
    """,
)
case(
    "an object that two steps hand on",
    CLOCK,
    """
    class Stamp:
        def mark(self, v):
            return v + str(time.time())  # cause
    def first(stamp, v):
        return second(stamp, v)
    def second(stamp, v):
        return stamp.mark(v)
    @node
    def f(req: Req) -> Res:
        return Res(v=first(Stamp(), req.v))
    """,
)
case(
    "a protocol of one's own",
    CLOCK,
    """
    from typing import Protocol
    class Marks(Protocol):
        def mark(self, v: str) -> str: ...
    class Stamp:
        def mark(self, v):
            return v + str(time.time())  # cause
    def marked(by: Marks, v):
        return by.mark(v)
    @node
    def f(req: Req) -> Res:
        return Res(v=marked(Stamp(), req.v))
    """,
)
case(
    "steps that a helper composes",
    PURE,
    """
    def composed(*steps):
        def run(v):
            for step in steps:
                v = step(v)
            return v
        return run
    tidy = composed(str.strip, str.lower, lambda v: v + "!")
    @node
    def f(req: Req) -> Res:
        return Res(v=tidy(req.v))
    """,
)
case(
    "steps that a helper composes, one of which reads the clock",
    CLOCK,
    """
    def composed(*steps):
        def run(v):
            for step in steps:
                v = step(v)
            return v
        return run
    tidy = composed(str.strip, lambda v: v + str(time.time()))  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=tidy(req.v))
    """,
)
case(
    "steps that are handed to a helper",
    CLOCK,
    """
    STEPS = (str.strip, lambda v: v + str(time.time()))  # cause
    def through(steps, v):
        for step in steps:
            v = step(v)
        return v
    @node
    def f(req: Req) -> Res:
        return Res(v=through(STEPS, req.v) + through([str.lower], req.v))
    """,
)
case(
    "a walrus in a comprehension",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        return Res(words=[short for w in req.words if (short := w.strip())], v=short)
    """,
)
case(
    "match on the shape of data",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        match json.loads(req.v):
            case {"kind": "a", "items": [str(first), *_], **rest}:
                return Res(v=first.upper() + str(len(rest)))
            case [x, y] | {"x": x, "y": y} if x:
                return Res(v=f"{x}{y}")
            case None | True:
                return Res()
        return Res()
    """,
)
case(
    "a match that calls what it caught",
    UNKNOWN,
    """
    @node
    def f(req: Req) -> Res:
        match req.words:
            case [first, *_]:
                return Res(v=first())  # cause
        return Res()
    """,
)
case(
    "str.format and %",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v="{} {n:>{w}}".format(req.v, n=time.time(), w=3))  # cause
    """,
)
case(
    "the text of an object of one's own",
    CLOCK,
    """
    class Tag:
        def __format__(self, spec):
            return str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        tag = Tag()
        return Res(v=f"{tag:x}")
    """,
)
case(
    "a finally block and an else block",
    CLOCK,
    """
    @node
    def f(req: Req) -> Res:
        try:
            n = int(req.v)
        except (ValueError, TypeError):
            n = 0
        else:
            n += time.time_ns()  # cause
        finally:
            pass
        return Res(v=str(n))
    """,
)
case(
    "a star import of a file beside it",
    CLOCK,
    """
    from .helpers import *
    @node
    def f(req: Req) -> Res:
        return Res(v=stamp(req.v))
    """,
    helpers="""
    import time
    def stamp(v):
        return v + str(time.time())  # cause
    """,
)
case(
    "a flag enumeration and its arithmetic",
    PURE,
    """
    from enum import Flag, StrEnum, auto
    class Can(Flag):
        READ = auto()
        WRITE = auto()
    class Kind(StrEnum):
        A = "a"
    @node
    def f(req: Req) -> Res:
        can = Can.READ | Can.WRITE
        return Res(v=Kind(req.v).upper() + Kind.A.value + str(can & Can.READ))
    """,
)
case(
    "sorting by total order",
    CLOCK,
    """
    @functools.total_ordering
    class Version:
        def __init__(self, v):
            self.v = v
        def __eq__(self, other):
            return self.v == other.v
        def __lt__(self, other):
            return time.time() < 0  # cause
    @node
    def f(req: Req) -> Res:
        return Res(words=[version.v for version in sorted(map(Version, req.words))])
    """,
)
case(
    "a class that is handed on",
    CLOCK,
    """
    class Stamped:
        def __init__(self, v):
            self.v = v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(words=[stamped.v for stamped in map(Stamped, req.words)])
    """,
)
case(
    "arguments in a star",
    PURE,
    """
    def joined(*words, sep="-", **rest):
        return sep.join(words) + str(sorted(rest))
    @node
    def f(req: Req) -> Res:
        return Res(v=joined(*req.words, **{"sep": "+"}))
    """,
)
case(
    "recursion with a function for a parameter",
    PURE,
    """
    def mapped(change, words):
        return [change(words[0]), *mapped(change, words[1:])] if words else []
    @node
    def f(req: Req) -> Res:
        return Res(words=mapped(lambda w: w.upper(), req.words))
    """,
)
case(
    "a local of the name of a method of one's own",
    PURE,
    """
    class Odd:
        def strip(self):
            return str(time.time())
    @node
    def f(req: Req) -> Res:
        text_of: str = req.v
        parts = text_of.split(",")
        return Res(v=parts[0].strip() + f"{text_of}".strip() + "x".strip())
    """,
)
case(
    "an async context manager of one's own",
    CLOCK,
    """
    from contextlib import asynccontextmanager
    @asynccontextmanager
    async def measured():
        yield time.monotonic()  # cause
    @node
    async def f(req: Req) -> Res:
        async with measured() as at:
            return Res(v=str(at))
    """,
)
case(
    "a key function that closes over a loop",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        keys = {w: len(w) for w in req.words}
        return Res(words=sorted(req.words, key=keys.get), v=max(req.words, key=lambda w: keys[w]))
    """,
)
case(
    "a set of a record of another file",
    ORDER,
    """
    from .records import Tagged
    @node
    def f(req: Tagged) -> Res:
        return Res(words=[tag for tag in req.tags])  # cause
    """,
    records="""
    from flowlattice import Record
    class Tagged(Record, data="public"):
        tags: set[str] = set()
    """,
)
case(
    "a helper that returns a set",
    ORDER,
    """
    def tags(words) -> set[str]:
        return {w.lower() for w in words}
    @node
    def f(req: Req) -> Res:
        return Res(words=list(tags(req.words)))  # cause
    """,
)
case(
    "a helper that makes a set without saying so",
    ORDER,
    """
    def tags(words):
        return {w.lower() for w in words}
    @node
    def f(req: Req) -> Res:
        return Res(words=list(tags(req.words)))  # cause
    """,
)
