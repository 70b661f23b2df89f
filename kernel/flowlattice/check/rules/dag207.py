"""A control is set twice.

The delivery, the ordering, the buffer and the timeout of an edge are each said once: in `flow.connect`, or in one
`flow.edge`. A node is partitioned, limited and given an error handler once. A second word would silently win over the
first, wherever it stands in the file. (Two handlers that both retry are RETRY010.)

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
from typing import Final
from uuid import UUID

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Edge, FlowIR, Source, Surface

CODE = "DAG207"
SEVERITY: Severity = "error"

_ONCE: Final = {"partition": "partition", "rate_limit": "rate limit", "error_handler": "error handler"}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find controls that were set before."""
    for edge in flow.edges:
        for control, first, again in _repeated(edge):
            name = edge_name(flow, edge)
            message = f"the {control} of {name} is set again; it was set in {first.file}, line {first.line}"
            yield finding(CODE, message, again, edge=name, help="say it once")
    yield from _surfaces(flow)


def _surfaces(flow: FlowIR) -> Iterator[Diagnostic]:
    """Partitions, rate limits and error handlers of what has one."""
    first: dict[tuple[str, tuple[UUID, ...]], Surface] = {}
    for surface in (surface for surface in flow.surfaces if surface.kind in _ONCE and surface.targets):
        other = first.setdefault((surface.kind, surface.targets), surface)
        source, before = surface.source or flow.source, other.source or flow.source
        if other is surface or {surface.config.get("strategy"), other.config.get("strategy")} == {"retry"}:
            continue
        name = flow.node(surface.targets[0]).name if len(surface.targets) == 1 else "the flow"
        message = f"the {_ONCE[surface.kind]} of {name} is set again; it was set in {before.file}, line {before.line}"
        yield finding(CODE, message, source, help="say it once")


def _repeated(edge: Edge) -> Iterator[tuple[str, Source, Source]]:
    """Each control that was set before, with where it first was."""
    first: dict[str, Source] = {}
    for given in edge.controls:
        before = first.setdefault(given.control, given.source)
        if before != given.source:
            yield given.control, before, given.source
