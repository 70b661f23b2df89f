"""Lowering of what governs a flow: limits, partitions, error handlers, variables, credentials, promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import cast
from uuid import UUID

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._keys import on_the_wire
from flowlattice.ir._ports import PortTypes
from flowlattice.ir.failures import lowering
from flowlattice.ir.numbers import config, floating, portable, whole
from flowlattice.ir.schemas import Schemas
from flowlattice.language.checkpoints import rejected_case
from flowlattice.language.flow import Flow
from flowlattice.language.handlers import DeadLetter, ErrorStrategy, Escalate, Exponential, Halt, Retry
from flowlattice.language.ports import Element, Place
from flowlattice.language.variables import Variables, problems


@dataclass(frozen=True)
class ControlLowering:
    """Lowers the controls of one flow; `ids` are the nodes' by the identity of their elements."""

    flow: Flow
    ids: Mapping[int, UUID]
    schemas: Schemas
    ports: PortTypes

    def surfaces(self) -> Iterator[ir.Surface]:
        """Partitions, error handlers and rate limits."""
        for partition in self.flow.partitions:
            with lowering(partition.place):
                given: dict[str, JsonValue] = {
                    "fields": list(on_the_wire(partition.fields, self.ports.incoming(partition.target))),
                    "max_parallel_shards": partition.max_parallel_shards,
                    "weights": {key: floating(weight) for key, weight in partition.weights.items()},
                }
                yield self._surface("partition", partition.target, given, partition.place)
        for handler in self.flow.handlers:
            with lowering(handler.place):
                yield self._surface("error_handler", handler.node, _strategy(handler.strategy), handler.place)
        triggers = tuple(self.ids[id(trigger)] for trigger in self.flow.triggers)
        for limit in self.flow.limits:
            targets = triggers if limit.target is None else (self.ids[id(limit.target)],)
            with lowering(limit.place):
                yield ir.Surface(
                    kind="rate_limit",
                    targets=targets,
                    config=config({"qps": floating(limit.qps), "burst": limit.burst}),
                    source=self.schemas.source(limit.place),
                )

    def side_outputs(self, element: Element) -> Iterator[str]:
        """The side outputs that an element has because of controls."""
        for handler in self.flow.handlers:
            if handler.node is element:
                yield from _dead_letters(handler.strategy)
        for checkpoint in self.flow.checkpoints:
            if checkpoint.origin is element:
                yield rejected_case(checkpoint.name)

    def variables(self) -> Iterator[ir.Variable]:
        """Each variable that the flow sets."""
        for given in self.flow.variables:
            with lowering(given.place):
                yield from self._variables(given)

    def credentials(self) -> Iterator[ir.Credential]:
        """The credentials that the flow declares."""
        for given in self.flow.credentials:
            with lowering(given.place):
                source = self.schemas.source(given.place)
                yield ir.Credential(name=given.name, provider=given.provider, scopes=given.scopes, source=source)

    def slos(self) -> Iterator[ir.Slo]:
        """What the flow promises."""
        for goal in self.flow.goals:
            with lowering(goal.place):
                yield ir.Slo(
                    percentile=floating(goal.percentile),
                    latency_ms=in_ms(goal.latency),
                    at_qps=floating(goal.at_qps),
                    records_per_s=floating(goal.records_per_second),
                    source=self.schemas.source(goal.place),
                )

    def _surface(self, kind: ir.SurfaceKind, target: Element, given: dict[str, JsonValue], place: Place) -> ir.Surface:
        source = self.schemas.source(place)
        return ir.Surface(kind=kind, targets=(self.ids[id(target)],), config=config(given), source=source)

    def _variables(self, given: Variables) -> Iterator[ir.Variable]:
        record = type(given.values)
        found = problems(given.values)
        name = self.schemas.name(record)
        schema = self.schemas.entries.get(name or "")
        parts = schema if isinstance(schema, dict) else {}
        properties = cast("dict[str, JsonValue]", parts.get("properties", {}))
        for field, info in record.model_fields.items():
            own = properties.get(info.alias or field)
            if isinstance(own, dict) and "$defs" in parts:
                own = {**own, "$defs": parts["$defs"]}
            value = to_jsonable_python(given.values.__dict__.get(field), fallback=repr)
            said = portable(value)
            beyond = None if said == value else f"{said} is no number that can be written as JSON"
            yield ir.Variable(
                name=field,
                record=name or record.__name__,
                json_schema=own,
                value=said,
                problem=found.get(info.alias or field) or found.get(field) or beyond,
                source=self.schemas.source(given.place),
            )


def retry_of(flow: Flow, element: Element, owner: str | None) -> ir.Retry | None:
    """How a node is retried, as its error handler and its owner say."""
    strategies = [handler.strategy for handler in flow.handlers if handler.node is element]
    retry = next((strategy for strategy in strategies if isinstance(strategy, Retry)), None)
    if retry is None:
        return None if owner is None else ir.Retry.model_validate({"owner": owner})
    place = next(handler.place for handler in flow.handlers if handler.strategy is retry)
    with lowering(place):
        return _retry(retry, owner)


def _retry(retry: Retry, owner: str | None) -> ir.Retry:
    backoff = retry.backoff
    factor = 2.0 if backoff is None else floating(backoff.factor)
    # The surface says what was written, and there it is judged.
    factor = 2.0 if isinstance(factor, float) and not isfinite(factor) else factor
    lowered = ir.Retry.model_validate(
        {
            "owner": owner or "orchestrator",
            "max": retry.max,
            "backoff_ms": 0 if backoff is None else in_ms(backoff.first),
            "factor": factor,
        }
    )
    return whole(lowered)


def _strategy(strategy: ErrorStrategy) -> dict[str, JsonValue]:
    match strategy:
        case Retry():
            backoff = strategy.backoff or Exponential(timedelta())
            return {
                "strategy": "retry",
                "max": strategy.max,
                "backoff_ms": in_ms(backoff.first),
                "factor": floating(backoff.factor),
                "then": None if strategy.then is None else _strategy(strategy.then),
            }
        case DeadLetter():
            return {"strategy": "dead_letter", "to": strategy.name}
        case Escalate():
            return {"strategy": "escalate", "to": strategy.to}
        case Halt():
            return {"strategy": "halt"}
    raise TypeError(f"on_error takes Retry, DeadLetter, Escalate or Halt, not {strategy!r}")


def _dead_letters(strategy: ErrorStrategy | None) -> Iterator[str]:
    if isinstance(strategy, DeadLetter):
        yield strategy.name
    elif isinstance(strategy, Retry):
        yield from _dead_letters(strategy.then)
