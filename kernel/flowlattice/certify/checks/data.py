"""Data: what is personal, payment or secret comes out nowhere but in fields of such a class.

Each node alone is run on inputs with canaries in those fields, with backends that answer and with backends that fail.
None may stand in what it prints or logs, the URL or target of a call, a key in clear, the text that refuses an input,
or a field of its result whose class is public or internal. A field without a class fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.canaries import SENSITIVE, unclassed
from flowlattice.certify.model import Check
from flowlattice.certify.per_node import Found, worst
from flowlattice.ir.model import FlowIR, Node
from flowlattice.policy.evidence import node_evidence
from flowlattice.sandbox import SandboxError

NAME = "data"
TITLE = "Personal, payment and secret data comes out nowhere but in fields of such a class"

_AT_ONCE: Final = 2
_WITH_CODE: Final = frozenset({"node", "plugin", "if", "switch", "foreach"})


def applies(bench: Bench) -> str | None:
    """It needs a node that takes such data, or a field of which nothing is known."""
    nodes = _nodes(bench)
    is_asked = any(_takes_it(bench.ir, node) or _without_class(bench.ir, node) for node in nodes)
    return None if is_asked else "no node takes personal, payment or secret data"


def run(bench: Bench) -> Check:
    """Look at each node that takes such data; of the others only the classes of their fields."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda node: _looked_at(bench, node), _nodes(bench)))
    failures = tuple(dict.fromkeys(failure for one in found for failure in one.failures))
    gaps = tuple(one.gap for one in found if one.gap)
    verdicts = {one.part.verdict for one in found}
    runs, fields = sum(one.runs for one in found), sum(one.fields for one in found)
    handled = sum(one.runs > 0 for one in found)
    said = f"{handled} node{'s'[: handled != 1]}, {runs} runs with canaries in {fields} field{'s'[: fields != 1]}"
    summary = f"{said}, {len(failures)} faults" if failures else f"{said}, none came out"
    return Check(
        name=NAME,
        verdict=worst(verdicts),
        summary=summary,
        failures=(failures or gaps)[:10],
        measured={"nodes": handled, "runs": runs, "fields": fields},
        parts=tuple(one.part for one in found),
    )


@dataclass(frozen=True, kw_only=True)
class _Found(Found):
    """What was found of a node."""

    runs: int = 0
    fields: int = 0


def _nodes(bench: Bench) -> list[Node]:
    return [node for node in bench.ir.nodes if node.kind in _WITH_CODE and node.name in bench.nodes]


def _looked_at(bench: Bench, node: Node) -> _Found:
    part, without = f"node:{node.name}", _without_class(bench.ir, node)
    if without:
        return _Found(
            name=f"node:{node.name}", failures=tuple(f"{node.name}: {name} has no data class" for name in without)
        )
    if not _takes_it(bench.ir, node):
        return _Found(name=part, summary="takes no personal, payment or secret data")
    try:
        seen = cast(Mapping[str, JsonValue], bench.probe(NAME, {"node": node.name}))
    except SandboxError as error:
        return _Found(name=part, gap=f"{node.name}: could not be looked at: {error}")
    if "gap" in seen:
        return _Found(name=part, gap=str(seen["gap"]))
    return _seen(node, seen)


def _seen(node: Node, seen: Mapping[str, JsonValue]) -> _Found:
    part = f"node:{node.name}"
    runs, finished = int(str(seen["runs"])), int(str(seen["finished"]))
    fields = [str(field) for field in cast(list[JsonValue], seen["fields"])]
    if not fields:
        return _Found(
            name=f"node:{node.name}", summary="no field with such data can hold a text or number that could be told"
        )
    leaks = tuple(f"{node.name}: {leak}" for leak in cast(list[JsonValue], seen["leaks"]))
    summary = f"{runs} runs, {finished} of them to the end, with canaries in {', '.join(fields)}"
    return _Found(name=part, summary=summary, failures=leaks, runs=runs, fields=len(fields))


def _takes_it(ir: FlowIR, node: Node) -> bool:
    return any(name in SENSITIVE for name in node_evidence(ir, node).takes)


def _without_class(ir: FlowIR, node: Node) -> tuple[str, ...]:
    """The fields of what a node takes and gives that have no class."""
    schemas = (ir.schemas.get(side or "") for side in (node.in_schema, node.out_schema))
    return tuple(dict.fromkeys(name for schema in schemas if isinstance(schema, dict) for name in unclassed(schema)))
