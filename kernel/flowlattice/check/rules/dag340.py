"""A variable is hidden by another one.

The variables of a flow share one space of names: an environment sets `most` for whoever reads it. Two classes that both
have a variable of that name, or one class that is set twice, leave it open which value is meant, and setting one would
set the other.

## Bad

```python
from flowlattice import Flow, Record, Vars, http, node

class Order(Record, data="internal"):
    cents: int

class Limits(Vars):
    most: int = 500_000

class Sizes(Vars):
    most: int = 10

@node
def cap(order: Order, limits: Limits) -> Order:
    return Order(cents=min(order.cents, limits.most))

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, cap)
flow.connect(cap, flow.respond())
flow.vars(Limits())
flow.vars(Sizes())
```

## Good

```python
from flowlattice import Flow, Record, Vars, http, node

class Order(Record, data="internal"):
    cents: int

class Limits(Vars):
    most: int = 500_000

class Sizes(Vars):
    largest: int = 10

@node
def cap(order: Order, limits: Limits) -> Order:
    return Order(cents=min(order.cents, limits.most))

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, cap)
flow.connect(cap, flow.respond())
flow.vars(Limits())
flow.vars(Sizes())
```

## Fix

None: which of them is to have another name is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Variable

CODE = "DAG340"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find variables of a name that is taken."""
    first: dict[str, Variable] = {}
    for variable in flow.variables:
        other = first.setdefault(variable.name, variable)
        if other is variable:
            continue
        place = f"{other.source.file}, line {other.source.line}"
        if other.record == variable.record:
            message, text = f"the variable {variable.name} of {variable.record} is set again", "set it once"
        else:
            message = f"the variable {variable.name} of {variable.record} has the name of one of {other.record}"
            text = "give one of them another name"
        yield finding(CODE, f"{message}, in {place}", variable.source, help=text)
