"""A parameter has no schema.

A combinator takes and gives records of types that it learns from its function or its argument: `ForEach` from what its
function returns, `Zip` and `Join` from the two parameters of theirs, a window from its record. A variable is a field of
its class. Each needs a type that has a JSON Schema, as a port does (DAG001): without one nothing can be checked at the
edges, and an environment cannot set the variable.

## Bad

```python
from flowlattice import Flow, ForEach, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

def parts_of(job: Job):
    return [Job(job_id=part) for part in job.job_id.split("-")]

@node
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
parts = ForEach(parts_of)
flow.connect(jobs, parts)
flow.connect(parts, work)
```

## Good

```python
from flowlattice import Flow, ForEach, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

def parts_of(job: Job) -> list[Job]:
    return [Job(job_id=part) for part in job.job_id.split("-")]

@node
def work(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
parts = ForEach(parts_of)
flow.connect(jobs, parts)
flow.connect(parts, work)
```

## Fix

None: which type is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.places import defined
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node, Parameter

CODE = "DAG002"
SEVERITY: Severity = "error"


_HELP = "use a Record, or text, numbers and lists"
_MADE = {"foreach": "a list of records", "zip": "a record", "join": "a record"}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find combinators and variables whose types have no schema."""
    for node in flow.nodes:
        if node.kind in {"foreach", "zip", "join"}:
            yield from _inputs(flow, node)
            yield from _result(node)
        elif node.kind in {"if", "switch"} and node.in_schema is None:
            yield from _predicate(flow, node)
        elif node.kind in {"window", "distinct", "aggregate"} and None in {node.in_schema, node.out_schema}:
            message = f"the records of {node.name} are of a type without a schema"
            yield finding(CODE, message, node.source, node=node.name, help=_HELP)
    for variable in flow.variables:
        if variable.json_schema is None:
            message = f"the variable {variable.name} of {variable.record} is of a type without a schema"
            yield finding(CODE, message, variable.source, help=_HELP)


def _inputs(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """The parameters of a function that says what a combinator takes."""
    sides = next((s.config for s in flow.surfaces if s.kind == node.kind and node.id in s.targets), {})
    taken = [node.in_schema] if node.kind == "foreach" else [sides.get("left"), sides.get("right")]
    for parameter, schema in zip(node.parameters, taken, strict=False):
        if schema is None:
            yield finding(CODE, _told(node, parameter), parameter.source, node=node.name, help=_HELP)


def _predicate(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """The parameter of a predicate, where records of a known type come in."""
    is_known = any(edge.carries is not None for edge in flow.incoming(node.id))
    for parameter in node.parameters[:1] if is_known else ():
        if parameter.annotation is not None:
            yield finding(CODE, _told(node, parameter), parameter.source, node=node.name, help=_HELP)


def _result(node: Node) -> Iterator[Diagnostic]:
    if node.out_schema is None:
        said = None if node.returns is None else node.returns.annotation
        problem = f"returns {said}, which is not" if said else "does not say that it returns"
        message = f"the function of {node.name} {problem} {_MADE[node.kind]} with a schema"
        source = defined(node) if node.returns is None else node.returns.source
        yield finding(CODE, message, source, node=node.name, help="write what it returns: -> list[Line]")


def _told(node: Node, parameter: Parameter) -> str:
    if parameter.annotation is None:
        return f"the parameter {parameter.name} of {node.name} has no type"
    return f"the parameter {parameter.name} of {node.name}: {parameter.annotation} is no type with a schema"
