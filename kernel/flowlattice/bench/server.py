"""One service in a process of its own: `python -m flowlattice.bench.server SERVICE [MODEL_URL]`.

Says its port once it is ready, then answers every line with what it has used so far: CPU seconds, and KB in memory.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import uvicorn
from pydantic import JsonValue

from flowlattice.bench.workers import answer_lines, say
from flowlattice.bindings import LocalBindings
from flowlattice.bindings.environment import EnvironmentBindings
from flowlattice.engine.backends import Bindings
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from flowlattice.hosts.web.server import Address, listen, settings, settle_memory

FLOWS: Final = ("echo", "ticks", "summarize")
"""The flows among the services, each the file of its name in this package."""
BY_HAND: Final[Mapping[str, str]] = {
    "echo_by_hand": "echo_by_hand",
    "echo_with_fastapi": "echo_with_fastapi",
    "ticks_by_hand": "ticks_by_hand",
    "summarize_by_hand": "summarize_by_hand",
}
"""The others, with the module whose `application` makes each."""

_BINDINGS: Final = """
[bench.ai]
backend = "openai"
base_url = "{url}"
"""


def app_of(service: str, model_url: str = "", folder: Path | None = None) -> Callable[..., object]:
    """The ASGI application of a service.

    Args:
        service: Its name.
        model_url: Where its language model is, if it asks one.
        folder: Where it keeps what it writes, if it writes.
    """
    if service in BY_HAND:
        module = importlib.import_module(f"flowlattice.bench.{BY_HAND[service]}")
        made: Callable[..., object] = module.application(model_url) if model_url else module.application()
        return made
    with tempfile.TemporaryDirectory() as name:
        # An author's code is read outside the kernel; what stands inside it is not read as a flow's.
        file = Path(shutil.copy(Path(__file__).with_name(f"{service}.py"), Path(name) / "flow.py"))
        return WebApp([runtime(load_flow(file), _bindings(model_url, folder), profile="web")])


def _bindings(model_url: str, folder: Path | None) -> Bindings:
    if not model_url or folder is None:
        return LocalBindings()
    return EnvironmentBindings(_BINDINGS.format(url=model_url), "bench", folder)


def main(service: str, model_url: str = "") -> None:
    """Serve one."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLOWS_HOME"] = folder  # budgets of the benchmark are nobody's
        serve_until_closed(app_of(service, model_url, Path(folder)))


def serve_until_closed(app: Callable[..., object]) -> None:
    """Serve an application until the input is closed, and answer its lines meanwhile."""
    listener = listen(Address("127.0.0.1", 0))
    server = uvicorn.Server(settings(app))
    settle_memory()
    threading.Thread(target=_report, args=(server, listener.getsockname()[1]), daemon=True).start()
    server.run(sockets=[listener])


def _report(server: uvicorn.Server, port: int) -> None:
    while not server.started:
        time.sleep(0.01)
    say({"port": port})
    answer_lines(_used)
    server.should_exit = True


def _used(_: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"cpu_s": time.process_time(), "memory_kb": _memory_kb()}


def _memory_kb() -> float:
    """What the process has in memory; 0 where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


if __name__ == "__main__":
    main(*sys.argv[1:3])
