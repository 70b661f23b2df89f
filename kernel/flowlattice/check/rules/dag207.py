"""An edge, or a control of it, is set twice.

One `flow.connect` carries every record from one end to the other; a second between the same ends would carry each
record again. The delivery, the ordering, the buffer and the timeout of an edge are each said once: in `flow.connect`,
or in one `flow.edge`. A node is partitioned, limited and given an error handler once. A second word would silently win
over the first, wherever it stands in the file. (Two handlers that both retry are RETRY010.)

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
flow.connect(clean, count)
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

Safe: the second of two connections that say the same is taken out. Where the two differ, and of two controls, which one
is meant is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from uuid import UUID

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import edge_name, edge_source, finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import Edge, FlowIR, Source, Surface

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG207"
SEVERITY: Severity = "error"

_ONCE: Final = {"partition": "partition", "rate_limit": "rate limit", "error_handler": "error handler"}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find edges that are there already, and controls that were set before."""
    for second, known in _doubled(flow):
        name, before = edge_name(flow, second), edge_source(flow, known)
        message = f"{name} is connected again; it was connected in {before.file}, line {before.line}"
        fix = offer("safe", "take out the second") if _said(second) == _said(known) else None
        text = "each record would come twice: connect them once"
        yield finding(CODE, message, edge_source(flow, second), edge=name, help=text, fix=fix)
    for edge in flow.edges:
        for control, first, again in _repeated(edge):
            name = edge_name(flow, edge)
            message = f"the {control} of {name} is set again; it was set in {first.file}, line {first.line}"
            yield finding(CODE, message, again, edge=name, help="say it once")
    yield from _surfaces(flow)


def _doubled(flow: FlowIR) -> Iterator[tuple[Edge, Edge]]:
    """Each edge between two ends that have one, and the first one between them."""
    first: dict[tuple[UUID, UUID, str | None, str | None], Edge] = {}
    for edge in flow.edges:
        before = first.setdefault((edge.source_id, edge.target_id, edge.case, edge.into), edge)
        if before is not edge:
            yield edge, before


def _said(edge: Edge) -> Edge:
    """What is said of an edge, wherever that is."""
    return edge.model_copy(update={"source": None, "controls": ()})


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


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Take the second connection out."""
    from flowlattice.check import codemods

    places = (edge.source for edge, _ in _doubled(flow))
    source = next((one for one in places if one and (one.line, one.column) == (found.line, found.column)), None)
    return None if source is None else codemods.remove_statement(module, source)
