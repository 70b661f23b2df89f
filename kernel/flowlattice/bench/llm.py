"""`flows bench llm`: what a call of a language model costs around it, and whether many processes keep to one budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import count
from typing import Final

from pydantic import JsonValue

from flowlattice.bench.report import FLOW, Bound, Report, Reporter, Task, versions
from flowlattice.bench.rounds import Arm, Measured, percentiles
from flowlattice.bench.spenders import WORST
from flowlattice.bench.workers import Worker, cores, number, numbers, worker
from flowlattice.errors import EngineUnavailable

BY_HAND: Final = "openai-sdk"
SHORT: Final = 4
LONG: Final = 104
"""In how many pieces the model answers; what lies between the two is the cost of pieces, the rest that of a call."""

_TARGET: Final = "/sum"
_TEXT: Final = "The ferry sails on Wednesdays and Saturdays, but not while the wind is above eight. " * 6
_FIELDS: Final = {
    "call_us": "CPU per call, µs",
    "delta_us": "CPU per delta, µs",
    "p50_ms": f"a call of {LONG} deltas p50, ms",
    "p95_ms": "the same p95, ms",
    "failed": "failed calls",
}
_MONEY: Final = {
    "overspent": "spent above the ceiling, tokens",
    "unused": f"left unused (a call may need {WORST}), tokens",
    "held": "set aside and never settled, tokens",
    "per_s": "calls booked per second",
}
_MONEY_BOUNDS: Final = (
    Bound(field="overspent", most=0, always=True),
    Bound(field="unused", most=WORST - 1, always=True),
    Bound(field="held", most=0, always=True),
)


def measure(reporter: Reporter, *, calls: int, rate: float, processes: int, budgets: int) -> Report:
    """Measure all arms.

    Args:
        reporter: What measures.
        calls: How many calls of each length each arm makes in each round.
        rate: Calls a second.
        processes: How many spend one budget.
        budgets: How many budgets they spend, one after the other.

    Raises:
        EngineUnavailable: The SDK is not installed, or a server or the load failed.
    """
    if find_spec("openai") is None:
        raise EngineUnavailable("this benchmark needs the OpenAI SDK: pip install 'flowlattice[openai]'")
    arms = {
        FLOW: "examples/s09_doc_summarize: counted, set aside and booked in the ledger, answer kept, written down",
        BY_HAND: f"by hand, without a budget: the same models and deadline ({versions('openai', 'starlette')})",
    }
    with ExitStack() as stack:
        load = stack.enter_context(worker("load", "listeners"))
        url = f"http://127.0.0.1:{_port(stack.enter_context(worker('load', 'scripted_model')))}/v1"
        texts = _texts()
        calling = {
            name: _calling(stack.enter_context(worker("server", "server", service, url)), load, texts, calls, rate)
            for name, service in ((FLOW, "summarize"), (BY_HAND, "summarize_by_hand"))
        }
        title, bounds = f"{rate:g} calls/s, {calls} of each length", (Bound(field="failed", most=0, always=True),)
        times = f"from when a call of {LONG} deltas was due to its end, ms"
        reporter.measure(Task(title=title, fields=_FIELDS, arms=calling, bounds=bounds, times=times))
    with worker("load", "spenders") as spenders:
        arm = {FLOW: lambda: _spending(spenders, processes)}
        task = Task(title=f"{processes} processes, one day's budget", fields=_MONEY, arms=arm, bounds=_MONEY_BOUNDS)
        reporter.measure(task, rounds=budgets)
    return reporter.report("llm", arms, cores())


def _port(server: Worker) -> int:
    return int(number(server.hear(), "port"))


def _calling(server: Worker, load: Worker, texts: Iterator[str], calls: int, rate: float) -> Arm:
    port = _port(server)

    def ask(pieces: int, many: int) -> tuple[float, list[float]]:
        """CPU per call in µs, and how long each took."""
        bodies: list[JsonValue] = [json.dumps({"text": f"pieces={pieces}; {next(texts)}"}) for _ in range(many)]
        before = server.number("cpu_s")
        found = load.ask(do="ask", port=port, target=_TARGET, bodies=bodies, rate=rate)
        if not number(found, "answered"):
            raise EngineUnavailable("a server of the benchmark answered nothing; try it with fewer calls (--rate)")
        return (server.number("cpu_s") - before) / many * 1e6, numbers(found, "times")

    ask(SHORT, 2)  # imports done, tables read

    def arm() -> Measured:
        (short_us, shorts), (long_us, longs) = ask(SHORT, calls), ask(LONG, calls)
        delta_us = (long_us - short_us) / (LONG - SHORT)
        failed = 2.0 * calls - len(shorts) - len(longs)
        costs = {"call_us": short_us - SHORT * delta_us, "delta_us": delta_us}
        return Measured({**costs, **percentiles(longs), "failed": failed}, longs)

    return arm


def _spending(spenders: Worker, processes: int) -> Measured:
    found = spenders.ask(processes=processes, calls=processes * 20)
    return Measured({name: number(found, name) for name in _MONEY})


def _texts() -> Iterator[str]:
    """Texts of which none comes twice: an answer that is kept would not be asked for again."""
    return (f"Notice {turn}. {_TEXT}" for turn in count())
