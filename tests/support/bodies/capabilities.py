"""Capabilities, by other names, in helpers and in objects."""

from tests.support.bodies import CHANGES, READS, UNKNOWN, Cases

CASES = Cases()
case = CASES.case

case(
    "a capability by another name",
    READS,
    """
    @node
    def f(req: Req, clock: Clock) -> Res:  # cause
        c = clock
        now = c.now
        return Res(v=str(now()))
    """,
)
case(
    "a capability that a helper without annotations is given",
    UNKNOWN,
    """
    async def send(api, v):
        return (await api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await send(api, req.v))
    """,
)
case(
    "a capability that an object keeps",
    UNKNOWN,
    """
    from dataclasses import dataclass
    @dataclass
    class Client:
        api: HttpWrite
        async def send(self, v):
            return (await self.api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await Client(api).send(req.v))
    """,
)
case(
    "a capability that an object keeps from its constructor",
    UNKNOWN,
    """
    class Client:
        def __init__(self, api: HttpWrite):
            self.api = api
        async def send(self, v):
            return (await self.api.post("https://a.example/", json=v)).text  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        return Res(v=await Client(api).send(req.v))
    """,
)
case(
    "an answer is looked at and read as a record",
    UNKNOWN,
    """
    from flowlattice import HttpResponse
    def of(answer: HttpResponse) -> str:
        return answer.raise_for_status().read(Res).v.strip()
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        (await api.post("https://a.example/", json=req.v)).raise_for_status()
        answer = await api.put("https://a.example/", json=req.v)
        return Res(v=of(answer) + answer.read(Res).v.upper())
    """,
)
case(
    "what is no answer is not taken for one",
    UNKNOWN,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=req.v.read(Res).v)  # cause
    """,
)
case(
    "what reads the clock when an answer is read",
    CHANGES,
    """
    import time
    from pydantic import field_validator
    class Stamped(Record, data="public"):
        at: float
        @field_validator("at")
        @classmethod
        def now(cls, value):
            return time.time()  # cause
    @node
    async def f(req: Req, api: HttpWrite) -> Res:  # cause
        answer = await api.put("https://a.example/", json=req.v)
        return Res(v=str(answer.read(Stamped).at))
    """,
)
