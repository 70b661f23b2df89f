"""What a flow can cost at worst: calls to other hosts for one run of each route, and how many runs a day can have.

The bound on calls counts each absolute URL that a node's body writes as one call, and a host that a node may reach
without writing its URL as one; a call that a body repeats in a loop counts once, since the IR does not hold bodies. Of
a switch or an if the dearest case counts; where records fan out or meet, each way counts. Models cost tokens and USD
as far as a node's budget and prices say; where they say nothing, nothing is counted (BUD101 asks for a budget).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from flowlattice.ir.model import FlowIR, Node

SECONDS_A_DAY = 86_400
MICROS = 1_000_000

_Measure = tuple[Literal["calls", "tokens", "usd_micros"], str]  # and the host that is called


class RouteCost(BaseModel):
    """The worst case of one run.

    Attributes:
        calls: Outside calls by host.
        tokens: Tokens of language models.
        usd_micros: Price of the models, in millionths of a US dollar.
    """

    model_config = ConfigDict(frozen=True)

    calls: dict[str, int]
    tokens: int = 0
    usd_micros: int = 0


class WorstCase(BaseModel):
    """The worst case of a flow: of one run by route, and how many runs its rate limit lets in a day; none: no limit."""

    model_config = ConfigDict(frozen=True)

    routes: dict[str, RouteCost]
    runs_per_day: int | None


def worst_case(ir: FlowIR) -> WorstCase:
    """The worst case of a flow."""
    routes = {node.id for node in ir.triggers()}
    given = [
        surface.config.get("qps")
        for surface in ir.surfaces
        if surface.kind == "rate_limit" and routes <= set(surface.targets)
    ]
    rates = [rate for rate in given if isinstance(rate, int | float)]
    return WorstCase(
        routes={route_of(node): _route(_spent(ir, node)) for node in ir.triggers()},
        runs_per_day=math.ceil(min(rates) * SECONDS_A_DAY) if rates else None,
    )


def route_of(trigger: Node) -> str:
    """How people name what a trigger listens to: `POST /orders`, else the trigger's own name."""
    given = trigger.trigger
    if given is None or given.method is None or given.path is None:
        return trigger.name
    return f"{given.method} {given.path}"


def _route(spent: Counter[_Measure]) -> RouteCost:
    calls = {of: count for (measure, of), count in sorted(spent.items()) if measure == "calls"}
    return RouteCost(calls=calls, tokens=spent["tokens", ""], usd_micros=spent["usd_micros", ""])


def _spent(ir: FlowIR, trigger: Node) -> Counter[_Measure]:
    known: dict[UUID, Counter[_Measure]] = {}

    def below(node_id: UUID, above: frozenset[UUID]) -> Counter[_Measure]:
        if node_id in above:  # a cycle, which the checker refuses
            return Counter()
        if node_id not in known:
            node = ir.node(node_id)
            ways: dict[str | None, Counter[_Measure]] = {}
            for edge in ir.outgoing(node_id):
                case = edge.case if node.kind in ("switch", "if") else None
                ways[case] = ways.get(case, Counter()) + below(edge.target_id, above | {node_id})
            dearest: Counter[_Measure] = Counter()
            for way in ways.values():
                dearest |= way
            known[node_id] = Counter(dict(_own(node))) + dearest
        return known[node_id]

    return below(trigger.id, frozenset())


def _own(node: Node) -> Iterator[tuple[_Measure, int]]:
    """The calls of one node by host and what its models cost, its retries among them."""
    allowed = {host for use in node.capabilities for host in use.egress}
    written = Counter(url.host for url in node.urls if url.host in allowed)
    tries = 1 + (node.retry.max if node.retry else 0)
    for host in sorted(allowed):
        yield ("calls", host), max(written[host], 1) * tries
    if node.cost is not None:
        yield ("tokens", ""), node.cost.tokens or 0
        yield ("usd_micros", ""), _micros(node.cost.usd)


def _micros(usd: str | None) -> int:
    """Whole millionths of a dollar, rounded up; 0 for what is no amount: IR that was not made here can say anything."""
    try:
        amount = Decimal(usd or 0)
    except InvalidOperation:
        return 0
    return math.ceil(amount * MICROS) if amount.is_finite() else 0
