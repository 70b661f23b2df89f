"""Values that are made while the flow is loaded: by each process anew, so they have to come out the same."""

from tests.support.bodies import PROCESS, PURE, READS, Cases

CASES = Cases()
case = CASES.case

case(
    "the time at which the flow was loaded",
    READS,
    """
    STARTED = datetime.now()  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str(STARTED))
    """,
)
case(
    "a random name of the process, by a method of it",
    READS,
    """
    PROCESS: str = uuid.uuid4().hex  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=PROCESS.lower())
    """,
)
case(
    "what the flow does not name is not judged",
    PURE,
    """
    STARTED = datetime.now()
    class Clock:
        now = time.time()
        kind = "wall"
    @node
    def f(req: Req) -> Res:
        return Res(v=Clock.kind)
    """,
)
case(
    "a list in the order of a set",
    PROCESS,
    """
    ORDER = list({"a", "b", "c"})  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=ORDER[0])
    """,
)
case(
    "a value that is made of another one",
    READS,
    """
    STARTED = time.time()  # cause
    TABLE = {"started": STARTED}
    LATER = {key: value + 1 for key, value in TABLE.items()}
    @node
    def f(req: Req) -> Res:
        return Res(v=str(LATER[req.v]))
    """,
)
case(
    "a value that another file made, imported by another name",
    READS,
    """
    from .helpers import LOADED as begun
    @node
    def f(req: Req) -> Res:
        return Res(v=str(begun))
    """,
    helpers="""
    import time
    LOADED = time.time()  # cause
    """,
)
case(
    "a value that another file made, by way of a third one and of all its names",
    READS,
    """
    from . import helpers
    @node
    def f(req: Req) -> Res:
        return Res(v=str(helpers.LOADED))
    """,
    helpers="""
    from .more import *
    """,
    more="""
    import time
    LOADED = time.time()  # cause
    """,
)
case(
    "a value that a function of the flow made",
    READS,
    """
    def begun():
        return str(time.time())  # cause
    STARTED = begun()
    @node
    def f(req: Req) -> Res:
        return Res(v=STARTED)
    """,
)
case(
    "a table that is filled below its definition",
    READS,
    """
    FACTS = {}
    FACTS["started"] = time.time()  # cause
    FACTS.update(dice=random.random())  # cause
    for name in ("a", "b"):
        FACTS[name] = str(uuid4())  # cause
    def fill(table):
        table["late"] = time.monotonic()  # cause
    fill(FACTS)
    @node
    def f(req: Req) -> Res:
        return Res(v=str(FACTS[req.v]))
    """,
)
case(
    "an attribute of a class",
    READS,
    """
    class Holder:
        now = datetime.now()  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Holder.now))
    """,
)
case(
    "an attribute of a class above the class of an object",
    READS,
    """
    class Base:
        now = time.time()  # cause
    class Holder(Base):
        def get(self):
            return self.now
    @node
    def f(req: Req) -> Res:
        return Res(v=str(Holder().get()))
    """,
)
case(
    "the default of a record's field",
    READS,
    """
    class Made(Record):
        v: str
        at: str = datetime.now().isoformat()  # cause
    @node
    def f(req: Req) -> Made:
        return Made(v=req.v)
    """,
)
case(
    "the default of a record's field, beside the function that describes it",
    READS,
    """
    from typing import Annotated
    class Made(Record):
        v: str
        id: Annotated[str, field(alias="Id")] = str(uuid4())  # cause
    @node
    def f(req: Req) -> Made:
        return Made(v=req.v)
    """,
)
case(
    "an object that keeps what it was given",
    READS,
    """
    class Kept:
        def __init__(self, at):
            self.at = at
    KEPT = Kept(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str(KEPT.at))
    """,
)
case(
    "a partial of a value",
    READS,
    """
    def tell(at, v):
        return v + str(at)
    TELL = functools.partial(tell, time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=TELL(req.v))
    """,
)
case(
    "a function that was made with a value",
    READS,
    """
    def teller(at):
        def tell(v):
            return v + str(at)
        return tell
    TELL = teller(time.time())  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=TELL(req.v))
    """,
)
case(
    "what a decorator is given",
    READS,
    """
    def beginning(at):
        def decorator(function):
            return lambda v: function(v) + str(at)
        return decorator
    @beginning(time.time())  # cause
    def tell(v):
        return v
    @node
    def f(req: Req) -> Res:
        return Res(v=tell(req.v))
    """,
)
case(
    "what a function kept when it was made",
    READS,
    """
    def teller():
        at = time.time()  # cause
        def tell(v):
            return v + str(at)
        return tell
    TELL = teller()
    @node
    def f(req: Req) -> Res:
        return Res(v=TELL(req.v))
    """,
)
case(
    "the environment by a name of its own",
    ("read_only", "best_effort"),
    """
    from os import environ  # cause
    @node
    def f(req: Req) -> Res:
        return Res(v=str(len(environ)))
    """,
)
case(
    "constants of every kind",
    PURE,
    """
    import dataclasses, enum, string, types
    from datetime import timedelta
    from typing import Final, NamedTuple

    class Colour(enum.Enum):
        RED = 1
        BLUE = enum.auto()

    class Price(Record):
        amount: Decimal = Decimal("0.00")
        steps: list[int] = []

    @dataclasses.dataclass(frozen=True)
    class Step:
        name: str
        change: object = str.lower
        rest: list[str] = dataclasses.field(default_factory=lambda: ["a"])

    class Point(NamedTuple):
        x: int
        y: int = 0

    def build(rows):
        found = {}
        for name, value in rows:
            found[name] = value
        return found

    def suffixed(suffix):
        def add(v):
            return v + suffix
        return add

    WORDS: Final = frozenset("a b c".split())
    SORTED = tuple(sorted(WORDS | {"d"}))
    RATES = types.MappingProxyType({"a": Decimal("1.2"), "b": Decimal(2)})
    WORD = re.compile("|".join(map(re.escape, SORTED)), re.IGNORECASE)
    PRICE = Price(amount=Decimal("3"), steps=[1])
    STEPS = {"lower": Step("lower"), "upper": Step("upper", str.upper)}
    ORIGIN = Point(1)
    BUILT = build([("a", 1), ("b", 2)])
    BUILT["c"] = len(BUILT)
    BUILT.update({"d": 4})
    BANG = suffixed("!")
    ADD = functools.partial(operator.add, 1)
    DAY = timedelta(days=1)
    EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
    LETTERS = string.ascii_letters + "".join(chr(n) for n in range(3))
    PARSED = json.loads('{"a": 1}')
    SECONDS = minutes(5)
    BY_COLOUR = {each: each.value for each in Colour}
    try:
        LEVEL = int("3")
    except ValueError:
        LEVEL = 0

    @node
    def f(req: Req) -> Res:
        v = f"{SORTED} {RATES['a']} {PRICE.amount} {BUILT['a']} {ADD(2)} {EPOCH + DAY} {LETTERS} {PARSED['a']} {LEVEL}"
        made = Step("x").name + ORIGIN.__doc__ + STEPS["lower"].name + Price().model_dump_json()
        return Res(v=BANG(v) + made + str(BY_COLOUR[Colour.RED] + SECONDS.seconds), words=WORD.findall(req.v))
    """,
)
case(
    "what decorators note while loading",
    PURE,
    """
    STEPS = {}
    def step(name):
        def note(function):
            STEPS[name] = function
            return function
        return note
    @step("lower")
    def lower(v):
        return v.lower()
    @node
    def f(req: Req) -> Res:
        return Res(v=lower(req.v))
    """,
)
