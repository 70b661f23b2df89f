"""From a path to a flow that can be run in this process: load, lower, plan, bind.

This imports and runs the flow's code. Hosts do it only to files that a person names for local use, or to deployed
digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowlattice.engine import CallLog, Runtime, bind
from flowlattice.engine.backends import Bindings
from flowlattice.engine.runnable import check_profile
from flowlattice.engine.tracing import Tracer
from flowlattice.errors import FlowlatticeError
from flowlattice.ir import model as ir
from flowlattice.ir.lower import lower
from flowlattice.language.loading import Program, load
from flowlattice.plan import plan


class FlowNotLoadable(FlowlatticeError):
    """The flow's own code failed while it was loaded."""

    def __init__(self, path: Path, cause: BaseException) -> None:
        self.path = path
        self.cause = cause
        super().__init__(f"{path}: {type(cause).__name__} while it was loaded; flows check {path} says where")


@dataclass(frozen=True)
class LoadedFlow:
    """A flow's code and its IR."""

    path: Path
    program: Program
    ir: ir.FlowIR


def load_flow(path: Path) -> LoadedFlow:
    """Load a flow's code and lower it.

    Raises:
        UsageError: There is no flow.
        FlowNotLoadable: Its code fails.
    """
    try:
        program = load(path)
    except FlowlatticeError:
        raise
    except (Exception, SystemExit) as error:
        raise FlowNotLoadable(path, error) from error
    return LoadedFlow(path, program, lower(program))


def runtime(
    flow: LoadedFlow,
    bindings: Bindings,
    *,
    profile: str | None = None,
    log: CallLog | None = None,
    tracer: Tracer | None = None,
) -> Runtime:
    """Plan a loaded flow and bind it.

    Args:
        flow: The flow.
        bindings: Backends of its capabilities.
        profile: What to plan for; the flow's own where it is not given. Only `dev` stands in for every other.
        log: Where capability calls are recorded; nowhere by default.
        tracer: Where spans go; none where nothing is traced.

    Raises:
        NotRunYet: No engine of this version runs it.
        PlanRefused: The profile cannot honour it.
        UsageError: A capability is not bound.
    """
    if profile != "dev":
        check_profile(flow.ir.profile)
    return bind(plan(flow.ir, profile), flow.program, flow.ir, bindings, log, tracer)
