"""Closures, functions that take functions, default arguments, comprehensions and generators."""

from tests.support.bodies import CHANGES, PROCESS, PURE, READS, UNKNOWN, Cases

CASES = Cases()
case = CASES.case

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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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

case(
    "a generator expression",
    READS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str(sum(random.random() for _ in req.words)))  # cause
    """,
)
case(
    "a comprehension's condition",
    READS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(words=[w for w in req.words if random.random() > 0.5])  # cause
    """,
)
case(
    "a generator of one's own",
    READS,
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
    READS,
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
