"""A control is set for an edge that is not there.

`flow.edge(a, b, delivery=...)` says more about an edge that `flow.connect(a, b)` made, from the same output into the
same input. Where the two were never connected there is nothing to control, and what was to hold does not.

## Bad

```python
from flowlattice import Flow, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

@node
def clean(job: Job) -> Job:
    return Job(job_id=job.job_id.strip())

@node
def count(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
flow.connect(jobs, clean)
flow.connect(clean, count)
flow.edge(jobs, count, delivery="at_most_once")
```

## Good

```python
from flowlattice import Flow, Profile, Record, node, queue

class Job(Record, data="internal"):
    job_id: str

@node
def clean(job: Job) -> Job:
    return Job(job_id=job.job_id.strip())

@node
def count(job: Job) -> Job:
    return job

flow = Flow("jobs", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=Job))
flow.connect(jobs, clean)
flow.connect(clean, count)
flow.edge(clean, count, delivery="at_most_once")
```

## Fix

None: whether the edge is missing or the ends are wrong is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding, listed
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Misplaced

CODE = "DAG206"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find controls without an edge."""
    for given in flow.misplaced:
        name = f"{given.source_name} -> {given.target_name}"
        message = f"the {given.control} of {name} is set, but nothing connects them"
        yield finding(CODE, message, given.source, edge=name, help=_help(flow, given))


def _help(flow: FlowIR, given: Misplaced) -> str:
    """The edges that share an end with what was named."""
    ends = {given.source_name.partition(".")[0], given.target_name}
    near = [
        edge_name(flow, edge)
        for edge in flow.edges
        if ends & {flow.node(edge.source_id).name, flow.node(edge.target_id).name}
    ]
    return f"there are {listed(near[:5])}" if near else "connect them first: flow.connect(a, b)"
