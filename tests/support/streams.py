"""Flows that stream, and what is done with them."""

from __future__ import annotations

import asyncio

STREAM = """
from collections.abc import AsyncIterator

class In(Record, data="public"):
    count: int = 3
    fails_at: int = -1
    waits_at: int = -1

class Note(Record, data="public"):
    n: int

SEEN = []
GO = asyncio.Event()

@node
async def notes(req: In) -> AsyncIterator[Note]:
    try:
        for n in range(req.count):
            if n == req.waits_at:
                await GO.wait()
            if n == req.fails_at:
                raise ValueError("secret")
            SEEN.append(n)
            yield Note(n=n)
        SEEN.append("over")
    except asyncio.CancelledError:
        SEEN.append("cancelled")
        raise
    finally:
        SEEN.append("closed")
"""
EVENTS = (
    STREAM
    + """
flow = Flow("streams", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In, respond="explicit" DEADLINE))
flow.connect(hook, notes)
flow.connect(notes, flow.respond(body="events", stream=True))
"""
)
PLAIN = EVENTS.replace(" DEADLINE", "")
HURRIED = EVENTS.replace(" DEADLINE", ", deadline=ms(150)")
PAGE = (
    STREAM
    + """
def line(note: Note) -> str:
    return f"<p>{note.n}</p>"

flow = Flow("pages", version="1.0.0")
hook = flow.trigger(http.get("/notes", accepts=In))
lines = Map(line)
flow.connect(hook, notes)
flow.connect(notes, lines)
flow.connect(lines, flow.respond(body="html", stream=True, headers={"Content-Language": "en"}))
"""
)


def get(target: str, **more) -> dict:
    return {"method": "GET", "target": target, **more}


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)
