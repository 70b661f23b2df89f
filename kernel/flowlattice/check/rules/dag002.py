"""A parameter has no schema.

A combinator takes and gives records of types that it learns from its function or its argument: `If`, `Switch` and
`Filter` from the parameter of their predicate, a window, a distinct and an aggregate from the record that they are
made for. A variable is a field of its class. Each needs a type that has a JSON Schema, as the ports of functions do
(DAG001): without one nothing can be checked at the edges, and an environment cannot set the variable.

## Bad

```python
from flowlattice import Filter, Flow, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

class Task:
    job_id: str

def is_due(job: Task) -> bool:
    return job.job_id != ""

@node
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
due = Filter(is_due)
flow.connect(jobs, due)
flow.connect(due, work)
```

## Good

```python
from flowlattice import Filter, Flow, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

def is_due(job: Job) -> bool:
    return job.job_id != ""

@node
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
due = Filter(is_due)
flow.connect(jobs, due)
flow.connect(due, work)
```

## Fix

None: which type is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

CODE = "DAG002"
SEVERITY: Severity = "error"


_HELP = "use a Record, or text, numbers and lists"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find combinators and variables whose types have no schema."""
    for node in flow.nodes:
        if node.kind in {"if", "switch"} and node.in_schema is None:
            yield from _predicate(flow, node)
        elif node.kind in {"window", "distinct", "aggregate"} and None in {node.in_schema, node.out_schema}:
            message = f"the records of {node.name} are of a type without a schema"
            yield finding(CODE, message, node.source, node=node.name, help=_HELP)
    for variable in flow.variables:
        if variable.json_schema is None:
            message = f"the variable {variable.name} of {variable.record} is of a type without a schema"
            yield finding(CODE, message, variable.source, help=_HELP)


def _predicate(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """The parameter of a predicate, where records of a known type come in."""
    is_known = any(edge.carries is not None for edge in flow.incoming(node.id))
    for parameter in node.parameters[:1] if is_known else ():
        if parameter.annotation is not None:
            message = f"the parameter {parameter.name} of {node.name}: {parameter.annotation} is no type with a schema"
            yield finding(CODE, message, parameter.source, node=node.name, help=_HELP)
