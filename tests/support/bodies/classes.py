"""Classes: methods, properties, operators, constructors, and objects that are called."""

from tests.support.bodies import CHANGES, PURE, READS, Cases

CASES = Cases()
case = CASES.case

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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
            self.words.add(v)  # cause
            return v in self.words
    SEEN_BEFORE = Seen()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(SEEN_BEFORE(req.v)))  # cause
    """,
)
case(
    "an operator of one's own",
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
    READS,
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
case(
    "a record that is made from JSON",
    PURE,
    """
    from .records import Silent
    @node
    def f(req: Req) -> Res:
        return Res(v=Silent.model_validate_json(req.v).v + Silent.model_validate({"v": req.v}).v)
    """,
    records=RECORDS,
)
case(
    "a record whose check reads the clock, made from JSON",
    READS,
    """
    from .checked import Checked
    @node
    def f(req: Req) -> Res:
        return Res(v=Checked.model_validate_json(req.v).v)
    """,
    checked="""
    import time
    from typing import Any
    from flowlattice import Record
    class Checked(Record, data="public"):
        v: str = ""
        def model_post_init(self, _context: Any) -> None:
            time.time()  # cause
    """,
)
case(
    "a class that is handed on, and what it is asked for",
    PURE,
    """
    def named(kind: type) -> str:
        return kind.__name__.upper() + kind.known.first
    @node
    def f(req: Req) -> Res:
        return Res(v=type(req).__name__ + named(Res))
    """,
)
