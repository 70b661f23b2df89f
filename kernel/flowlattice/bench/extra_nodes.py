"""What one more pure node costs: `python -m flowlattice.bench.extra_nodes`, a process of its own.

Requests go straight into the ASGI application of two flows in turn, the echo and the echo with more nodes. The
difference of the CPU times, by the number of nodes, is what one costs. Tasks that a request starts are counted.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from flowlattice.bench.load import BODY
from flowlattice.bench.workers import answer_lines, number
from flowlattice.bindings import LocalBindings
from flowlattice.engine import Runtime
from flowlattice.hosts.inprocess import InProcess
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp

EXTRA: Final = 100

_BATCH: Final = 50
_STEP: Final = """
@node
def step_{number}(req: InReq) -> InReq:
    return req


flow.connect({before}, step_{number})
"""


def source(extra: int) -> str:
    """The echo flow with so many more nodes before its own. Without a rate limit: nothing here is sent at a rate."""
    head, hook, rest = Path(__file__).with_name("echo.py").read_text(encoding="utf-8").partition("flow.connect(hook, ")
    steps = "".join(_STEP.format(number=turn, before=f"step_{turn - 1}" if turn else "hook") for turn in range(extra))
    kept = "".join(line for line in (hook + rest).splitlines(keepends=True) if "rate_limit" not in line)
    return head + steps + (kept.replace("(hook, ", f"(step_{extra - 1}, ") if extra else kept)


class Pair:
    """Both flows, and how many tasks were started."""

    def __init__(self, folder: Path) -> None:
        self._drivers = [InProcess(WebApp([_runtime(folder / f"flow_{extra}.py", extra)])) for extra in (0, EXTRA)]
        self._tasks = 0

    async def measure(self, seconds: float) -> dict[str, JsonValue]:
        """Send requests to both for about so many seconds."""
        self._tasks = 0
        asyncio.get_running_loop().set_task_factory(self._counted)
        used, requests, until = [0.0, 0.0], 0, time.monotonic() + seconds
        while not requests or time.monotonic() < until:
            for place, driver in enumerate(self._drivers):
                used[place] += await _batch(driver)
            requests += _BATCH
        return {"node_us": (used[1] - used[0]) / requests / EXTRA * 1e6, "tasks": self._tasks / requests}

    def _counted(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **more: Any,  # noqa: ANN401 - what the loop hands on to each task
    ) -> asyncio.Task[Any]:
        self._tasks += 1
        return asyncio.Task(work, loop=loop, **more)


async def _batch(driver: InProcess) -> float:
    before = time.process_time()
    for _ in range(_BATCH):
        answer = await driver.request("POST", "/echo", headers={"content-type": "application/json"}, body=BODY)
        if answer.status != 200:
            raise RuntimeError(f"the echo flow answered {answer.status}")
    return time.process_time() - before


def _runtime(file: Path, extra: int) -> Runtime:
    file.write_text(source(extra), encoding="utf-8")
    return runtime(load_flow(file), LocalBindings(), profile="web")


def _answering(pair: Pair) -> Callable[[dict[str, JsonValue]], dict[str, JsonValue]]:
    return lambda asked: asyncio.run(pair.measure(number(asked, "seconds")))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder_:
        answer_lines(_answering(Pair(Path(folder_))))
