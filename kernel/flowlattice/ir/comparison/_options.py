"""What a node is told besides its function: retries, caches, models and their budgets, what undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Kind, Weight, moved
from flowlattice.ir.comparison._weigh import (
    Said,
    came_and_went,
    ceiling,
    decimal_ceiling,
    fields_moved,
    floor,
    granted,
    riskier,
)
from flowlattice.ir.model import Ai, AiBudget, Cache, IRModel, Node, Retry

_NO_RETRY = Retry(owner="orchestrator")
_RETRY = {
    "owner": Said("who retries {}", riskier),
    "max": Said("how often {} is retried", ceiling),
    "backoff_ms": Said("the pause before {} is retried (ms)", floor),
    "factor": Said("how much longer each pause of {} is", floor),
}
_CACHE = {
    "fields": Said("what results of {} are kept under", riskier),
    "tier": Said("where results of {} are kept"),
    "ttl_ms": Said("how long results of {} are kept (ms)", ceiling),
    "invalidate": Said("what makes kept results of {} void", lambda was, now: granted(now, was)),
}


_AI = {
    "model": Said("the model that {} asks", riskier),
    "seed": Said("the seed of {}", lambda was, now: "riskier" if now is None else "neutral"),
    "stream": Said("whether {} streams what its model answers"),
    "max_tokens": Said("the most tokens of an answer to {}", ceiling),
    "usd_per_million": Said("the prices that {} reckons with", riskier),
    "tolerance": Said("by how much a replay of {} may differ", decimal_ceiling),
}
_BUDGET = {
    "usd_per_day": Said("the most that {} may spend in a day (USD)", decimal_ceiling),
    "usd_per_run": Said("the most that {} may spend in a run (USD)", decimal_ceiling),
    "tokens_per_day": Said("the most tokens of {} in a day", ceiling),
    "tokens_per_run": Said("the most tokens of {} in a run", ceiling),
    "tokens_per_call": Said("the most tokens of {} in a call", ceiling),
    "tenant": Said("the field that names whom a call of {} is for", riskier),
    "usd_per_tenant_day": Said("the most that {} may spend in a day for one tenant (USD)", decimal_ceiling),
    "tokens_per_tenant_day": Said("the most tokens of {} in a day for one tenant", ceiling),
    "on_exhausted": Said("what happens when the budget of {} is used up"),
}
_COST = {
    "tokens": Said("the tokens that {} takes at worst", ceiling),
    "usd": Said("what {} costs at worst (USD)", decimal_ceiling),
    "cpu_ms": Said("the processor time that {} takes at worst (ms)", ceiling),
    "memory_bytes": Said("the memory that {} takes at worst (bytes)", ceiling),
}


def options(name: str, was: Node, now: Node, names: dict[UUID, str]) -> Iterator[Change]:
    """The options of a node that are not as they were."""
    if was.retry != now.retry:
        yield from fields_moved("node", name, was.retry or _NO_RETRY, now.retry or _NO_RETRY, _RETRY)
        yield from came_and_went("node", name, f"it is said who retries {name}", was.retry, now.retry, "neutral")
    if was.timeout_ms != now.timeout_ms:
        weight: Weight = "riskier" if now.timeout_ms is None else "neutral"
        yield moved("limit", name, f"the timeout of {name} (ms)", was.timeout_ms, now.timeout_ms, weight)
    undo = [names.get(node.compensate, str(node.compensate)) if node.compensate else None for node in (was, now)]
    if undo[0] != undo[1]:
        yield moved("node", name, f"what undoes {name}", undo[0], undo[1], "safer" if undo[0] is None else "riskier")
    yield from _cache(name, was.cache, now.cache)
    yield from _ai(name, was.ai, now.ai)
    if was.cost != now.cost:
        if was.cost is not None and now.cost is not None:
            yield from fields_moved("cost", name, was.cost, now.cost, _COST)
        yield from came_and_went("cost", name, f"a bound on what {name} costs", was.cost, now.cost)
    yield from _plain(name, was, now)


def _cache(name: str, was: Cache | None, now: Cache | None) -> Iterator[Change]:
    yield from came_and_went(
        "cache", name, f"results of {name} are kept and used again", was, now, "neutral", "riskier"
    )
    if was is not None and now is not None:
        yield from fields_moved("cache", name, was, now, _CACHE)


def _ai(name: str, was: Ai | None, now: Ai | None) -> Iterator[Change]:
    what = f"{name} asks the model {(now or was or Ai()).model}"
    yield from came_and_went("ai", name, what, was, now, "safer", "riskier")
    if was is None or now is None or was == now:
        return
    yield from fields_moved("ai", name, was, now, _AI)
    if was.budget is None or now.budget is None:
        yield from came_and_went("ai", name, f"a budget of {name}", was.budget, now.budget)
    yield from fields_moved("ai", name, was.budget or AiBudget(), now.budget or AiBudget(), _BUDGET)


def _plain(name: str, was: Node, now: Node) -> Iterator[Change]:
    listed: tuple[tuple[Kind, str, JsonValue, JsonValue, Weight], ...] = (
        ("node", f"the kind of {name}", was.kind, now.kind, "neutral"),
        ("schema", f"what {name} takes", was.in_schema, now.in_schema, "neutral"),
        ("schema", f"what {name} gives", was.out_schema, now.out_schema, "neutral"),
        ("node", f"whether {name} gives many", was.stream, now.stream, "neutral"),
        ("node", f"the side outputs of {name}", [*was.side_outputs], [*now.side_outputs], "neutral"),
        ("variable", f"the variables that {name} reads", [*was.variables], [*now.variables], "neutral"),
        ("limit", f"how many of {name} run at a time", was.concurrency, now.concurrency, "neutral"),
        ("limit", f"how many records {name} takes together", _dump(was.batch), _dump(now.batch), "neutral"),
        ("subflow", f"the flow that {name} stands for", _dump(was.subflow), _dump(now.subflow), "riskier"),
    )
    for kind, what, one, other, weight in listed:
        if one != other:
            yield moved(kind, name, what, one, other, weight)


def _dump(part: object) -> JsonValue:
    return part.model_dump(mode="json") if isinstance(part, IRModel) else None
