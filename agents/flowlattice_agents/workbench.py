"""What agents work with: everything that is not in the shared state and not serialised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowlattice.certify import Laboratory
from flowlattice.policy import Ruleset
from flowlattice_agents.models.base import PlanningModel
from flowlattice_agents.progress import Progress
from flowlattice_agents.state import RunState
from flowlattice_agents.store import RunStore
from flowlattice_agents.workspace import Workspace

FLOW_FILE = "flow.py"
SPEC_FILE = "spec.yaml"
CERTIFICATE_FILE = "certificate.json"
PUBLISHED = (FLOW_FILE, SPEC_FILE, CERTIFICATE_FILE)
MAX_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """The tools of one run.

    Attributes:
        model: Understands briefs.
        store: The run's store.
        workspace: The run's git workspace.
        progress: Where agents say what they do.
        ruleset: The organisation's policies and waivers.
        laboratory: The sandboxes that flows are built and certified in.
        home: `$FLOWS_HOME`.
        target: The person's folder that the accepted flow is written to; none: named after the flow, in `base`.
        base: The folder the person works in.
        environment: Name of the environment that is deployed to.
        spent: What the run's model calls have cost so far, in micro-dollars.
    """

    model: PlanningModel
    store: RunStore
    workspace: Workspace
    progress: Progress
    ruleset: Ruleset
    laboratory: Laboratory
    home: Path
    target: Path | None
    base: Path
    environment: str = "local"
    spent: Callable[[], int] = lambda: 0

    def target_for(self, flow: str) -> Path:
        """The folder that a flow of that name is written to."""
        return self.target or self.base / flow


def needed(state: RunState, key: str) -> str:
    """A digest that an earlier step has put into the state.

    Raises:
        KeyError: The step did not run; the graph is wired wrongly.
    """
    value = state.get(key)
    if not isinstance(value, str):
        raise KeyError(f"{key} is not in the run's state yet")
    return value
