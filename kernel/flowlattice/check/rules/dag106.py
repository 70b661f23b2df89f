"""A route or a status is one that HTTP does not know.

A path starts with `/`, is made of printable characters without spaces, `%`, `?` and `#` (hosts compare it with what is
asked for after decoding that, so it is written decoded), and writes its parameters as `{name}`, each once. An answer
has a status from 200 to 599, the answer to invalid input one from 400 to 499.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("echo/{v}/{v}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo/{v}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

None: the path and the status are what callers rely on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Trigger

CODE = "DAG106"
SEVERITY: Severity = "error"

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PATH: Final = re.compile(r"/([^\s%?#{}\\\"<>^`|]|\{[A-Za-z_][A-Za-z0-9_]*\})*")
_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find paths, methods and statuses that cannot be."""
    for node in flow.triggers():
        for problem in _problems(node.trigger) if node.trigger is not None and node.trigger.kind == "http" else ():
            yield finding(CODE, f"{problem} ({node.name})", node.source, node=node.name)
    for surface in flow.surfaces:
        status = surface.config.get("status")
        if surface.kind == "respond" and not _is_status(status, 200, 599):
            node = flow.node(surface.targets[0])
            message = f"{node.name} answers with status {status!r}, which is not from 200 to 599"
            yield finding(CODE, message, surface.source or node.source, node=node.name)


def _problems(trigger: Trigger) -> Iterator[str]:
    path = trigger.path or ""
    if trigger.method not in _METHODS:
        yield f"the method {trigger.method!r} is none of {', '.join(sorted(_METHODS))}"
    if not (_PATH.fullmatch(path) and path.isprintable()):
        yield f"the path {path[:200]!r} is malformed; it looks like /items/{{id}}"
    names = _PARAMETER.findall(path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the path {path[:200]!r} has the parameter {name} twice"
    for reply in trigger.invalid:
        if not _is_status(reply.status, 400, 499):
            yield f"invalid input is answered with {reply.status}, which is not from 400 to 499"


def _is_status(value: JsonValue, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
