"""A field has no data class.

Every field of every record says how sensitive it is: `public`, `internal`, `confidential`, `pii`, `payment` or
`secret`. Logs, caches, policies and reviews go by it, and a field without one could end up anywhere. The class
argument `data` holds for all fields; `field(data=...)` for one.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

Safe, where the spec states how sensitive the field is: the field gets its class, or the record where one class holds
for all fields that have none. Else unsafe: the record gets `data="internal"`. How sensitive a field is, is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.facts import stated
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DATA101"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find fields without a data class, each once."""
    seen: set[str] = set()
    for name, schema in flow.schemas.items():
        definitions = schema.get("$defs") if isinstance(schema, dict) else None
        records = {name: schema, **(definitions if isinstance(definitions, dict) else {})}
        for record, entry in records.items():
            for field in _unclassified(entry):
                key = f"{record}.{field}"
                if key not in seen:
                    seen.add(key)
                    yield _finding(flow, record, field, context)


def _unclassified(schema: JsonValue) -> list[str]:
    fields = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(fields, dict):
        return []
    return [name for name, field in fields.items() if not (isinstance(field, dict) and "x-data-class" in field)]


def _finding(flow: FlowIR, record: str, field: str, context: CheckContext) -> Diagnostic:
    source = flow.places.get(f"{record}.{field}") or flow.places.get(record)
    message = f"the field {field} of {record} has no data class"
    text = f'class {record}(Record, data="internal"): ...'
    fix = None if source is None else _offered(record, field, context)
    return finding(CODE, message, source or flow.source, help=text, fix=fix)


def _offered(record: str, field: str, context: CheckContext) -> Fix:
    known = context.facts.data_class(record, field)
    if known is not None:
        return stated(f"make {record}.{field} {known}")
    return offer("unsafe", f'make the fields of {record} data="internal"')


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Give the field the class that is stated, or make its record internal."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for named in (name for name, source in flow.places.items() if source == place):
        record, _, field = named.partition(".")
        known = context.facts.data_class(record, field)
        if known is not None and named in context.facts.data_classes and field:
            return codemods.classify_field(module, place, known)
        if known is not None:
            return codemods.classify(module, found.line, known)
    return codemods.classify(module, found.line, "internal")
