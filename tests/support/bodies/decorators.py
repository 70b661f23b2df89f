"""Decorators: functools', contextlib's and those of the flow."""

from tests.support.bodies import PROCESS, PURE, READS, Cases

CASES = Cases()
case = CASES.case

case(
    "functools.cache around a clock",
    READS,
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
    READS,
    """
    one_of = functools.partial(pick, ["a", "b"])
    @node
    def f(req: Req) -> Res:
        return Res(v=one_of())  # cause
    """,
)
case(
    "a partial inside the body",
    READS,
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
    READS,
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
    READS,
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
    PROCESS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
