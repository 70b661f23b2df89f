"""The bench: what a check works with. It gives parts of the flow to exercise, and runs probes in the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from flowlattice.certify.changes import title
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Example
from flowlattice.certify.probes import task_of
from flowlattice.engine.runnable import check_runnable
from flowlattice.errors import EngineUnavailable
from flowlattice.ir.model import FlowIR
from flowlattice.plan import PlanRefused, plan
from flowlattice.policy import Decision
from flowlattice.sandbox import Limits


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One certification's bench.

    Attributes:
        path: The flow file.
        ir: Its IR, as it was checked.
        nodes: Names of the nodes to exercise.
        routes: The HTTP routes to exercise, as `METHOD /path`; none where no host of this version serves them.
        examples: Requests with the answers that the brief states.
        laboratory: The sandboxes that probes run in.
        limits: What each probe may use.
        environment: The environment that it is certified for; none: local doubles.
        decision: What the policies say of it; none where they were not asked.
        inputs: Gives the inputs of each route of the flow; waits for them where they are still being made.
        stop: Set when the certification is given up; running probes then end.
    """

    path: Path
    ir: FlowIR
    nodes: tuple[str, ...]
    routes: tuple[str, ...]
    examples: tuple[Example, ...]
    laboratory: Laboratory
    limits: Limits
    environment: str | None = None
    decision: Decision | None = None
    inputs: Mapping[str, Callable[[], JsonValue]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def probe(
        self,
        name: str,
        request: Mapping[str, JsonValue],
        *,
        world: int | None = None,
        reads: Sequence[Path] = (),
        write: Sequence[Path] = (),
    ) -> JsonValue:
        """Run a probe in a process of its own and wait for what it claims.

        Args:
            name: The probe's module.
            request: What it gets, beside `path`, the flow file.
            world: Which of the laboratory's `WORLDS` it runs in; none: the usual one.
            reads: What it may read beside the flow's folder.
            write: Folders that it may write and that outlive it.

        Raises:
            SandboxError: There is no answer.
        """
        sandbox = self.laboratory.work if world is None else self.laboratory.worlds[world]
        return sandbox.run(
            task_of(name),
            {"path": str(self.path), **request},
            read=[self.path.parent, *reads],
            write=write,
            limits=self.limits,
            should_stop=self.stop.is_set,
        ).value

    def subject(self, routes: Sequence[str] | None = None) -> dict[str, JsonValue]:
        """What a probe is told of the routes: those to exercise by default, with their inputs, and the examples.

        Raises:
            SandboxError: The inputs could not be made.
        """
        stated: list[JsonValue] = [example.model_dump(mode="json") for example in self.examples]
        given = {route: self.inputs[route]() for route in (self.routes if routes is None else routes)}
        return {"routes": given, "examples": stated}

    def no_routes(self) -> str | None:
        """Why there is no route to exercise; none if there is one."""
        if self.routes:
            return None
        return "no host of this version serves its routes" if unhosted(self.ir) else "there is no route to exercise"

    def no_effects(self) -> str | None:
        """Why no route to exercise reaches an effect; none if one does."""
        return None if any(node.effects == "effectful" for node in self.ir.nodes) else "no node has an effect"


def routes_of(ir: FlowIR) -> tuple[str, ...]:
    """All HTTP routes of a flow that a host of this version serves."""
    if unhosted(ir) is not None:
        return ()
    return tuple(title(node) for node in ir.triggers() if node.trigger is not None and node.trigger.kind == "http")


def unhosted(ir: FlowIR) -> str | None:
    """Why no host of this version runs a flow; none if one does."""
    try:
        check_runnable(plan(ir))
    except (EngineUnavailable, PlanRefused) as error:
        return str(error)
    return None
