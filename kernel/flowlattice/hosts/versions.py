"""What a server is to serve, as versions of flows that can be loaded: from paths, or what is deployed.

Loading runs a flow's code; listing versions does not.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from flowlattice.bindings import CALLS_FILE, EnvironmentBindings, LocalBindings, SqliteCallLog
from flowlattice.bindings.file import BINDINGS_FILE, bindings_text
from flowlattice.bindings.kept import LOCAL_STORE, environment_stores
from flowlattice.deployments import LOCAL, Deployment, Deployments
from flowlattice.engine import Runtime
from flowlattice.engine.backends import Bindings
from flowlattice.errors import UsageError
from flowlattice.hosts.programs import FlowNotLoadable, LoadedFlow, load_flow, runtime
from flowlattice.hosts.tracing import Tracing
from flowlattice.ir.digest import source_files
from flowlattice.language.sources import flow_file


@dataclass(frozen=True)
class Version:
    """A version of a flow.

    Attributes:
        key: What it is a version of; a server serves one version of each key.
        number: Tells it from others of its key.
        title: What it is called in log lines.
        load: Loads it; raises what the flow's code, its plan and its bindings raise, and before any code is run
            NotVerified where what is deployed may not be.
    """

    key: str
    number: int
    title: str
    load: Callable[[], Runtime]


class Source(Protocol):
    """Where a server has its versions from."""

    def stamp(self) -> object:
        """Something that is another when there may be other versions; costs next to nothing."""

    def keep_in(self, folder: Path) -> None:
        """Several processes serve this, and meet in this folder: all of them load one version from the same files."""

    def versions(self) -> list[Version]:
        """What is to be served now."""

    def exactly(self, numbers: Mapping[str, int]) -> list[Version]:
        """What another process with the same source serves, by key."""


Check: TypeAlias = Callable[[Path, bool], None]


class PathFlows:
    """Flows of paths, as they are on the disk when they are asked for.

    Args:
        paths: Flow files, or folders that hold one.
        environment: The environment of `bindings.toml`; none for local doubles.
        state: The folder of entries, keys and the run log; none to keep them in memory.
        tracing: Where spans go; none where nothing is traced.
        check: Called before the code of a path is run, with whether the server starts; raises where it must not be.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        environment: str | None,
        state: Path | None,
        tracing: Tracing | None = None,
        check: Check | None = None,
    ) -> None:
        self._paths = tuple(paths)
        self._environment = environment
        self._state = state
        self._tracing = tracing
        self._check = check
        self._copies: Path | None = None
        self._number = 0

    def stamp(self) -> object:
        """Always the same: paths are read again when somebody asks for it."""
        return None

    def keep_in(self, folder: Path) -> None:
        """Load from copies in this folder, which the processes that are told numbers find there."""
        self._copies = folder

    def versions(self) -> list[Version]:
        """New versions of all paths, each time."""
        self._number += 1
        return [self._version(index, self._number, is_new=True) for index in range(len(self._paths))]

    def exactly(self, numbers: Mapping[str, int]) -> list[Version]:
        """The paths as they were when they got these numbers."""
        self._number = max(self._number, *numbers.values())
        return [self._version(index, numbers[str(index)], is_new=False) for index in range(len(self._paths))]

    def _version(self, index: int, number: int, *, is_new: bool) -> Version:
        path = self._paths[index]
        copy = None if self._copies is None else self._copies / f"{number}-{index}"

        def load() -> Runtime:
            if is_new and self._check is not None:
                self._check(path, number == 1)
            if is_new and copy is not None:
                _copy(flow_file(path), copy)
            return self._load(path, copy)

        return Version(str(index), number, str(path), load)

    def _load(self, path: Path, copy: Path | None) -> Runtime:
        file = flow_file(path)
        read_from = file if copy is None else copy / file.name
        try:
            flow = load_flow(read_from)
        except FlowNotLoadable as error:
            raise FlowNotLoadable(path, error.cause) from error
        bindings: Bindings = LocalBindings(self._state)
        if self._environment is not None:
            text = bindings_text(read_from.parent, self._environment)
            bindings = EnvironmentBindings(text, self._environment, file.parent)
        return _runtime(flow, bindings, "web", self._state, self._tracing)


def _copy(file: Path, folder: Path) -> None:
    """Copy what a flow is loaded from: its own files, and what binds it."""
    shutil.rmtree(folder, ignore_errors=True)
    found = source_files(file)
    with suppress(FileNotFoundError):
        found.setdefault(BINDINGS_FILE, (file.parent / BINDINGS_FILE).read_bytes())
    for name, content in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


class DeployedFlows:
    """Everything that is deployed for the web, each flow with the approved sources, and verified before it is loaded.

    Args:
        home: The folder of all state.
        tracing: Where spans go; none where nothing is traced.
    """

    def __init__(self, home: Path, tracing: Tracing | None = None) -> None:
        self._home = home
        self._tracing = tracing
        self._deployments = Deployments(home)

    def stamp(self) -> object:
        """Of the records' file."""
        return self._deployments.stamp()

    def keep_in(self, folder: Path) -> None:
        """Nothing: deployments have their sources."""

    def versions(self) -> list[Version]:
        """What all names stand for; their numbers are the deployments'."""
        return [self._version(one) for one in self._deployments.all_current() if one.profile in {"web", "dev"}]

    def exactly(self, numbers: Mapping[str, int]) -> list[Version]:
        """Deployments by name and number, whether or not their names stand for them still."""
        found = {key: self._deployments.history(key) for key in numbers}
        return [self._version(one) for key, number in numbers.items() for one in found[key] if one.id == number]

    def _version(self, one: Deployment) -> Version:
        return Version(one.name, one.id, f"{one.name} {one.digest[:12]} in {one.environment}", lambda: self._load(one))

    def _load(self, one: Deployment) -> Runtime:
        flow = load_flow(self._deployments.flow_file(one))
        state = state_folder(self._home, one.name)
        return _runtime(flow, _bindings(one, state), one.profile, state, self._tracing)


def state_folder(home: Path, name: str) -> Path:
    """Where a deployed flow keeps its entries, keys and run log."""
    return home / "state" / name


def deployed_stores(home: Path) -> list[Path]:
    """The database files in which everything that is deployed keeps the keys of its effects."""
    found: list[Path] = []
    for deployment in Deployments(home).all_current():
        state = state_folder(home, deployment.name)
        if deployment.environment == LOCAL:
            found.append(state / LOCAL_STORE)
        else:
            found += environment_stores(deployment.bindings or "", deployment.environment, state)
    return found


def _bindings(deployment: Deployment, state: Path) -> Bindings:
    if deployment.environment == LOCAL:
        return LocalBindings(state)
    return EnvironmentBindings(deployment.bindings or "", deployment.environment, state)


def _runtime(
    flow: LoadedFlow, bindings: Bindings, profile: str, state: Path | None, tracing: Tracing | None
) -> Runtime:
    tracer = None if tracing is None else tracing.tracer()
    if state is None:
        return runtime(flow, bindings, profile=profile, tracer=tracer)
    log = SqliteCallLog(state / CALLS_FILE, flow.ir)
    try:
        return runtime(flow, bindings, profile=profile, log=log, tracer=tracer)
    except BaseException:
        log.close()
        raise


def source_of(  # noqa: PLR0913 - what `flows serve` is told
    paths: Sequence[Path],
    *,
    deployed: bool,
    environment: str | None,
    state: Path | None,
    home: Path,
    tracing: Tracing | None = None,
    check: Check | None = None,
) -> Source:
    """Where `flows serve` has its flows from.

    Raises:
        UsageError: Neither paths nor what is deployed, or both.
    """
    if deployed == bool(paths):
        raise UsageError("name the flows to serve, or give --deployed for everything that is deployed; not both")
    if not deployed:
        return PathFlows(paths, environment, state, tracing, check)
    if environment is not None or state is not None:
        raise UsageError("--env and --state belong to paths; a deployment has its own")
    return DeployedFlows(home, tracing)
