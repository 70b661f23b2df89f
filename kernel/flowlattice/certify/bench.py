"""The bench: what a check works with. It gives parts of the flow to exercise, and runs probes in the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.goldens import Golden, NodeGolden
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Example, Part, Verdict
from flowlattice.certify.parts import title
from flowlattice.certify.probes import task_of
from flowlattice.engine.runnable import check_runnable
from flowlattice.errors import EngineUnavailable
from flowlattice.ir.model import FlowIR
from flowlattice.plan import PlanRefused, plan
from flowlattice.policy import Decision
from flowlattice.sandbox import Limits, Opening


class RouteInputs:
    """The inputs of routes, each made once, when it is first asked for; whoever asks meanwhile waits."""

    def __init__(self, make: Callable[[str], JsonValue] = lambda _: {"valid": []}) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: dict[str, Future[JsonValue]] = {}

    def of(self, route: str) -> JsonValue:
        """The inputs of a route, as `METHOD /path`.

        Raises:
            SandboxError: They could not be made.
        """
        with self._lock:
            asked_before = route in self._made
            made = self._made.setdefault(route, Future())
        if not asked_before:
            try:
                made.set_result(self._make(route))
            except BaseException as error:  # noqa: BLE001 - raised by `result`, to everybody who asks
                made.set_exception(error)
        return made.result()


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
        decision: What the policies say of the flow; none where they were not asked.
        goldens: What was recorded of the flow.
        flow: Whether what holds for the whole flow is to be exercised, its limits.
        inputs: The inputs of each route of the flow.
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
    goldens: tuple[Golden, ...] = ()
    flow: bool = True
    inputs: RouteInputs = field(default_factory=RouteInputs)
    stop: threading.Event = field(default_factory=threading.Event)
    _made: dict[tuple[tuple[str, ...], tuple[str, ...]], JsonValue] = field(default_factory=dict, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def probe(  # noqa: PLR0913 - what a probe is given, all but two optional
        self,
        name: str,
        request: Mapping[str, JsonValue],
        *,
        world: int | None = None,
        reads: Sequence[Path] = (),
        write: Sequence[Path] = (),
        door: Opening | None = None,
    ) -> JsonValue:
        """Run a probe in a process of its own and wait for what it claims.

        Args:
            name: The probe's module.
            request: What it gets, beside `path`, the flow file.
            world: Which of the laboratory's `WORLDS` it runs in; none: the usual one.
            reads: What it may read beside the flow's folder.
            write: Folders that it may write and that outlive it.
            door: Makes the connections that it asks for; it reaches nothing else.

        Raises:
            SandboxError: There is no answer.
        """
        sandbox = self.laboratory.work if world is None else self.laboratory.worlds[world]
        return sandbox.run(
            task_of(name),
            {"path": str(self.path), **request},
            read=[self.path.parent, *reads],
            write=write,
            door=door,
            limits=self.limits,
            should_stop=self.stop.is_set,
        ).value

    def subject(self, routes: Sequence[str] | None = None) -> dict[str, JsonValue]:
        """What a probe is told of the routes: those to exercise by default, with their inputs, and the examples.

        Raises:
            SandboxError: The inputs could not be made.
        """
        stated: list[JsonValue] = [example.model_dump(mode="json") for example in self.examples]
        given = {route: self.inputs.of(route) for route in (self.routes if routes is None else routes)}
        return {"routes": given, "examples": stated}

    def route_parts(self, verdict: Verdict) -> tuple[Part, ...]:
        """A part for each route to exercise, all with one verdict."""
        return tuple(Part(name=f"route:{route}", verdict=verdict) for route in self.routes)

    def node_inputs(self) -> JsonValue:
        """Inputs of each node to exercise that can be run alone, by its name; made once, for all that ask.

        Raises:
            SandboxError: They could not be made.
        """
        wanted = (self.nodes, self.routes)
        with self._making:
            if wanted not in self._made:
                asked: dict[str, JsonValue] = {"nodes": list(self.nodes), "recorded": self._recorded()}
                self._made[wanted] = self.probe("node_inputs", {**self.subject(), **asked})
            return self._made[wanted]

    def _recorded(self) -> JsonValue:
        """The inputs of nodes among the goldens, by node."""
        found: dict[str, list[JsonValue]] = {}
        for golden in self.goldens:
            if isinstance(golden, NodeGolden):
                found.setdefault(golden.node, []).append(golden.input)
        return cast(JsonValue, found)

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
