"""A spec from a model's answer: what it left open is assumed, and stated; what it got wrong is said with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from pydantic import JsonValue, ValidationError

from flowlattice_agents.spec import MAX_RATE, Assumption, ClauseAccount, FlowSpec

_Assume: TypeAlias = Callable[[str, str], None]

DEFAULT_QPS = 100
DEADLINE_TEXT = "An answer takes at most 5 seconds."


def completed(
    raw: dict[str, JsonValue], stated: Sequence[Assumption], clauses: Sequence[ClauseAccount]
) -> tuple[FlowSpec | None, list[str]]:
    """The whole spec, or what is wrong with it.

    Args:
        raw: The spec as the model wrote it.
        stated: Assumptions that the model made.
        clauses: Its account of the brief.
    """
    assumed = {assumption.slot: assumption for assumption in stated}
    given: dict[str, JsonValue] = {
        key: value for key, value in raw.items() if value is not None and key not in ("assumptions", "clauses")
    }

    def assume(slot: str, text: str) -> None:
        # What is filled in here is said as it is, whatever the model says of its leaving it out.
        assumed[slot] = Assumption(slot=slot, text=text)

    given.setdefault("name", _name(given))
    if "version" not in given:
        assume("version", "The version is 1.0.0.")
    _limit(given, assume)
    if any(isinstance(route, dict) and "deadline_ms" not in route for route in _list(given.get("routes"))):
        assume("deadline", DEADLINE_TEXT)
    if _classify(given):
        assume("data", "Fields of which nothing else is said hold internal data.")
    whole = {
        **given,
        "assumptions": [one.model_dump() for one in assumed.values()],
        "clauses": [one.model_dump() for one in clauses],
    }
    try:
        return FlowSpec.model_validate(whole), []
    except ValidationError as error:
        return None, [f"spec.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]


def _limit(given: dict[str, JsonValue], assume: _Assume) -> None:
    limit = given.get("rate_limit")
    if not isinstance(limit, dict):
        given["rate_limit"] = limit = {"qps": DEFAULT_QPS}
        assume("rate", f"At most {DEFAULT_QPS} requests a second are taken.")
    qps = limit.get("qps")
    if limit.get("burst") is None and isinstance(qps, int | float):
        burst = round(max(1, min(qps * 2, MAX_RATE)))
        given["rate_limit"] = {**limit, "burst": burst}
        assume("burst", f"Bursts of up to {burst} requests are taken.")


def _classify(given: dict[str, JsonValue]) -> bool:
    """Give records without a data class one; whether there were any."""
    any_open = False
    for record in _list(given.get("records")):
        if isinstance(record, dict) and record.get("data") is None:
            fields = [field for field in _list(record.get("fields")) if isinstance(field, dict)]
            record["data"] = "internal"
            any_open |= any(field.get("data") is None for field in fields)
    return any_open


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _name(given: dict[str, JsonValue]) -> str:
    first = next(iter(_list(given.get("routes"))), None)
    path = str(first.get("path", "")) if isinstance(first, dict) else ""
    name = "_".join(re.findall(r"[a-z0-9]+", re.sub(r"\{\w+\}", "", path).lower()))[:50] or "home"
    return name if name[0].isalpha() else f"flow_{name}"
