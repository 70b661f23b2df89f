"""Dates in the time zone of the machine."""

from tests.support.bodies import PURE, READS, Cases

CASES = Cases()
case = CASES.case

MACHINE = ("read_only", "best_effort")
WRITTEN = {
    "seconds by a format": 'dt.datetime(2020, 1, 1, tzinfo=timezone.utc).strftime("%s")',
    "seconds by a format of the file": "dt.datetime(2020, 1, 1).strftime(SECONDS)",
    "seconds in a formatted text": 'f"{dt.datetime(2020, 1, 1):at %-s}"',
    "seconds by the built-in function": 'format(dt.datetime(2020, 1, 1), "%s")',
    "seconds by a method of text": '"{:%s}".format(dt.datetime(2020, 1, 1))',
    "no zone": "str(dt.datetime(2020, 1, 1).astimezone(None))",
    "no zone by its name": "str(dt.datetime(2020, 1, 1).astimezone(tz=None))",
    "a time without a zone": "str(datetime.fromtimestamp(req.n, None))",
    "a zone of the machine that is read": 'str(datetime.strptime(req.v, "%H %Z"))',
}
for name, written in WRITTEN.items():
    case(
        name,
        MACHINE,
        f"""
        SECONDS = "%s"
        @node
        def f(req: Req) -> Res:
            return Res(v={written})  # cause
        """,
    )
case(
    "dates in zones of their own",
    PURE,
    """
    from datetime import timedelta
    FIXED = timezone(timedelta(hours=1))
    @node
    def f(req: Req) -> Res:
        at = datetime.fromtimestamp(req.n, tz=timezone.utc).astimezone(FIXED)
        back = datetime.strptime(req.v, "%Y-%m-%d %z").astimezone(tz=FIXED)
        return Res(v=f"{at:%Y-%m-%d %Z}" + back.strftime("%H:%M:%S %Z") + "%s" % req.v + "{:>5s} %s".format(req.v))
    """,
)
case(
    "a zone of the flow that reads the clock",
    READS,
    """
    class Moving(dt.tzinfo):
        def utcoffset(self, at):
            return dt.timedelta(seconds=datetime.now().second)  # cause
        def dst(self, at):
            return None
    @node
    def f(req: Req) -> Res:
        return Res(v=str(datetime.fromisoformat(req.v).astimezone(Moving())))
    """,
)
case(
    "a zone of the flow that is made while loading",
    READS,
    """
    class Moving(dt.tzinfo):
        def utcoffset(self, at):
            return dt.timedelta(seconds=datetime.now().second)  # cause
    MOVING = Moving()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(datetime.fromisoformat(req.v).astimezone(MOVING)))
    """,
)
case(
    "a zone of the flow",
    PURE,
    """
    class Fixed(dt.tzinfo):
        def utcoffset(self, at):
            return dt.timedelta(hours=1)
        def tzname(self, at):
            return "+1"
    FIXED = Fixed()
    @node
    def f(req: Req) -> Res:
        return Res(v=str(datetime.fromisoformat(req.v).astimezone(FIXED)))
    """,
)
