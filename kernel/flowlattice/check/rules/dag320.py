"""A rate is not positive.

`flow.rate_limit(qps=..., burst=...)` lets `qps` requests a second in and `burst` at once; more are answered 429. A rate
of zero or less, or a burst below one, would let nothing in, into the flow or into the node that it is for. The same
holds for the rates that are promised (`flow.slo(..., at_qps=...)`), and a promise is for some of 100 per cent. A flow
or a node for which the spec states a rate limit (`--facts`) has to have one.

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

Safe, where the spec states the rate limit of the flow or the node: it gets it. Else none: how much a flow may carry is
a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.facts import Rate, stated
from flowlattice.check.finding import finding
from flowlattice.check.places import named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node, Surface

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG320"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find rates that let nothing in."""
    for surface in flow.surfaces:
        if surface.kind == "rate_limit":
            source = surface.source or flow.source
            rate = _known(flow, surface, context)
            fix = None if rate is None else stated(f"limit it to {rate.qps:g} a second")
            qps = surface.config.get("qps")
            if not _is_positive(qps):
                why = "is no number" if isinstance(qps, str) else "is not positive"
                yield finding(CODE, f"the rate {qps} per second {why}", source, fix=fix)
            burst = surface.config.get("burst")
            if not (_is_positive(burst) and isinstance(burst, int) and not isinstance(burst, bool)):
                why = "is beyond 64 bits" if isinstance(burst, str) else "is no positive whole number"
                yield finding(CODE, f"the burst {burst} {why}", source, fix=fix)
    for slo in flow.slos:
        for promised in (slo.at_qps, slo.records_per_s):
            if promised is not None and not _is_positive(promised):
                message = f"the promised rate {promised} per second is not positive"
                yield finding(CODE, message, slo.source or flow.source)
        if slo.percentile is not None and not 0 < slo.percentile <= 100:
            message = f"the promise is for {slo.percentile} per cent of requests"
            yield finding(CODE, message, slo.source or flow.source, help="say for how many, such as percentile=99")
    yield from _missing(flow, context)


def _known(flow: FlowIR, surface: Surface, context: CheckContext) -> Rate | None:
    """The rate limit that the spec states for what a surface limits."""
    if set(surface.targets) >= {node.id for node in flow.triggers()}:
        return context.facts.rate
    return context.facts.rates.get(flow.node(surface.targets[0]).name)


def _missing(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Rate limits that the spec states and the flow has not."""
    for node, rate in _stated(flow, context):
        said = f"the spec states {rate.qps:g} a second, {rate.burst} at once"
        source, what = (flow.source, "the flow") if node is None else (node.source, node.name)
        fix = stated(f"limit it to {rate.qps:g} a second")
        name = None if node is None else node.name
        yield finding(CODE, f"{what} has no rate limit, and {said}", source, node=name, help="cap it", fix=fix)


def _stated(flow: FlowIR, context: CheckContext) -> Iterator[tuple[Node | None, Rate]]:
    """The rate limits that are stated and missing; without a node it is the flow's."""
    targets = [set(surface.targets) for surface in flow.surfaces if surface.kind == "rate_limit"]
    triggers = {node.id for node in flow.triggers()}
    if context.facts.rate is not None and not any(triggers <= limited for limited in targets):
        yield None, context.facts.rate
    for node in flow.nodes:
        rate = context.facts.rates.get(node.name)
        if rate is not None and not any(node.id in limited for limited in targets):
            yield node, rate


def _is_positive(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Add the rate limit that the spec states."""
    from flowlattice.check import codemods

    place = codemods.place_of(found)
    for surface in (surface for surface in flow.surfaces if surface.kind == "rate_limit" and surface.source == place):
        known = _known(flow, surface, context)
        values = {} if known is None else {"qps": f"{known.qps:g}", "burst": str(known.burst)}
        return codemods.set_call_keywords(module, place, values)
    wanted = named(flow, found.node)
    rate = next((rate for node, rate in _stated(flow, context) if node is wanted), None)
    if rate is None:
        return None
    source = None if wanted is None else wanted.source
    return codemods.govern(module, source, "rate_limit", f"qps={rate.qps:g}, burst={rate.burst}")
