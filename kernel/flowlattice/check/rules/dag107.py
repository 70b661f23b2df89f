"""A schedule, a topic or a prefix cannot be.

A schedule has five fields, minute, hour, day of the month, month and day of the week, and names a time that comes; one
during a checkpoint is during one that the flow has. A topic and a queue are named by up to 249 letters, digits, dots,
dashes and underscores. A listing starts at a bucket, `s3://bucket/logs/`, and takes all that begins like it: there are
no patterns inside.

## Bad

```python
from flowlattice import Flow, Profile, Tick, cron, node

@node
def report(tick: Tick) -> str:
    return tick.at.isoformat()

flow = Flow("reports", version="1.0.0", profile=Profile.QUEUE)
daily = flow.trigger(cron("0 25 * * *"))
flow.connect(daily, report)
```

## Good

```python
from flowlattice import Flow, Profile, Tick, cron, node

@node
def report(tick: Tick) -> str:
    return tick.at.isoformat()

flow = Flow("reports", version="1.0.0", profile=Profile.QUEUE)
daily = flow.trigger(cron("0 5 * * *"))
flow.connect(daily, report)
```

## Fix

None: which time or name is meant is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.schedules import schedule_problem
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Trigger

CODE = "DAG107"
SEVERITY: Severity = "error"

# What Kafka allows for a topic; `.` and `..` are none.
_NAME: Final = re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]{1,249}")
_PREFIX: Final = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9][A-Za-z0-9._-]*/[^\x00-\x1f\x7f*?]*")
_TRIMMED: Final = "name letters, digits, dots, dashes and underscores"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find schedules, names and prefixes that cannot be."""
    checkpoints = {checkpoint.id for checkpoint in flow.checkpoints}
    for node in flow.triggers():
        found = None if node.trigger is None else _problem(node.trigger, checkpoints)
        if found is not None:
            yield finding(CODE, found[0], node.source, node=node.name, help=found[1])


def _problem(trigger: Trigger, checkpoints: set[str]) -> tuple[str, str] | None:
    match trigger.kind:
        case "cron" if trigger.during is not None and trigger.during not in checkpoints:
            return f"{trigger.during} is no checkpoint of this flow", "take what flow.hitl(...) of this flow gave"
        case "cron":
            schedule = trigger.cron or ""
            problem = schedule_problem(schedule)
            message = None if problem is None else f"the schedule {schedule!r} {problem}"
            return (
                None if message is None else (message, 'write five fields: "0 9 * * 1-5" is nine o\'clock on weekdays')
            )
        case "kafka" | "queue":
            what = "topic" if trigger.kind == "kafka" else "queue"
            for kind, name in ((what, trigger.topic), ("consumer group", trigger.group)):
                if name is not None and not _NAME.fullmatch(name):
                    return f"no {kind} is called {name!r}", _TRIMMED
        case "blob" if not _PREFIX.fullmatch(trigger.prefix or ""):
            return (
                f"nothing is listed at {trigger.prefix!r}",
                "name a bucket and what keys start with: s3://bucket/logs/",
            )
    return None
