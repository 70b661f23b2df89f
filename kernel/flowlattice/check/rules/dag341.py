"""A variable has a value of the wrong type.

A variable has the type of its field in its class. The flow sets it with `flow.vars(Limits(most=500_000))`, and an
environment may set it anew in `bindings.toml`. A value of another type would end every run that reads it, so it is
found before: the flow's always, the environment's with `--env`.

## Bad

```python
from flowlattice import Flow, Record, Vars, http, node

class Order(Record, data="internal"):
    cents: int

class Limits(Vars):
    most: int = 500_000

@node
def cap(order: Order, limits: Limits) -> Order:
    return Order(cents=min(order.cents, limits.most))

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, cap)
flow.connect(cap, flow.respond())
flow.vars(Limits(most="a lot"))
```

## Good

```python
from flowlattice import Flow, Record, Vars, http, node

class Order(Record, data="internal"):
    cents: int

class Limits(Vars):
    most: int = 500_000

@node
def cap(order: Order, limits: Limits) -> Order:
    return Order(cents=min(order.cents, limits.most))

flow = Flow("orders", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order))
flow.connect(hook, cap)
flow.connect(cap, flow.respond())
flow.vars(Limits(most=750_000))
```

## Fix

None: which value is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.values import is_valid
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG341"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find values that are no values of their variables."""
    given = {} if context.environment is None else context.environment.variables
    for variable in flow.variables:
        if variable.problem is not None:
            message = f"the variable {variable.name} of {variable.record} cannot be {variable.value!r}"
            yield finding(CODE, f"{message}: {variable.problem}", variable.source, help="give it a value of its type")
        if variable.name in given and not is_valid(given[variable.name], variable.json_schema):
            name = "" if context.environment is None else context.environment.name
            message = f"{name} sets {variable.name} of {variable.record} to {given[variable.name]!r}, of another type"
            yield finding(CODE, message, variable.source, help=f"set it right in [{name}.vars] of bindings.toml")
