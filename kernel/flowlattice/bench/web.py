"""`flows bench web`: what the web host costs, against the same endpoint by hand, and what one more pure node costs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Final

from flowlattice.bench.report import FLOW, Bound, Report, Reporter, Task, versions
from flowlattice.bench.rounds import Arm, Measured, percentiles
from flowlattice.bench.workers import Worker, cores, number, numbers, worker
from flowlattice.errors import EngineUnavailable

STARLETTE: Final = "starlette"
FASTAPI: Final = "fastapi"

_FIELDS: Final = {
    "cpu_us": "CPU per request, µs",
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "p99_ms": "p99, ms",
    "failed": "failed requests",
}
_BOUNDS: Final = (
    Bound(field="cpu_us", against=STARLETTE, most=1.2),
    Bound(field="p95_ms", against=STARLETTE, most=1.2),
    Bound(field="failed", most=0, always=True),
)
_NODES: Final = {"node_us": "CPU per extra pure node, µs", "tasks": "tasks started per request"}
_WARM_S: Final = 1.0


def measure(reporter: Reporter, *, seconds: float, rate: float) -> Report:
    """Measure all arms.

    Args:
        reporter: What measures.
        seconds: How long each arm is under load in each round.
        rate: Requests a second.

    Raises:
        EngineUnavailable: A server or the load failed.
    """
    services, notes = {FLOW: "echo", STARLETTE: "echo_by_hand"}, [cores()]
    bounds = list(_BOUNDS)
    arms = {
        FLOW: "examples/s01_echo on this package's web host",
        STARLETTE: f"by hand: the same models, deadline, limits and metrics ({versions('starlette', 'uvicorn')})",
    }
    if find_spec("fastapi") is None:
        notes.append("FastAPI is left out: pip install 'flowlattice[bench]' brings it")
    else:
        services[FASTAPI] = "echo_with_fastapi"
        arms[FASTAPI] = f"the same with {versions('fastapi')}"
        bounds.append(Bound(field="cpu_us", against=FASTAPI, most=0.7))
    with ExitStack() as stack:
        load = stack.enter_context(worker("load", "load"))
        servers = {name: stack.enter_context(worker("server", "server", service)) for name, service in services.items()}
        under_load = {name: _under_load(server, load, rate, seconds) for name, server in servers.items()}
        title = f"{rate:g} requests/s for {seconds:g} s"
        times = "latency from when a request was due, ms"
        reporter.measure(Task(title=title, fields=_FIELDS, arms=under_load, bounds=bounds, times=times))
    with worker("server", "extra_nodes") as nodes:
        node_bounds = (Bound(field="node_us", most=0.5), Bound(field="tasks", most=0, always=True))
        arm = {FLOW: lambda: _extra_node(nodes, seconds)}
        reporter.measure(Task(title="an extra pure node", fields=_NODES, arms=arm, bounds=node_bounds))
    return reporter.report("web", arms, *notes)


def _under_load(server: Worker, load: Worker, rate: float, seconds: float) -> Arm:
    port = number(server.hear(), "port")
    load.ask(port=port, rate=rate, seconds=min(seconds, _WARM_S))  # imports done, caches filled

    def arm() -> Measured:
        before = server.number("cpu_s")
        found = load.ask(port=port, rate=rate, seconds=seconds)
        used = server.number("cpu_s") - before
        answered = number(found, "answered")
        if not answered:
            raise EngineUnavailable("a server of the benchmark answered nothing; try it with fewer requests (--rate)")
        failed = answered - number(found, "fine") + number(found, "unanswered")
        times = numbers(found, "times")
        return Measured({"cpu_us": used / answered * 1e6, **percentiles(times), "failed": failed}, times)

    return arm


def _extra_node(nodes: Worker, seconds: float) -> Measured:
    found: Mapping[str, object] = nodes.ask(seconds=min(seconds, 2.0))
    return Measured({name: float(str(found[name])) for name in _NODES})
