"""What a spec states, as the checker takes it: fixes that do what people agreed on are safe."""

from __future__ import annotations

from urllib.parse import urlsplit

from flowlattice import DataClass
from flowlattice.check import Facts, Identity, Rate
from flowlattice_agents.rendering.text import identifier
from flowlattice_agents.spec import CallSpec, FlowSpec


def facts_of(spec: FlowSpec) -> Facts:
    """The deadline, limits, keys, data classes and hosts that a spec states.

    A deadline is a fact of the whole flow where all routes have the same one: triggers may be called anything.
    """
    calls = [call for route in spec.routes for call in route.calls]
    deadlines = {route.deadline_ms for route in spec.routes}
    limit = spec.rate_limit
    return Facts(
        deadline_ms=deadlines.pop() if len(deadlines) == 1 else None,
        rate=None if limit is None else Rate(qps=limit.qps, burst=limit.burst),
        identities=_identities(calls),
        data_classes=_data_classes(spec),
        hosts=_hosts(calls),
    )


def _identities(calls: list[CallSpec]) -> dict[str, Identity]:
    """The key of each call that states one, by the name that its node has; two of one name are told apart by nobody."""
    names = [identifier(call.name) for call in calls]
    return {
        name: Identity(fields=call.key, ttl_ms=None if call.ttl_s is None else call.ttl_s * 1000)
        for name, call in zip(names, calls, strict=True)
        if call.key and names.count(name) == 1
    }


def _data_classes(spec: FlowSpec) -> dict[str, DataClass]:
    found = {record.name: record.data for record in spec.records}
    found |= {f"{record.name}.{part.wire_name}": part.data for record in spec.records for part in record.fields}
    return {name: DataClass(data) for name, data in found.items() if data is not None}


def _hosts(calls: list[CallSpec]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for call in calls:
        host = urlsplit(call.url).hostname
        if host is not None:
            found.setdefault(call.binding, {})[host] = None
    return {binding: tuple(hosts) for binding, hosts in found.items()}
