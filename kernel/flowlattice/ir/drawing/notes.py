"""What control surfaces add to the boxes of the nodes that they govern: one line for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from flowlattice.ir.drawing.text import duration, number
from flowlattice.ir.model import Surface

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
        case _:
            return ""


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
