"""Data: the class of each field, and which fields can leave the flow, to a host or in a reply."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Weight, weight_of
from flowlattice.ir.model import FlowIR
from flowlattice.ir.records import records_of
from flowlattice.record import DataClass

_CLASSES = tuple(level.value for level in DataClass)
_SENSITIVE = _CLASSES[_CLASSES.index("confidential") :]


def data(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Fields that are new, gone or of another class; then what can leave the flow that could not, and the reverse."""
    old, new = _fields(before.schemas), _fields(after.schemas)
    for name in [name for name in new if name not in old]:
        text = f"{name} is new: data of class {new[name]}"
        weight: Weight = "riskier" if _is_sensitive(new[name]) else "neutral"
        yield Change(kind="data", weight=weight, subject=name, text=text, after=new[name])
    for name in [name for name in old if name not in new]:
        text = f"{name} is gone: data of class {old[name]}"
        yield Change(kind="data", weight="neutral", subject=name, text=text, before=old[name])
    for name in [name for name in old if name in new and old[name] != new[name]]:
        # A lower class protects the same value less.
        weight = weight_of(_CLASSES[::-1], old[name], new[name])
        text = f"{name} is data of class {new[name]}, was {old[name]}"
        yield Change(kind="data", weight=weight, subject=name, text=text, before=old[name], after=new[name])
    yield from _leaving(before, after)
    yield from _made(before, after)


def _leaving(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = dict(_exits(before)), dict(_exits(after))
    for way in [way for way in new if way not in old]:
        text = f"{way[0]} ({new[way]}) can leave {way[1]}"
        weight: Weight = "riskier" if _is_sensitive(new[way]) else "neutral"
        yield Change(kind="data", weight=weight, subject=way[0], text=text, after=way[1])
    for way in [way for way in old if way not in new]:
        text = f"{way[0]} ({old[way]}) can no longer leave {way[1]}"
        weight = "safer" if _is_sensitive(old[way]) else "neutral"
        yield Change(kind="data", weight=weight, subject=way[0], text=text, before=way[1])


def _exits(ir: FlowIR) -> Iterator[tuple[tuple[str, str], str]]:
    """Field and way out, with the class: all that a node takes can reach the hosts that it may reach."""
    for node in ir.nodes:
        hosts = dict.fromkeys(host for use in node.capabilities for host in use.egress)
        for host in hosts:
            for field, level in _fields({str(node.in_schema): ir.schemas.get(str(node.in_schema))}).items():
                yield (field, f"to {host} (by {node.name})"), level
        if node.kind == "respond":
            for edge in ir.incoming(node.id):
                for field, level in _fields({str(edge.carries): ir.schemas.get(str(edge.carries))}).items():
                    yield (field, f"in the reply {node.name}"), level


def _made(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Fields made of data that is more sensitive than their own class says."""
    known = set(_lowered(before))
    for node, field, level, source in _lowered(after):
        if (node, field, level, source) not in known:
            text = f"node {node} makes {field} ({level}) of {source}"
            yield Change(kind="data", weight="riskier", subject=f"{node}.{field}", text=text, after=source)


def _lowered(ir: FlowIR) -> Iterator[tuple[str, str, str, str]]:
    for node in ir.nodes:
        taken = _own(ir, node.in_schema)
        given = _own(ir, node.out_schema)
        for field, sources in node.derivations.items():
            level = given.get(field, "none")
            read = list(taken) if "*" in sources else [source for source in sources if source in taken]
            for source in read:
                if _is_sensitive(taken[source]) and weight_of(_CLASSES, taken[source], level) == "safer":
                    yield node.name, field, level, f"{source} ({taken[source]})"


def _own(ir: FlowIR, schema: str | None) -> dict[str, str]:
    """The fields of a record itself, without those of records in it."""
    record = next((r for r in records_of({str(schema): ir.schemas.get(str(schema))}) if r.name == schema), None)
    return {field.name: field.data_class or "none" for field in record.fields} if record else {}


def _fields(schemas: dict[str, JsonValue]) -> dict[str, str]:
    """The class of each field by record and name; a record that stands in several schemas may have several."""
    found: dict[str, set[str]] = {}
    for name, schema in schemas.items():
        for record in records_of({name: schema}):
            for field in record.fields:
                found.setdefault(f"{record.name}.{field.name}", set()).add(field.data_class or "none")
    return {field: " or ".join(sorted(levels)) for field, levels in found.items()}


def _is_sensitive(level: str) -> bool:
    return level in _SENSITIVE or level not in _CLASSES
