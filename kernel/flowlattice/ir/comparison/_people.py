"""Where people are asked: what waits, who decides, and what happens when nobody does."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.comparison._change import Change, moved, paired
from flowlattice.ir.comparison._facts import waiting
from flowlattice.ir.comparison._weigh import Said, ceiling, fields_moved, kept, riskier
from flowlattice.ir.model import Checkpoint, FlowIR

_POINT = {
    "view": Said("what a person sees of {}", riskier),
    "view_problem": Said("why what waits at {} cannot be shown", lambda _was, now: "riskier" if now else "safer"),
    "ttl_s": Said("how long {} waits for a person (s)", ceiling),
    "on_timeout": Said("what happens when nobody decides {}", riskier),
    "escalate_to": Said("who is asked next about {}", kept),
    "approvers": Said("who may decide {}", riskier),
}


def people(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Checkpoints that are new, gone, or ask otherwise than before."""
    old, new = ({point.id: point for point in ir.checkpoints} for ir in (before, after))
    for name in [name for name in old if name not in new]:
        text = f"{waiting(before, old[name])} no longer waits for a person ({name})"
        yield Change(kind="approval", weight="riskier", subject=name, text=text, before=name)
    for name in [name for name in new if name not in old]:
        text = f"{waiting(after, new[name])} waits for a person ({name})"
        yield Change(kind="approval", weight="safer", subject=name, text=text, after=name)
    for name, was, now in paired(old, new):
        one, other = waiting(before, was), waiting(after, now)
        if one != other:
            yield moved("approval", name, f"what waits at {name}", one, other, "riskier")
        yield from fields_moved("approval", name, was, now, _POINT)
        if was.view_body != now.view_body:
            text = f"{name} may show something else: the code that makes its view is not as it was"
            before_it, after_it = was.view_body, now.view_body
            yield Change(kind="approval", weight="riskier", subject=name, text=text, before=before_it, after=after_it)
        before_it, after_it = _reasons(was), _reasons(now)
        if before_it != after_it:
            what = f"why what a person sees of {name} differs from time to time"
            yield moved("approval", name, what, before_it, after_it, "riskier" if now.view_reasons else "safer")


def _reasons(point: Checkpoint) -> str | None:
    said = (
        f"{r.of} {r.level}: {r.because}" + (f" ({r.capability})" if r.capability else "") for r in point.view_reasons
    )
    return "; ".join(said) or None
