"""Which model a name means, and everything around it: the budget, the record, the prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from flowlattice.errors import UsageError
from flowlattice_agents.models.base import Arm, PlanningModel

if TYPE_CHECKING:
    from flowlattice_agents.chat.base import ChatReply, ChatRequest
    from flowlattice_agents.chat.connect import ChatSession

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
        say: Shows a line about what is asked and what it costs.
    """

    name: str
    folder: Path
    home: Path
    arm: Arm = "six"
    seed: int = 0
    budget_usd: str | None = None
    price: str | None = None
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class OpenModel:
    """A planning model that is ready, and what it has cost.

    Attributes:
        planner: The model.
        spent: What its calls have cost so far, in micro-dollars.
        stale: Why a record's answers do not belong to these questions any more; empty where they do.
        ask_anew: Asks again, once the run goes on, for what its last step ended on; else that is repeated.
        close: Closes its connections and files.
    """

    planner: PlanningModel
    spent: Callable[[], int] = lambda: 0
    stale: Callable[[], tuple[str, ...]] = lambda: ()
    ask_anew: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None


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


def absolute_name(name: str) -> str:
    """The name as it still holds in another folder: a record's path made absolute."""
    kind, _, path = name.partition(":")
    return f"replay:{Path(path).absolute()}" if kind == "replay" else name


def open_model(settings: ModelSettings) -> OpenModel:
    """The model that a run wants.

    Raises:
        UsageError: There is no such model.
        ModelError: It cannot be used as things are set up.
    """
    if checked_name(settings.name) == OFFLINE_NAME:
        return offline_model()
    from flowlattice_agents.models.chat import Asker, ChatPlanner

    late = _LateChat(settings)
    planner = ChatPlanner(asker=Asker(chat=late, seed=settings.seed), alone=settings.arm == "single")
    return OpenModel(planner=planner, spent=late.spent, stale=late.stale, ask_anew=late.ask_anew, close=late.close)


class _LateChat:
    """A chat model that is connected when it is first asked: whoever only approves needs neither key nor endpoint."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._session: ChatSession | None = None

    @property
    def name(self) -> str:
        """How `--model` names it; a record's own name once it is open."""
        return self._settings.name if self._session is None else self._session.chat.name

    def complete(self, request: ChatRequest) -> ChatReply:
        """Connect if that was not done yet, and ask.

        Raises:
            ModelError: It cannot be used as things are set up, or gives no answer.
        """
        if self._session is None:
            self._session = self._connected()
        return self._session.chat.complete(request)

    def spent(self) -> int:
        """What its calls have cost so far, in micro-dollars."""
        return 0 if self._session is None else self._session.cost().micro_usd

    def stale(self) -> tuple[str, ...]:
        """Where a record is out of date."""
        return () if self._session is None else self._session.stale

    def ask_anew(self) -> None:
        """Let what was answered so far be asked again when the run goes on."""
        if self._session is not None:
            self._session.ask_anew()

    def close(self) -> None:
        """Close what was opened."""
        if self._session is not None:
            self._session.close()

    def _connected(self) -> ChatSession:
        from flowlattice_agents.chat.connect import connect
        from flowlattice_agents.chat.prices import parse_price

        settings = self._settings
        return connect(
            settings.name,
            folder=settings.folder,
            home=settings.home,
            note=settings.say,
            on_cost=lambda cost: settings.say(f"{cost} so far"),
            budget_usd=None if settings.budget_usd is None else Decimal(settings.budget_usd),
            price=None if settings.price is None else parse_price(settings.price),
        )


def offline_model() -> OpenModel:
    """The embedded planner."""
    from flowlattice_agents.models.offline import OfflineModel

    return OpenModel(planner=OfflineModel())
