"""`flows bench sse`: what streams cost and how punctual they are, against the same stream by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Final

from flowlattice.bench.report import FLOW, Bound, Report, Reporter, Task, versions
from flowlattice.bench.rounds import Arm, Measured, percentile
from flowlattice.bench.workers import Worker, cores, number, numbers, worker
from flowlattice.errors import EngineUnavailable

BY_HAND: Final = "sse-starlette"
EVERY_MS: Final = 100
"""The interval of each stream's events."""

_TARGET: Final = f"/ticks?every_ms={EVERY_MS}"
_IDLE_TARGET: Final = "/ticks?every_ms=3600000"
_FIELDS: Final = {
    "cpu_us": "CPU per chunk, µs",
    "deviation_ms": "deviation of the gap between chunks p95, ms",
    "p50_ms": "the same p50, ms",
    "delivered": "chunks delivered, % of those due",
}
_IDLE: Final = {"kb": "memory per idle stream, KB"}
_LATEST_MS: Final[Mapping[int, float]] = {100: 1.5, 400: 5.0}
"""How far the gap may be off at the 95th percentile, by the number of streams."""
_WARM_STREAMS: Final = 50


def measure(reporter: Reporter, *, seconds: float, streams: tuple[int, ...], idle: int) -> Report:
    """Measure all arms.

    Args:
        reporter: What measures.
        seconds: How long each arm streams in each round.
        streams: At how many streams at once, one section each.
        idle: How many idle streams are opened to see what one needs in memory.

    Raises:
        EngineUnavailable: A server or the load failed.
    """
    services, notes = {FLOW: "ticks"}, [cores(), "deviations hold the listener's delays too"]
    arms = {FLOW: f"a streaming node on this package's web host ({versions('uvicorn')})"}
    if find_spec("sse_starlette") is None:
        notes.append("sse-starlette is left out: pip install 'flowlattice[bench]' brings it")
    else:
        services[BY_HAND] = "ticks_by_hand"
        arms[BY_HAND] = f"by hand: the same models and metrics ({versions('sse-starlette', 'starlette')})"
    with ExitStack() as stack:
        load = stack.enter_context(worker("load", "listeners"))
        servers = {name: stack.enter_context(worker("server", "server", service)) for name, service in services.items()}
        ports = {name: number(server.hear(), "port") for name, server in servers.items()}
        idle_arms = {name: _idle(server, load, ports[name], idle) for name, server in servers.items()}
        bounds = (Bound(field="kb", most=30),)
        reporter.measure(Task(title=f"{idle} idle streams", fields=_IDLE, arms=idle_arms, bounds=bounds), rounds=1)
        for many in streams:
            under_load = {n: _under_load(server, load, ports[n], many, seconds) for n, server in servers.items()}
            reporter.measure(
                Task(
                    title=f"{many} streams, a chunk every {EVERY_MS} ms, for {seconds:g} s",
                    fields=_FIELDS,
                    arms=under_load,
                    bounds=_bounds(many, BY_HAND in services),
                    times=f"deviation of the gap between two chunks from {EVERY_MS} ms, ms",
                )
            )
    return reporter.report("sse", arms, *notes)


def _bounds(streams: int, is_compared: bool) -> list[Bound]:
    found = [Bound(field="delivered", most=95, at_least=True)]
    if streams in _LATEST_MS:
        found.append(Bound(field="deviation_ms", most=_LATEST_MS[streams]))
    if is_compared:
        found.append(Bound(field="cpu_us", against=BY_HAND, most=1.0))
    return found


def _under_load(server: Worker, load: Worker, port: float, streams: int, seconds: float) -> Arm:
    def arm() -> Measured:
        _hold(load, port, _TARGET, streams)
        before = server.number("cpu_s")
        found = load.ask(do="listen", every_ms=EVERY_MS, seconds=seconds)
        used = server.number("cpu_s") - before
        _hold(load, port, _TARGET, 0)
        came, times = number(found, "came"), sorted(numbers(found, "times"))
        if not came:
            raise EngineUnavailable("a server of the benchmark sent nothing; try it with fewer streams (--streams)")
        values = {
            "cpu_us": used / came * 1e6,
            "deviation_ms": percentile(times, 95),
            "p50_ms": percentile(times, 50),
            "delivered": min(100.0, came / number(found, "due") * 100),
        }
        return Measured(values, times)

    return arm


def _idle(server: Worker, load: Worker, port: float, streams: int) -> Arm:
    def arm() -> Measured:
        _hold(load, port, _IDLE_TARGET, min(streams, _WARM_STREAMS))
        _hold(load, port, _IDLE_TARGET, 0)
        before = server.number("memory_kb")
        _hold(load, port, _IDLE_TARGET, streams)
        after = server.number("memory_kb")
        _hold(load, port, _IDLE_TARGET, 0)
        return Measured({"kb": (after - before) / streams})

    return arm


def _hold(load: Worker, port: float, target: str, streams: int) -> None:
    opened = load.number("open", do="hold", port=port, target=target, streams=streams, spread_ms=EVERY_MS)
    if opened < streams:
        raise EngineUnavailable(f"only {opened:g} of {streams} streams could be opened; try it with fewer")
