"""Capabilities, by other names, in helpers and in objects."""

from tests.support.bodies import READS, UNKNOWN, Cases

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
