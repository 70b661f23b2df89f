"""A rate is not positive.

`flow.rate_limit(qps=..., burst=...)` lets `qps` requests a second in and `burst` at once; more are answered 429. A rate
of zero or less, or a burst below one, would let nothing in. The same holds for the rate of a promise on latency
(`flow.slo(..., at_qps=...)`).

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.rate_limit(qps=0, burst=10)
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
flow.rate_limit(qps=100, burst=200)
```

## Fix

None: how much a flow may carry is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG320"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find rates that let nothing in."""
    for surface in flow.surfaces:
        if surface.kind == "rate_limit":
            source = surface.source or flow.source
            if not _is_positive(surface.config.get("qps")):
                yield finding(CODE, f"the rate {surface.config.get('qps')} per second is not positive", source)
            burst = surface.config.get("burst")
            if not (_is_positive(burst) and isinstance(burst, int) and not isinstance(burst, bool)):
                yield finding(CODE, f"the burst {burst} is no positive whole number", source)
    for slo in flow.slos:
        if slo.at_qps is not None and not _is_positive(slo.at_qps):
            yield finding(CODE, f"the promised rate {slo.at_qps} per second is not positive", slo.source or flow.source)


def _is_positive(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0
