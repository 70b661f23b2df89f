"""One arm of `flows bench web` in a process of its own: `python -m flowlattice.bench.server flow|baseline`.

Prints its port once it is ready, then answers every line on stdin with the CPU seconds it has used so far.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from flowlattice.bench.baseline import application
from flowlattice.bindings import LocalBindings
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from flowlattice.hosts.web.server import Address, listen, settings, settle_memory

ARMS = ("flow", "baseline")


def app_of(arm: str) -> Callable[..., object]:
    """The ASGI application of an arm."""
    if arm == "baseline":
        return application()
    with tempfile.TemporaryDirectory() as folder:
        # An author's code is read outside the kernel; what stands inside it is not read as a flow's.
        file = Path(shutil.copy(Path(__file__).with_name("echo.py"), Path(folder) / "flow.py"))
        return WebApp([runtime(load_flow(file), LocalBindings(), profile="web")])


def main(arm: str) -> None:
    """Serve until stdin is closed."""
    listener = listen(Address("127.0.0.1", 0))
    server = uvicorn.Server(settings(app_of(arm)))
    settle_memory()
    threading.Thread(target=_report, args=(server, listener.getsockname()[1]), daemon=True).start()
    server.run(sockets=[listener])


def _report(server: uvicorn.Server, port: int) -> None:
    while not server.started:
        time.sleep(0.01)
    print(json.dumps({"port": port}), flush=True)  # noqa: T201 - the protocol with the benchmark
    for _ in sys.stdin:
        print(json.dumps({"cpu_s": time.process_time()}), flush=True)  # noqa: T201 - the same
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1])
