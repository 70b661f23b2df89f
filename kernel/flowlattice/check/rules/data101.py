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

Unsafe: the record gets `data="internal"`. How sensitive a field is, is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
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
                    yield _finding(flow, record, field)


def _unclassified(schema: JsonValue) -> list[str]:
    fields = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(fields, dict):
        return []
    return [name for name, field in fields.items() if not (isinstance(field, dict) and "x-data-class" in field)]


def _finding(flow: FlowIR, record: str, field: str) -> Diagnostic:
    source = flow.places.get(f"{record}.{field}") or flow.places.get(record)
    fix = None if source is None else offer("unsafe", f'make the fields of {record} data="internal"')
    message = f"the field {field} of {record} has no data class"
    return finding(CODE, message, source or flow.source, help=f'class {record}(Record, data="internal"): ...', fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module) -> Rewrite | None:
    """Make the record internal."""
    from flowlattice.check import codemods

    return codemods.classify(module, found.line, "internal")
