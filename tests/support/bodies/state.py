"""State by way of other names, branches, loops and functions, and state that objects of libraries keep."""

from tests.support.bodies import CHANGES, PURE, READS, Cases

CASES = Cases()
case = CASES.case

ALIASES = {
    "one of two values": "x = None or SEEN; x.append(req.v)",
    "a branch": "(SEEN if req.n else []).append(req.v)",
    "a branch that has a name": "x = SEEN if req.n else []; x.append(req.v)",
    "an assignment expression": "(x := SEEN).append(req.v)",
    "an item of a list": "x = [SEEN][0]; x.append(req.v)",
    "a loop": "[x.append(req.v) for x in (SEEN,)]",
    "a part": "x = SEEN; x[:] = [req.v]",
    "an assignment to two names": "x, y = SEEN, 1; x += [req.v]",
    "an item of a table": "COUNTS.get(req.v, []).append(req.v)",
    "a loop over a table": "[x.append(req.v) for x in list(COUNTS.values())]",
}
for name, statement in ALIASES.items():
    case(
        f"a list of the file is changed by way of {name}",
        CHANGES,
        f"""
        @node
        def f(req: Req) -> Res:
            {statement}  # cause
            return Res()
        """,
    )
for name, statement in {"": "seen().append(req.v)", " and a name": "x = seen(); x.append(req.v)"}.items():
    case(
        f"a list of the file is changed by way of a function{name}",
        CHANGES,
        f"""
        def seen():
            return SEEN  # cause
        @node
        def f(req: Req) -> Res:
            {statement}  # cause
            return Res()
        """,
    )
case(
    "copies are changed",
    PURE,
    """
    NESTED = [["a"], ["b"]]
    PRICES = {"a": 1}
    @node
    def f(req: Req) -> Res:
        words = NAMES | {"z"}
        first = NESTED[:1]
        first.append([])
        copied = [*NESTED]
        copied.append([])
        table = dict(PRICES)
        table["b"] = 2
        price = PRICES.get("a", 0)
        price += 1
        own = [] if req.n else list(NESTED)
        own.append([])
        limit = LIMIT
        limit += 1
        return Res(v=f"{price} {limit} {len(words)}")
    """,
)
case(
    "a list that another function changes by way of a branch",
    READS,
    """
    def note(v):
        kept = SEEN if v else []
        kept.append(v)
    @node
    def f(req: Req) -> Res:
        return Res(words=SEEN)  # cause
    """,
)
case(
    "reading an item of a table that makes what it has not",
    CHANGES,
    """
    COUNTED = collections.defaultdict(int)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(COUNTED[req.v]))  # cause
    """,
)
case(
    "the size of a table that makes what it has not",
    READS,
    """
    COUNTED = collections.defaultdict(int)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(len(COUNTED)))  # cause
    """,
)
case(
    "a local table that makes what it has not",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        counted = collections.defaultdict(int)
        for word in req.words:
            counted[word] += 1
        return Res(v=str(counted[req.v]))
    """,
)
case(
    "the kept result of a function is changed",
    CHANGES,
    """
    @functools.lru_cache
    def found(v):
        return []
    @node
    def f(req: Req) -> Res:
        found(req.v).append("y")  # cause
        return Res(words=found(req.v))
    """,
)
case(
    "the kept result of a function is changed by another name",
    CHANGES,
    """
    @functools.cache
    def found(v):
        return {}
    @node
    def f(req: Req) -> Res:
        table = found(req.v)
        table[req.v] = "y"  # cause
        return Res()
    """,
)
case(
    "the kept result of a function is read",
    PURE,
    """
    @functools.cache
    def found(v):
        return [v]
    @node
    def f(req: Req) -> Res:
        return Res(words=[*found(req.v), "y"])
    """,
)

GIVEN = {
    "an argument": "add(SEEN)  # cause",
    "a named argument": "add(xs=COUNTS['a'])  # cause",
    "a spread argument": "add(*[SEEN])  # cause",
    "another helper": "nest(SEEN)  # cause",
    "an item of a copy": "add(dict(COUNTS)[req.v])",
    "a choice": "add(max(COUNTS.values(), key=len))",
}
for name, statement in GIVEN.items():
    case(
        f"a helper changes what it is given by {name}",
        CHANGES,
        f"""
        def add(xs):
            xs.append("x")  # cause
        def nest(xs):
            add(xs)
        class Kept:
            def __init__(self, xs):
                self.xs = xs
            def add(self, v):
                add(self.xs)
        @node
        def f(req: Req) -> Res:
            {statement}
            return Res()
        """,
    )
case(
    "a helper changes what is the node's own",
    PURE,
    """
    WORDS = ["a"]
    def add(xs):
        xs.append("x")
        return xs
    class Kept:
        def __init__(self, xs):
            self.xs = list(xs)
        def add(self, v):
            self.xs.append(v)
    @node
    def f(req: Req) -> Res:
        own = [*WORDS]
        kept = Kept([])
        kept.add(req.v)
        return Res(words=add(own) + add(list(WORDS)) + add([]))
    """,
)
case(
    "a pattern and an assignment to several names",
    CHANGES,
    """
    LISTS = {"a": [], "b": []}
    @node
    def f(req: Req) -> Res:
        match LISTS:
            case {"a": a}:
                a.append(req.v)  # cause
        b, *_ = [*LISTS.values()]
        b.append(req.v)  # cause
        return Res()
    """,
)
