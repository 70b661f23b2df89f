"""Who tries a failed node again, how often, and after how long.

There is one owner. What the flow says counts (`on_error`, `retry_owner`); else what the node's capabilities are: HTTP,
blobs and language models belong to the orchestrator, payment gateways, databases and kv to the connector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from flowlattice.ir import model as ir
from flowlattice.plan.base import PlanModel, Profile

RETRIES: Final = 3
"""Attempts after the first where the orchestrator owns them and the flow does not say how many."""
BACKOFF_MS: Final = 200
"""The first wait where the flow does not say."""


class RetryPlan(PlanModel):
    """Retries of one node.

    Attributes:
        owner: Who makes them; the other makes none.
        attempts: Attempts that the host makes, the first included.
        backoff_ms: The wait before the second.
        factor: How much longer each wait is than the one before.
        because: Why it is so.
        then: What happens after the last: `fail`, or `dead_letter NAME`, `halt`, `escalate NAME`.
        of: The subflow whose handler says what happens then; what it puts aside is the record that went into that.

    """

    owner: Literal["orchestrator", "connector"]
    attempts: int
    backoff_ms: int = 0
    factor: float = 2.0
    because: str
    then: str = "fail"
    of: str | None = None


@dataclass(frozen=True)
class Deliveries:
    """What a node's retries also depend on.

    Attributes:
        at_most_once: Whether a record may be lost rather than repeated.
        redelivered: How often its source delivers a record at most; none where it does not.

    """

    at_most_once: bool = False
    redelivered: int | None = None


def retry_plan(node: ir.Node, handler: ir.Surface | None, profile: Profile, deliveries: Deliveries) -> RetryPlan:
    """The retries of a node.

    Args:
        node: It.
        handler: Its error handler.
        profile: Where it runs.
        deliveries: How records come to it.

    """
    config: dict[str, JsonValue] = {} if handler is None else dict(handler.config)
    found = _attempts(node, config, profile, deliveries)
    last = _last(config)
    then = "fail" if last is None else f"{last['strategy']} {last['to']}" if last.get("to") else str(last["strategy"])
    of = None if last is None else last.get("of")
    return found.model_copy(update={"then": then, "of": of})


def _attempts(node: ir.Node, config: dict[str, JsonValue], profile: Profile, deliveries: Deliveries) -> RetryPlan:
    """The retries, whatever happens after them."""
    owner, whose = _owner(node)
    if deliveries.at_most_once:
        return RetryPlan(owner=owner, attempts=1, because="delivery at_most_once: rather lost than repeated")
    if config.get("strategy") == "retry" and not (config.get("of") and owner == "connector"):
        return RetryPlan(
            owner="orchestrator" if node.retry is None else owner,
            attempts=1 + _whole(config.get("max")),
            backoff_ms=_whole(config.get("backoff_ms")),
            factor=_number(config.get("factor"), 2.0),
            because=f"on_error of {config['of']} says so" if config.get("of") else "on_error says so",
        )
    if owner == "connector":
        return RetryPlan(owner=owner, attempts=1, because=f"{whose}; a second owner would multiply attempts")
    if node.retry is not None and node.retry.max > 0:
        given = node.retry
        return RetryPlan(
            owner=owner,
            attempts=1 + given.max,
            backoff_ms=given.backoff_ms,
            factor=given.factor,
            because="the flow says so",
        )
    return _default(node, profile, deliveries, owner, whose)


def _default(
    node: ir.Node,
    profile: Profile,
    deliveries: Deliveries,
    owner: Literal["orchestrator", "connector"],
    whose: str,
) -> RetryPlan:
    if node.effects == "effectful" and node.idempotency is None:
        return RetryPlan(owner=owner, attempts=1, because="it has no key, so repeating it may repeat its effect")
    if profile == "temporal":
        because = f"{whose}: the default of {RETRIES} retries"
        return RetryPlan(owner=owner, attempts=1 + RETRIES, backoff_ms=BACKOFF_MS, because=because)
    if deliveries.redelivered is not None:
        because = f"{whose}: the record is delivered again, at most {deliveries.redelivered} times in all"
        return RetryPlan(owner=owner, attempts=1, because=because)
    return RetryPlan(owner=owner, attempts=1, because=_ONCE[profile])


_ONCE: Final = {
    "web": "a caller waits and may ask again, so the host does not unless the flow says so",
    "queue": "its source does not deliver again",
    "temporal": "",
    "wasm": "what failed on the device would fail again",
    "dev": "a failure is shown at once",
}


def _owner(node: ir.Node) -> tuple[Literal["orchestrator", "connector"], str]:
    if node.retry is not None:
        return node.retry.owner, f"the node says that the {node.retry.owner} retries"
    for use in node.capabilities:
        if use.retry_owner is not None:
            return use.retry_owner, f"{use.name} belongs to the {use.retry_owner}"
    return "orchestrator", "nothing else would"


def _last(config: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    """What a handler does in the end; one that retries says it in its `then`. None: the run fails."""
    if config.get("strategy") != "retry":
        return config if config.get("strategy") is not None else None
    following = config.get("then")
    return _last({"of": config.get("of"), **following}) if isinstance(following, dict) else None


def _whole(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _number(value: JsonValue, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
