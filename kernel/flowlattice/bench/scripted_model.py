"""A language model of a benchmark: `python -m flowlattice.bench.scripted_model`, a process of its own.

It speaks OpenAI's chat protocol as far as a streamed answer needs it. How many pieces it answers in is what the prompt
says (`pieces=8;`). They come one by one, as fast as they are still read one by one, so that what is measured is what
stands around the model.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Final

from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from flowlattice.bench.server import serve_until_closed

_PIECES: Final = re.compile(r"pieces=(\d+);")
_BETWEEN_S: Final = 0.002
_PROMPT_TOKENS: Final = 60


async def complete(request: Request) -> StreamingResponse:
    """POST /v1/chat/completions."""
    found = _PIECES.search((await request.body()).decode())
    return StreamingResponse(events(int(found[1]) if found else 1), media_type="text/event-stream")


async def events(pieces: int) -> AsyncIterator[bytes]:
    """An answer in so many pieces, what it came to, and the end."""
    for number in range(pieces):
        yield _event([{"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": None}])
        await asyncio.sleep(_BETWEEN_S)
    yield _event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    used = {"prompt_tokens": _PROMPT_TOKENS, "completion_tokens": pieces, "total_tokens": _PROMPT_TOKENS + pieces}
    yield _event([], used)
    yield b"data: [DONE]\n\n"


def _event(choices: list[JsonValue], usage: dict[str, int] | None = None) -> bytes:
    told = {"id": "answer", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": choices}
    return b"data: " + json.dumps(told if usage is None else {**told, "usage": usage}).encode() + b"\n\n"


if __name__ == "__main__":
    serve_until_closed(Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])]))
