"""Aliases: of functions, methods, modules and classes, in tables and lists, and names that hide others."""

from tests.support.bodies import CHANGES, PURE, READS, Cases

CASES = Cases()
case = CASES.case

case(
    "a local alias of a function",
    READS,
    """
    @node
    def f(req: Req) -> Res:
        n = datetime.now
        return Res(v=str(n()))  # cause
    """,
)
case(
    "a module by another name",
    READS,
    """
    import time as t
    @node
    def f(req: Req) -> Res:
        return Res(v=str(t.time()))  # cause
    """,
)
case(
    "a class by another name",
    READS,
    """
    from datetime import datetime as d
    @node
    def f(req: Req) -> Res:
        return Res(v=str(d.now()))  # cause
    """,
)
case(
    "an alias of an alias",
    READS,
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
    READS,
    """
    NOW = datetime.now
    @node
    def f(req: Req) -> Res:
        return Res(v=str(NOW()))  # cause
    """,
)
case(
    "an alias that is handed on",
    READS,
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
    READS,
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
    READS,
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
    READS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str((now := time.time)()))  # cause
    """,
)
case(
    "a comprehension's variable hides a module only there",
    READS,
    """
    @node
    def f(req: Req) -> Res:
        lengths = [len(time) for time in req.words]
        return Res(v=str(lengths) + str(time.time()))  # cause
    """,
)
case(
    "an inner function's parameter hides a module only there",
    READS,
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
    READS,
    """
    STAMPS = {"now": time.time, "never": int}
    @node
    def f(req: Req) -> Res:
        return Res(v=str(STAMPS[req.v]()))  # cause
    """,
)
case(
    "a list of steps",
    READS,
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
