"""Statements and expressions."""

from tests.support.bodies import PURE, READS, UNKNOWN, Cases

CASES = Cases()
case = CASES.case

case(
    "match",
    READS,
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
    READS,
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
    READS,
    """
    def stamp(v):
        return v + str(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=stamp(req.v) + stamp("x"), words=[stamp(w) for w in req.words])
    """,
)
