"""Mistakes of controls: limits, windows, buffers, partitions, errors; numbers that are zero, negative or gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import Module, Mutation, argument, decorator, giving, options, without


def _each(module: Module, name: str, *calls: str) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls that are given a keyword, with its value."""
    for call in module.calls(*calls):
        value = argument(call, name)
        if value is not None:
            yield call, value


def _given(module: Module, name: str, calls: tuple[str, ...], *values: str) -> Iterator[Mutation]:
    """Other values of a keyword."""
    for call, _ in _each(module, name, *calls):
        for value in values:
            needs = ("ms",) if value.startswith(("ms(", "-ms(")) else ()
            yield module.change(call, giving(name, value), f"gives {name} the value {value}", needs=needs)


_ROUTES = ("get", "post", "put", "patch", "delete")


@operator()
def drop_deadline(module: Module) -> Iterator[Mutation]:
    """A route has no deadline."""
    for call, _ in _each(module, "deadline", *_ROUTES):
        yield module.change(call, without("deadline"), "has no deadline")


@operator("CTRL101")
def no_time_for_a_route(module: Module) -> Iterator[Mutation]:
    """A deadline is zero or negative."""
    yield from _given(module, "deadline", _ROUTES, "ms(0)", "-ms(5)")


@operator()
def shorten_deadline(module: Module) -> Iterator[Mutation]:
    """A deadline is shorter."""
    yield from _given(module, "deadline", _ROUTES, "ms(7)")


@operator()
def drop_rate_limit(module: Module) -> Iterator[Mutation]:
    """Any number of requests is let in."""
    for statement, call in module.statements("rate_limit"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("DAG320")
def no_rate(module: Module) -> Iterator[Mutation]:
    """A rate is zero or negative."""
    yield from _given(module, "qps", ("rate_limit",), "0", "-1")
    yield from _given(module, "burst", ("rate_limit",), "0", "-1")


@operator()
def raise_rate(module: Module) -> Iterator[Mutation]:
    """More is let in."""
    yield from _given(module, "qps", ("rate_limit",), "1000000")


@operator("DAG207")
def double_statement(module: Module) -> Iterator[Mutation]:
    """A statement of the flow is there twice, with another value the second time."""
    for statement, call in module.statements("rate_limit"):
        copy = ast.unparse(call).replace("qps=", "qps=3 + ")
        yield module.after(statement, copy, f"limits the rate twice: {ast.unparse(call)}")
    for statement, call in module.statements("partition_by"):
        yield module.after(
            statement,
            ast.unparse(call).replace(call.args[1].value, "x")
            if isinstance(call.args[1], ast.Constant) and isinstance(call.args[1].value, str)
            else ast.unparse(call),
            "partitions twice",
        )


@operator("DAG207")
def set_a_control_twice(module: Module) -> Iterator[Mutation]:
    """A control of an edge is set a second time."""
    for statement, call in module.statements("connect"):
        source, target = map(ast.unparse, call.args[:2])
        if argument(call, "delivery") is not None:
            text = f"flow.edge({source}, {target}, delivery='at_least_once')"
            yield module.after(statement, text, f"delivers from {source} to {target} in two ways")


@operator("DAG206")
def control_a_missing_edge(module: Module) -> Iterator[Mutation]:
    """A control is set for an edge that is not there."""
    if module.is_flow and module.nodes:
        name = module.nodes[-1].name
        yield module.at_end(
            f"flow.edge({name}, {name}, delivery='at_most_once')", f"controls an edge from {name} to itself"
        )


@operator("CTRL101")
def no_time_for_an_edge(module: Module) -> Iterator[Mutation]:
    """A timeout is zero or negative."""
    for _, call in module.statements("connect")[:2]:
        yield module.change(call, giving("timeout", "ms(0)"), "gives an edge no time", needs=("ms",))
    for function in module.nodes:
        found = decorator(function)
        if isinstance(found, ast.Call):
            yield module.change(found, giving("timeout", "-ms(1)"), f"gives {function.name} no time", needs=("ms",))


@operator()
def drop_timeout(module: Module) -> Iterator[Mutation]:
    """A node may take for ever."""
    for function in module.nodes:
        found = decorator(function)
        if isinstance(found, ast.Call) and argument(found, "timeout") is not None:
            yield module.change(found, without("timeout"), f"{function.name} may take for ever")


@operator("CTRL102")
def no_buffer(module: Module) -> Iterator[Mutation]:
    """A buffer holds nothing."""
    for _, call in module.statements("connect")[:2]:
        yield module.change(call, giving("buffer", "Buffer(max_items=0)"), "buffers nothing", needs=("Buffer",))


@operator()
def lose_when_full(module: Module) -> Iterator[Mutation]:
    """A buffer that is full loses records."""
    for _, call in module.statements("connect")[:2]:
        value = "Buffer(max_items=64, on_full='drop_oldest')"
        yield module.change(call, giving("buffer", value), "loses records", needs=("Buffer",))


@operator("SPILL001", "CTRL102")
def spill_without_bound(module: Module) -> Iterator[Mutation]:
    """What spills has no bound, or none that is one."""
    for call in module.calls("Spill"):
        yield module.change(call, without("max_bytes"), "spills without bound")
        yield module.change(call, giving("max_bytes", "0"), "spills no bytes")
        yield module.change(call, giving("bytes_per_second", "0"), "spills at no speed")


@operator("SPILL002")
def spill_nowhere(module: Module) -> Iterator[Mutation]:
    """What spills has nowhere to go."""
    for call in module.calls("Spill"):
        yield module.change(call, without("blob"), "spills nowhere")


@operator("SPILL001", "SPILL002")
def spill_by_word_only(module: Module) -> Iterator[Mutation]:
    """A buffer is to spill and does not say where."""
    for _, call in module.statements("connect")[:1]:
        value = "Buffer(max_items=64, on_full='spill')"
        yield module.change(call, giving("buffer", value), "spills, it is not said where", needs=("Buffer",))


@operator()
def drop_spill(module: Module) -> Iterator[Mutation]:
    """A buffer does not spill."""
    for call, _ in _each(module, "spill", "Buffer"):
        yield module.change(call, without("spill"), "does not spill")


@operator("DAG005")
def drop_partition(module: Module) -> Iterator[Mutation]:
    """Records are not split by a key."""
    for statement, call in module.statements("partition_by"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("DAG005")
def no_shards(module: Module) -> Iterator[Mutation]:
    """A partition has no shards."""
    for call in module.calls("partition_by"):
        yield module.change(call, giving("max_parallel_shards", "0"), "has no shards")
        yield module.change(call, giving("max_parallel_shards", "-3"), "has less than no shards")


@operator("DAG005")
def no_weight(module: Module) -> Iterator[Mutation]:
    """A key gets nothing, or less."""
    for call in module.calls("partition_by"):
        yield module.change(call, giving("weights", "{'kiosk': 0}"), "weighs a key with nothing")
        yield module.change(call, giving("weights", "{'kiosk': -1}"), "weighs a key with less than nothing")


@operator()
def other_weight(module: Module) -> Iterator[Mutation]:
    """A key gets another share."""
    for call in module.calls("partition_by"):
        yield module.change(call, giving("weights", "{'kiosk': 9}"), "weighs a key otherwise")


@operator("WIN001")
def drop_window(module: Module) -> Iterator[Mutation]:
    """Records are added up without a window."""
    windows = {
        ast.unparse(statement.targets[0]): statement
        for statement, _ in module.statements("tumbling", "sliding", "session")
        if isinstance(statement, ast.Assign)
    }
    edges = [(statement, call) for statement, call in module.statements("connect")]
    for name in windows:
        into = next((pair for pair in edges if ast.unparse(pair[1].args[1]) == name), None)
        out = next((pair for pair in edges if ast.unparse(pair[1].args[0]) == name), None)
        if into and out:
            yield module.put(into[1].args[1], ast.unparse(out[1].args[1]), f"leads past the window {name}")


@operator("CTRL101")
def no_window(module: Module) -> Iterator[Mutation]:
    """A window is nothing long."""
    yield from _given(module, "size", ("tumbling", "sliding"), "ms(0)", "-ms(1)")


@operator("CTRL101")
def negative_lateness(module: Module) -> Iterator[Mutation]:
    """Events may be late by less than nothing."""
    yield from _given(module, "allowed_lateness", ("tumbling", "sliding", "session"), "-ms(1)")


@operator()
def drop_lateness(module: Module) -> Iterator[Mutation]:
    """No event may be late."""
    for call, _ in _each(module, "allowed_lateness", "tumbling", "sliding", "session"):
        yield module.change(call, without("allowed_lateness"), "allows no event to be late")


@operator()
def other_window(module: Module) -> Iterator[Mutation]:
    """A window is longer."""
    yield from _given(module, "size", ("tumbling", "sliding"), "ms(600000000)")


@operator()
def other_aggregate(module: Module) -> Iterator[Mutation]:
    """Something else is computed."""
    for call in module.calls("sum", "avg", "max"):
        if module.is_flow and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
            name = "min" if call.func.attr != "min" else "max"
            changed = (
                f"{ast.unparse(call.func.value)}.{name}({', '.join(map(ast.unparse, [*call.args, *call.keywords]))})"
            )
            yield module.put(call, changed, f"takes the {name}")


@operator("DAG005")
def no_concurrency(module: Module) -> Iterator[Mutation]:
    """A node runs no times at a time, or less."""
    for function in module.nodes:
        found = decorator(function)
        if isinstance(found, ast.Call):
            for value in ("0", "-2", "1000000"):
                yield module.change(
                    found, giving("concurrency", value), f"runs {function.name} {value} times at a time"
                )


@operator("CTRL101", "DAG006")
def no_batch(module: Module) -> Iterator[Mutation]:
    """A batch is empty, or waits no time."""
    for call in module.calls("Batch"):
        yield module.put(call, "Batch(0)", "takes no records together")
        yield module.put(call, "Batch(-5)", "takes less than no records together")
        yield module.put(call, "Batch(10, within=-ms(5))", "waits less than no time", needs=("ms",))


@operator()
def drop_batch(module: Module) -> Iterator[Mutation]:
    """Records are taken one by one."""
    for function in module.nodes:
        found = decorator(function)
        if isinstance(found, ast.Call) and argument(found, "batch") is not None:
            yield module.change(found, without("batch"), f"{function.name} takes records one by one")


@operator("CACHE001")
def drop_cache(module: Module) -> Iterator[Mutation]:
    """Results are not kept."""
    for function in module.nodes:
        found = decorator(function)
        if isinstance(found, ast.Call) and argument(found, "cache") is not None:
            yield module.change(found, without("cache"), f"keeps no results of {function.name}")


@operator("CTRL101")
def no_time_to_keep(module: Module) -> Iterator[Mutation]:
    """Results are kept for no time."""
    yield from _given(module, "ttl", ("Cache",), "ms(0)", "-ms(1)")


@operator("CTRL901")
def other_cache(module: Module) -> Iterator[Mutation]:
    """Results are kept elsewhere."""
    yield from _given(module, "tier", ("Cache",), "'shared'", "'memory'")


@operator("CACHE002")
def cache_an_effect(module: Module) -> Iterator[Mutation]:
    """Results of a node that acts are kept, so that it does not act."""
    for function in module.nodes:
        found, key = decorator(function), argument(options(function), "idempotency")
        if isinstance(found, ast.Call) and isinstance(key, ast.Call):
            value = f"Cache(by({', '.join(map(ast.unparse, key.args))}))"
            yield module.change(found, giving("cache", value), f"keeps results of {function.name}", needs=("Cache",))


@operator("DAG202")
def drop_error_handler(module: Module) -> Iterator[Mutation]:
    """Nothing is said of what happens when a node fails."""
    for statement, call in module.statements("on_error"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("CTRL101", "DAG005")
def no_retries(module: Module) -> Iterator[Mutation]:
    """A node is retried less than never, or without pause."""
    yield from _given(module, "max", ("Retry",), "-1")
    for call in module.calls("Exponential"):
        yield module.put(call.args[0], "-ms(1)", "pauses less than no time", needs=("ms",))
        yield module.change(call, giving("factor", "0"), "pauses for nothing the second time")


@operator("DAG005")
def retry_for_ever(module: Module) -> Iterator[Mutation]:
    """A node is retried as good as for ever."""
    yield from _given(module, "max", ("Retry",), "1000000")


@operator("DAG202")
def other_dead_letter(module: Module) -> Iterator[Mutation]:
    """What fails goes to a side output that nobody listens to."""
    for call in module.calls("DeadLetter"):
        yield module.put(call.args[0], "'elsewhere'", "gives what failed to nobody")


@operator("DAG202")
def other_error_handler(module: Module) -> Iterator[Mutation]:
    """Something else happens when a node fails."""
    for call in module.calls("on_error"):
        yield module.put(call.args[1], "Halt()", "stops when a node fails", needs=("Halt",))


@operator("EXACT003")
def hide_deliveries_longer(module: Module) -> Iterator[Mutation]:
    """A record is delivered again, after longer than its key is remembered."""
    for call in module.calls("kafka", "queue"):
        value = "seconds(1000000)"
        yield module.change(call, giving("visibility_timeout", value), "hides deliveries for days", needs=("seconds",))


@operator("CTRL101", "CTRL102")
def no_deliveries(module: Module) -> Iterator[Mutation]:
    """A record is never delivered, or again at once."""
    for call in module.calls("kafka", "queue"):
        yield module.change(call, giving("max_deliveries", "0"), "delivers never")
        yield module.change(call, giving("visibility_timeout", "ms(0)"), "delivers again at once", needs=("ms",))


def _elsewhere(source: str) -> str:
    return source.replace("s3://", "s3://other-") if "://" in source else f"{source}_other"


@operator()
def other_source(module: Module) -> Iterator[Mutation]:
    """A trigger listens to something else."""
    for call in module.calls("kafka", "queue", "listing", "cron"):
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            is_time = ast.unparse(call.func) == "cron"
            other = "0 10 * * 2" if is_time else _elsewhere(first.value)
            yield module.put(first, repr(other), f"listens to {other}")


@operator("DAG107")
def no_schedule(module: Module) -> Iterator[Mutation]:
    """A schedule is none."""
    for call in module.calls("cron"):
        yield module.put(call.args[0], "'61 9 * * 1'", "starts at minute 61")
        yield module.put(call.args[0], "'every day'", "starts at what is no time")


@operator()
def drop_slo(module: Module) -> Iterator[Mutation]:
    """Nothing is promised."""
    for statement, call in module.statements("slo"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("CTRL101", "DAG320")
def no_slo(module: Module) -> Iterator[Mutation]:
    """A promise is of nothing."""
    yield from _given(module, "records_per_second", ("slo",), "0", "-1")
    yield from _given(module, "percentile", ("slo",), "0", "101")
    yield from _given(module, "latency", ("slo",), "ms(0)")
