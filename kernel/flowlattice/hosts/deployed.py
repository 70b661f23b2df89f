"""What is deployed, as runtimes: digests are verified before anything of a flow is imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flowlattice.bindings import EnvironmentBindings, LocalBindings, SqliteCallLog
from flowlattice.bindings.kept import LOCAL_STORE, environment_stores
from flowlattice.deployments import LOCAL, Deployment, Deployments
from flowlattice.engine import Runtime
from flowlattice.engine.backends import Bindings
from flowlattice.errors import UsageError
from flowlattice.hosts.programs import load_flow, runtime

CALLS_FILE = "calls.sqlite"


def state_folder(home: Path, name: str) -> Path:
    """Where a deployed flow keeps its entries, keys and run log."""
    return home / "state" / name


def deployed_runtimes(home: Path, logs: list[SqliteCallLog]) -> Iterable[Runtime]:
    """A runtime for everything that is deployed for the web.

    Args:
        home: The folder of all state.
        logs: Where the run logs are put that have to be closed in the end.

    Raises:
        SourcesChanged: Kept sources are no longer what was approved.
        UsageError: Nothing is deployed, or a binding is missing.
    """
    deployments = Deployments(home)
    found = [one for one in deployments.all_current() if one.profile in {"web", "dev"}]
    if not found:
        raise UsageError("nothing is deployed; flows deploy PATH deploys a flow")
    for deployment in found:
        flow = load_flow(deployments.flow_file(deployment))
        state = state_folder(home, deployment.name)
        logs.append(SqliteCallLog(state / CALLS_FILE, deployment.name))
        yield runtime(flow, _bindings(deployment, state), profile=deployment.profile, log=logs[-1])


def _bindings(deployment: Deployment, state: Path) -> Bindings:
    if deployment.environment == LOCAL:
        return LocalBindings(state)
    return EnvironmentBindings(deployment.bindings or "", deployment.environment, state)


def deployed_stores(home: Path) -> list[Path]:
    """The database files in which everything that is deployed keeps its keys."""
    found: list[Path] = []
    for deployment in Deployments(home).all_current():
        state = state_folder(home, deployment.name)
        if deployment.environment == LOCAL:
            found.append(state / LOCAL_STORE)
        else:
            found += environment_stores(deployment.bindings or "", deployment.environment, state)
    return found
