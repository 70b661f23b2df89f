"""A control of an edge is set twice.

The delivery, the ordering, the buffer and the timeout of an edge are each said once: in `flow.connect`, or in one
`flow.edge`. A second word would silently win over the first, wherever it stands in the file.

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
flow.connect(clean, count, delivery="at_least_once")
flow.edge(clean, count, delivery="at_most_once")
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

None: which of the two is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Edge, FlowIR, Source

CODE = "DAG207"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find controls that were set before."""
    for edge in flow.edges:
        for control, first, again in _repeated(edge):
            name = edge_name(flow, edge)
            message = f"the {control} of {name} is set again; it was set in {first.file}, line {first.line}"
            yield finding(CODE, message, again, edge=name, help="say it once")


def _repeated(edge: Edge) -> Iterator[tuple[str, Source, Source]]:
    """Each control that was set before, with where it first was."""
    first: dict[str, Source] = {}
    for given in edge.controls:
        before = first.setdefault(given.control, given.source)
        if before != given.source:
            yield given.control, before, given.source
