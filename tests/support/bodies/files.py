"""Helpers and state in the files beside a flow."""

from tests.support.bodies import CHANGES, PURE, READS, Cases

CASES = Cases()
case = CASES.case

case(
    "a name from another file by another name",
    READS,
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
    READS,
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
