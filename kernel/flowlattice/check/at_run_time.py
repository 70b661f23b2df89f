"""The codes of what only shows while a flow runs: no rule finds it, so there is no flow to show that has it.

All of them are reserved: the hosts of this version tell the same in other ways, which each page says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flowlattice.diagnostics import Severity


@dataclass(frozen=True, kw_only=True)
class RunTimeCode:
    """A code that a running flow gives.

    Attributes:
        code: The code, the same for ever.
        severity: How bad it is.
        title: What happened, in one line.
        why: What it means.
        now: What this version does where the code is not given yet.
        remedy: What to do about it.
    """

    code: str
    severity: Severity
    title: str
    why: str
    now: str
    remedy: str

    @property
    def page(self) -> str:
        """Its manual page, Markdown."""
        return f"{self.title}.\n\n{self.why}\n\n## Now\n\nReserved. {self.now}\n\n## Remedy\n\n{self.remedy}\n"


_COLLISION: Final = RunTimeCode(
    code="IDEM099",
    severity="error",
    title="Two different effects have one idempotency key",
    why="""\
The key under which an effect is remembered was made of other values than those that came with it this time. Either
two records that are different effects have the same key fields, or what is kept is damaged. The run ends at once: to
go on would leave out an effect that has to happen.""",
    now="""\
Dedupe stores keep the digest of a key and what the effect returned, not the values, so that nothing is compared.""",
    remedy="""\
Add the field that tells the two effects apart to the key: `idempotency=by("order_id", "line")`.""",
)

_OVER_TIME: Final = RunTimeCode(
    code="TIME015",
    severity="error",
    title="A run or a node took longer than it may",
    why="""\
The deadline of a trigger, the timeout of a node or the timeout of an edge is over. What was under way is cancelled.
An effect of which it is not known whether it happened is in doubt, and is not repeated by itself.""",
    now="""\
The web host answers 504 with `deadline_exceeded` and the run's id.""",
    remedy="""\
Find the slow step; raise `deadline=` or `timeout=`, or let the trigger answer at once (`respond="immediate"`).""",
)

_STALLED: Final = RunTimeCode(
    code="RUN030",
    severity="warning",
    title="A full buffer holds back what comes before it",
    why="""\
The buffer of an edge was full for so long that the trigger takes nothing in any more. Nothing is lost: records wait
where they come from, and callers are told to come back.""",
    now="""\
The web host answers 503 with `saturated` while as many requests are under way as `flow.max_in_flight` allows.""",
    remedy="""\
Let the slow node work on more at once (`concurrency=`), take records together (`batch=`), give the edge a larger
buffer or a `Spill`, or limit the rate at the trigger.""",
)

_SPILLED: Final = RunTimeCode(
    code="RUN040",
    severity="note",
    title="A buffer spills",
    why="""\
What does not fit into the buffer of an edge goes to its blob store, and is taken up from there in order. Latency
grows; no record is lost.""",
    now="""\
No host of this version spills; spilling is checked and planned.""",
    remedy="""\
None is needed for a burst. Where it does not end, the consumer is too slow for what arrives.""",
)

_MEMORY: Final = RunTimeCode(
    code="RUN050",
    severity="error",
    title="A process came to the end of its memory",
    why="""\
A worker, or the process of a plugin, needed more memory than it may have, and was ended. What was under way is
delivered again.""",
    now="""\
A sandboxed process that comes to its limit is ended, and reported as one that gave no answer.""",
    remedy="""\
Bound what is held at once: smaller `batch=`, `max_items=` and `concurrency=`, windows that close; or allow more:
`sandboxed(..., memory=gib(2))`.""",
)

_GONE: Final = RunTimeCode(
    code="WEB201",
    severity="note",
    title="The client went away before its answer",
    why="""\
The connection was closed while the run was under way. The run is cancelled: nodes see it by `ctx.is_cancelled()`, and
effects that have begun are seen through to their end, so that none is left in doubt for this.""",
    now="""\
The web host counts the request with status 499.""",
    remedy="""\
None, unless it happens often: then answers come later than callers are ready to wait.""",
)

_CODES: Final = {found.code: found for found in (_COLLISION, _STALLED, _SPILLED, _MEMORY, _OVER_TIME, _GONE)}


def run_time_codes() -> tuple[RunTimeCode, ...]:
    """All of them, by code."""
    return tuple(_CODES[code] for code in sorted(_CODES))


def run_time_code(code: str) -> RunTimeCode | None:
    """The one of a code; none if there is none."""
    return _CODES.get(code.upper())
