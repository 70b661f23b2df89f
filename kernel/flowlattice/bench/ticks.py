"""The flow of `flows bench sse`: an event at a constant interval, for as long as the client listens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from flowlattice import Flow, Profile, Record, field, http, node


class Wanted(Record, data="public"):
    """How often: 100 ms is ten times a second."""

    every_ms: Annotated[int, field(ge=1)] = 100


class Tick(Record, data="public"):
    """One event."""

    number: int
    text: str


TEXT = "What happened, in a line of usual length, as a changelog or a feed of prices has it."


@node
async def ticks(wanted: Wanted) -> AsyncIterator[Tick]:
    """Count; each event is due one interval after the one before was, however late that came."""
    now = asyncio.get_running_loop().time
    due, number = now(), 0
    while True:
        number += 1
        yield Tick(number=number, text=TEXT)
        due += wanted.every_ms / 1000
        await asyncio.sleep(due - now())


flow = Flow("ticks", version="1.0.0", profile=Profile.WEB, summary="Events at a constant interval")
hook = flow.trigger(http.get("/ticks", accepts=Wanted))
flow.connect(hook, ticks)
flow.connect(ticks, flow.respond(body="events", stream=True, event_id="number"))
