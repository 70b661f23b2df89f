"""Which model a name means, and everything around it: the budget, the record, the prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice_agents.models.base import Arm, PlanningModel

OFFLINE_NAME = "offline"


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """How a run wants its model.

    Attributes:
        name: `offline`, `openai:NAME` or `replay:PATH`.
        arm: How the agents work.
        seed: Pinned in every request.
        budget_usd: What all calls may cost together, as a decimal text in dollars.
        price: What the person says the model costs, `IN/OUT` in dollars per million tokens.
        folder: The run's folder, which holds the record of its exchanges.
        home: `$FLOWS_HOME`, which holds the budgets.
        say: Shows a line about a call: the agent, the text.
    """

    name: str
    folder: Path
    home: Path
    arm: Arm = "six"
    seed: int = 0
    budget_usd: str | None = None
    price: str | None = None
    say: Callable[[str, str], None] = lambda _agent, _text: None


@dataclass(frozen=True, kw_only=True)
class OpenModel:
    """A planning model that is ready, and what it has cost.

    Attributes:
        planner: The model.
        spent: What its calls have cost so far, in micro-dollars.
        stale: Why a record's answers do not belong to these questions any more; empty where they do.
    """

    planner: PlanningModel
    spent: Callable[[], int] = lambda: 0
    stale: Callable[[], tuple[str, ...]] = lambda: ()


def checked_name(name: str) -> str:
    """The name, if there is such a model.

    Raises:
        UsageError: There is none.
    """
    kind, _, rest = name.partition(":")
    if name == OFFLINE_NAME or (kind in ("openai", "replay") and rest):
        return name
    raise UsageError(
        f"there is no model {name!r}; there are offline (no key, no network), openai:NAME (an OpenAI-compatible "
        "endpoint, $OPENAI_BASE_URL and $OPENAI_API_KEY) and replay:PATH (a record)"
    )


def open_model(settings: ModelSettings) -> OpenModel:
    """The model that a run wants.

    Raises:
        UsageError: There is no such model.
        ModelError: It cannot be used as things are set up.
    """
    if checked_name(settings.name) == OFFLINE_NAME:
        return offline_model()
    from flowlattice_agents.chat.connect import connect
    from flowlattice_agents.models.chat import Asker, ChatPlanner

    session = connect(settings)
    planner = ChatPlanner(asker=Asker(chat=session.chat, seed=settings.seed), alone=settings.arm == "single")
    return OpenModel(planner=planner, spent=session.spent, stale=session.stale)


def offline_model() -> OpenModel:
    """The embedded planner."""
    from flowlattice_agents.models.offline import OfflineModel

    return OpenModel(planner=OfflineModel())
