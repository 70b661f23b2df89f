"""Runs: start one, go on with one, list them. Drives the graph and hands its questions to whoever can answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Protocol, cast

from pydantic import BaseModel, ConfigDict, JsonValue

from flowlattice.certify import Laboratory
from flowlattice.errors import FlowlatticeError
from flowlattice.files import replace_file
from flowlattice.policy import Ruleset
from flowlattice_agents.chat.connect import EXCHANGES
from flowlattice_agents.chat.cost import Cost, cost_of
from flowlattice_agents.chat.journal import read_record
from flowlattice_agents.editing import EditBase
from flowlattice_agents.errors import AnswerUnusable, ModelError, RunError
from flowlattice_agents.models.base import Arm
from flowlattice_agents.models.registry import ModelSettings, OpenModel, offline_model, open_model
from flowlattice_agents.progress import Event, Progress
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import STATE_VERSION, RunState
from flowlattice_agents.store import RUN_ID_LENGTH, RunStore, RunStores
from flowlattice_agents.workbench import Workbench
from flowlattice_agents.workspace import Workspace

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import Command

    from flowlattice_agents.graph import RunGraph

PARAMETERS_FILE = "run.json"


class Asked(Protocol):
    """Answers what the graph asks; none means that nobody can answer now."""

    def __call__(self, request: dict[str, JsonValue]) -> JsonValue | None:
        """The reply to an interrupt's request."""


class Parameters(BaseModel):
    """What a run was started with; only its budget may be raised later.

    Attributes:
        brief: The brief, or the change request where there is something to edit.
        spec: The spec to start from instead.
        edit: The flow that is to be changed.
        model: How `--model` named the model.
        arm: How the agents work.
        seed: Pinned in every request to a model.
        budget_usd: What the model calls may cost together, as a decimal text in dollars.
        price: What the person says a model costs, `IN/OUT` in dollars per million tokens.
        target: The folder that the accepted flow is written to.
        base: The folder the person works in.
        allowed_hosts: The hosts that the organisation allows.
    """

    model_config = ConfigDict(frozen=True)

    brief: str
    spec: FlowSpec | None = None
    edit: EditBase | None = None
    model: str
    arm: Arm = "six"
    seed: int = 0
    budget_usd: str | None = None
    price: str | None = None
    target: Path | None
    base: Path
    allowed_hosts: tuple[str, ...] = ()
    state_version: int = STATE_VERSION


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Where a run is.

    Attributes:
        run: Its id.
        state: Its state.
        store: Its store.
        waiting: The request that waits for an answer, if one does.
        halted: Why no model answered, if that is why it stands still; it can go on.
        cost: What its model calls have cost.
        stale: Why the record that it repeats is out of date.
    """

    run: str
    state: RunState
    store: RunStore
    waiting: dict[str, JsonValue] | None = None
    halted: ModelError | None = None
    cost: Cost = field(default_factory=Cost)
    stale: tuple[str, ...] = ()


class Runs:
    """All runs below one `$FLOWS_HOME`.

    Args:
        home: The folder of all state.
        opened: Gives the planning model of a run; by default the one that its parameters name.
    """

    def __init__(self, home: Path, opened: Callable[[ModelSettings], OpenModel] = open_model) -> None:
        self._home = home
        self._stores = RunStores(home)
        self._opened = opened

    def start(self, parameters: Parameters, asked: Asked, watch: Callable[[Event], None]) -> RunResult:
        """Start a run and drive it as far as it goes."""
        store = self._stores.create(token_hex(RUN_ID_LENGTH // 2))
        replace_file(store.folder / PARAMETERS_FILE, parameters.model_dump_json().encode())
        return self._drive(store, parameters, asked, watch)

    def resume(
        self, run: str, asked: Asked, watch: Callable[[Event], None], *, budget_usd: str | None = None
    ) -> RunResult:
        """Go on with a run where it was, with another budget if one is given."""
        store = self._stores.open(run)
        parameters = self.parameters(store)
        if budget_usd is not None:
            parameters = parameters.model_copy(update={"budget_usd": budget_usd})
            replace_file(store.folder / PARAMETERS_FILE, parameters.model_dump_json().encode())
        return self._drive(store, parameters, asked, watch)

    def store(self, run: str) -> RunStore:
        """The store of a run."""
        return self._stores.open(run)

    def names(self) -> list[str]:
        """The ids of all runs, newest first."""
        return self._stores.names()

    def parameters(self, store: RunStore) -> Parameters:
        """What a run was started with.

        Raises:
            RunError: That is not known, or was kept by another version.
        """
        file = store.folder / PARAMETERS_FILE
        try:
            text = file.read_text(encoding="utf-8")
            kept = json.loads(text)
            if isinstance(kept, dict) and kept.get("state_version") != STATE_VERSION:
                raise RunError(f"run {store.run} is of another version of flowlattice; start it again")
            return Parameters.model_validate_json(text)
        except FileNotFoundError as error:
            raise RunError(f"run {store.run} was cut off before it began; start it again") from error
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"run {store.run} cannot be used: {file} cannot be read; start it again") from error

    def state(self, run: str) -> RunResult:
        """Where a run is, without going on with it."""
        store = self._stores.open(run)
        parameters = self.parameters(store)
        with Laboratory() as lab, self._graph(store, offline_model(), parameters, lambda _: None, lab) as graph:
            return _result(store, graph)

    def _drive(
        self, store: RunStore, parameters: Parameters, asked: Asked, watch: Callable[[Event], None]
    ) -> RunResult:
        with _only_driver(store), Laboratory() as lab:
            lab.start()
            try:
                model = self._opened(self._settings(store, parameters, watch))
                with closing(model), self._graph(store, model, parameters, watch, lab) as graph, _asks_anew(model):
                    result = self._converse(graph, store, parameters, asked)
                    if isinstance(result.halted, AnswerUnusable):
                        model.ask_anew()
                    return replace(result, stale=model.stale())
            except KeyboardInterrupt:
                watch(Event(agent="", kind="stopped", text=f"interrupted; go on with: flows resume {store.run}"))
                raise

    def _converse(self, graph: RunGraph, store: RunStore, parameters: Parameters, asked: Asked) -> RunResult:
        from langgraph.types import Command

        snapshot = graph.get_state(_config(store))
        given: RunState | Command[str] | None = None if snapshot.created_at else _initial(store, parameters)
        while True:
            # Also where nothing seems to be next: a crash may have come between a step's writes and its checkpoint.
            try:
                _advance(graph, store, given)
            except ModelError as error:
                return replace(_result(store, graph), halted=error)
            result = _result(store, graph)
            if result.waiting is None:
                return result
            reply = asked(result.waiting)
            if reply is None:
                return result
            given = Command(resume=reply)

    def _settings(self, store: RunStore, parameters: Parameters, watch: Callable[[Event], None]) -> ModelSettings:
        return ModelSettings(
            name=parameters.model,
            arm=parameters.arm,
            seed=parameters.seed,
            budget_usd=parameters.budget_usd,
            price=parameters.price,
            folder=store.folder,
            home=self._home,
            say=lambda text: Progress(store, watch).say("model", "note", text),
        )

    @contextmanager
    def _graph(
        self,
        store: RunStore,
        model: OpenModel,
        parameters: Parameters,
        watch: Callable[[Event], None],
        laboratory: Laboratory,
    ) -> Iterator[RunGraph]:
        # Imported only now: it takes a second, in which the laboratory's processes start.
        from flowlattice_agents.graph import run_graph

        bench = Workbench(
            model=model.planner,
            store=store,
            workspace=Workspace(store.workspace),
            progress=Progress(store, watch),
            ruleset=Ruleset.load(),
            laboratory=laboratory,
            home=self._home,
            target=parameters.target,
            base=parameters.base,
            spent=model.spent,
        )
        with run_graph(bench) as graph:
            yield graph


@contextmanager
def _asks_anew(model: OpenModel) -> Iterator[None]:
    """Where a step crashes, have it ask anew once the run goes on: the same answers would crash it for ever."""
    try:
        yield
    except (FlowlatticeError, OSError):
        raise
    except Exception:
        model.ask_anew()
        raise


def _initial(store: RunStore, parameters: Parameters) -> RunState:
    spec = parameters.spec
    return {
        "version": STATE_VERSION,
        "brief_digest": store.put(parameters.brief),
        "spec_given": spec is not None,
        "arm": parameters.arm,
        "edit_digest": None if parameters.edit is None else store.put_json(parameters.edit),
        "spec_digest": None if spec is None else store.put_json(spec),
        "allowed_hosts": list(parameters.allowed_hosts),
        "answers": [],
        "attempt": 0,
        "optimized": False,
        "outcome": None,
    }


def _advance(graph: RunGraph, store: RunStore, given: RunState | Command[str] | None) -> None:
    """Run until the graph ends or asks; each step is on disk before the next one starts.

    Tracing to a service is off, whatever the environment says: briefs leave the machine for nobody.
    """
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        graph.invoke(cast(RunState, given), _config(store), durability="sync")


def _result(store: RunStore, graph: RunGraph) -> RunResult:
    snapshot = graph.get_state(_config(store))
    waiting = [entry.value for task in snapshot.tasks for entry in task.interrupts]
    return RunResult(
        run=store.run,
        state=cast(RunState, snapshot.values),
        store=store,
        waiting=waiting[0] if waiting else None,
        cost=cost_of(read_record(record)) if (record := store.folder / EXCHANGES).exists() else Cost(),
    )


def _config(store: RunStore) -> RunnableConfig:
    return {"configurable": {"thread_id": store.run}, "recursion_limit": 60}


@contextmanager
def _only_driver(store: RunStore) -> Iterator[None]:
    """Hold the run, so that two processes never drive it at once; the hold ends with the process."""
    import fcntl

    handle = os.open(store.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(f"run {store.run} is being driven by another process; wait for it or stop it") from error
        yield
    finally:
        os.close(handle)
