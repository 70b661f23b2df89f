"""More of each, and several at once."""

from tests.support.bodies import CHANGES, PROCESS, PURE, READS, UNKNOWN, Cases

CASES = Cases()
case = CASES.case

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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v="{} {n:>{w}}".format(req.v, n=time.time(), w=3))  # cause
    """,
)
case(
    "the text of an object of one's own",
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    PROCESS,
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
    PROCESS,
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
    PROCESS,
    """
    def tags(words):
        return {w.lower() for w in words}
    @node
    def f(req: Req) -> Res:
        return Res(words=list(tags(req.words)))  # cause
    """,
)
