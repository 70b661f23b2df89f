"""What control surfaces and checkpoints add to the boxes of the nodes that they govern: one line for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from flowlattice.ir.drawing.text import duration, number
from flowlattice.ir.model import Checkpoint, Surface

_Config = Mapping[str, JsonValue]


def surface_note(surface: Surface) -> str:
    """What a surface adds; nothing where the node or its edges say it themselves."""
    config = surface.config
    match surface.kind:
        case "rate_limit":
            return f"rate limit {number(config.get('qps'))}/s, burst {number(config.get('burst'))}"
        case "respond":
            stream = " stream" if config.get("stream") is True else ""
            return f"{number(config.get('status'))} {config.get('body') or ''}{stream}".rstrip()
        case "window":
            return ", ".join(_window(config))
        case "aggregate":
            return "; ".join(_aggregate(config))
        case "join":
            pairs = config.get("on")
            on = [_pair(pair) for pair in pairs] if isinstance(pairs, list) else []
            return f"{config.get('kind')} on {', '.join(on)}, within {_time(config.get('within_ms'))}"
        case "distinct":
            return f"first of {_list(config.get('fields'))} in {_time(config.get('within_ms'))}"
        case "foreach" if config.get("concurrency") is not None:
            return f"at most {number(config.get('concurrency'))} at once"
        case "partition":
            return ", ".join(_partition(config))
        case "error_handler":
            return f"on error: {', then '.join(_strategies(config))}"
        case _:
            return ""


def checkpoint_note(checkpoint: Checkpoint) -> str:
    """What waits for whom: `true waits for finance (approve), at most 24 h, then rejected`."""
    what = f"{checkpoint.case} waits" if checkpoint.case is not None else "waits"
    note = f"{what} for {checkpoint.approvers or 'a person'} ({checkpoint.id})"
    if checkpoint.ttl_s is not None:
        note += f", at most {duration(checkpoint.ttl_s * 1000)}"
    if checkpoint.on_timeout == "reject":
        note += ", then rejected"
    elif checkpoint.on_timeout == "escalate":
        note += f", then {checkpoint.escalate_to or 'somebody else'} is asked"
    return note


def _partition(config: _Config) -> Iterator[str]:
    """`split by user_id, at most 64 at once, vip × 2`."""
    yield f"split by {_list(config.get('fields'))}"
    if config.get("max_parallel_shards") is not None:
        yield f"at most {number(config.get('max_parallel_shards'))} at once"
    weights = config.get("weights")
    for key, weight in weights.items() if isinstance(weights, dict) else ():
        yield f"{key} × {number(weight)}"


def _strategies(config: _Config) -> Iterator[str]:
    """`5 retries after 200 ms × 2`, then what happens when they are used up."""
    match config.get("strategy"):
        case "retry":
            yield f"{number(config.get('max'))} retries after {_time(config.get('backoff_ms'))} × {_factor(config)}"
            then = config.get("then")
            if isinstance(then, dict):
                yield from _strategies(then)
        case "dead_letter":
            yield f"out at {config.get('to')}"
        case "escalate":
            yield f"{config.get('to')} is asked"
        case _:
            yield "the run stops"


def _factor(config: _Config) -> str:
    return number(config.get("factor"))


def _window(config: _Config) -> Iterator[str]:
    """`tumbling 5 min by ts, late after 2 min`."""
    size, slide, gap = (config.get(name) for name in ("size_ms", "slide_ms", "gap_ms"))
    every = "" if slide is None else f" every {_time(slide)}"
    long = f"gap {_time(gap)}" if size is None else f"{_time(size)}{every}"
    yield f"{config.get('shape')} {long} by {config.get('event_time')}"
    if config.get("lateness_ms"):
        yield f"late after {_time(config.get('lateness_ms'))}"
    if config.get("idle_ms") is not None:
        yield f"idle after {_time(config.get('idle_ms'))}"


def _aggregate(config: _Config) -> Iterator[str]:
    """`by customer_id; sum of bytes as total`."""
    if config.get("keys"):
        yield f"by {_list(config.get('keys'))}"
    functions = config.get("functions")
    for function in functions if isinstance(functions, list) else ():
        if isinstance(function, dict):
            field, into = function.get("field"), function.get("as")
            of = "" if field is None else f" of {field}"
            yield f"{function.get('op')}{of}{'' if into == field else f' as {into}'}"


def _pair(pair: JsonValue) -> str:
    names = [str(name) for name in pair] if isinstance(pair, list) else []
    return " = ".join(dict.fromkeys(names))


def _list(names: JsonValue) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list) else "?"


def _time(value: JsonValue) -> str:
    return duration(value) if isinstance(value, int | float) else "?"
