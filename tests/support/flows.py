"""Flows from source text, and the web host of one without sockets."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from flowlattice.bindings import LocalBindings
from flowlattice.engine import MemoryCallLog, Runtime
from flowlattice.engine.backends import Bindings
from flowlattice.engine.tracing import Tracer
from flowlattice.hosts.inprocess import InProcess, Response
from flowlattice.hosts.programs import LoadedFlow, load_flow, runtime
from flowlattice.hosts.web import WebApp

PRELUDE = """
from __future__ import annotations
import asyncio
from datetime import date
from typing import Annotated, Literal
from flowlattice import (
    Buffer, Clock, Context, DedupeStore, Effects, Filter, Flow, HttpRead, HttpWrite, If, InvalidInput, KvRead, KvWrite,
    Map, Merge, Profile, Record, Rng, Switch, by, field, http, minutes, ms, node, require, seconds,
)
"""

ECHO = """
class In(Record, data="public"):
    v: str

class Out(Record, data="public"):
    v: str

@node
def tidy(req: In) -> Out:
    return Out(v=req.v.strip().lower())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=In))
flow.connect(hook, tidy)
flow.connect(tidy, flow.respond())
"""


def write_flow(folder: Path, source: str, *, name: str = "flow.py") -> Path:
    """A flow file with the usual imports above its source."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(PRELUDE + dedent(source), encoding="utf-8")
    return file


def flow_of(folder: Path, source: str) -> LoadedFlow:
    """A loaded flow."""
    return load_flow(write_flow(folder, source))


def runtime_of(
    folder: Path,
    source: str,
    *,
    bindings: Bindings | None = None,
    log: MemoryCallLog | None = None,
    profile="web",
    tracer: Tracer | None = None,
) -> Runtime:
    """A runtime of a flow."""
    return runtime(flow_of(folder, source), bindings or LocalBindings(), profile=profile, log=log, tracer=tracer)


@dataclass(frozen=True)
class Client:
    """Requests to a host without sockets."""

    app: WebApp
    driver: InProcess
    log: MemoryCallLog
    runtime: Runtime

    async def __call__(
        self, method: str, target: str, *, json: Any = None, body: bytes | None = None, headers=None
    ) -> Response:
        """Send a request; `json` is sent with its media type."""
        sent = dict(headers or {})
        if json is not None:
            body = jsonlib.dumps(json).encode()
            sent.setdefault("content-type", "application/json")
        return await self.driver.request(method, target, headers=sent, body=body or b"")


@asynccontextmanager
async def web(
    folder: Path, source: str, *, bindings: Bindings | None = None, tracer: Tracer | None = None
) -> AsyncIterator[Client]:
    """The web host of a flow."""
    log = MemoryCallLog()
    served = runtime_of(folder, source, bindings=bindings, log=log, tracer=tracer)
    app = WebApp([served])
    async with InProcess(app) as driver:
        yield Client(app, driver, log, served)


def ask(folder: Path, source: str, *requests: dict[str, Any]) -> list[Response]:
    """Answers to requests in order, each a dict of `Client`'s arguments."""

    async def send() -> list[Response]:
        async with web(folder, source) as client:
            return [await client(**request) for request in requests]

    return asyncio.run(send())


async def until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until something holds, and fail if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in threads and processes too
            await asyncio.sleep(0.002)


def running(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an asynchronous test on a loop of its own."""
    import functools

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(_awaited(test(*args, **kwargs)))

    return run


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable
