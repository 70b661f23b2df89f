"""Evidence: everything that happened to a sample, kept raw. Scores come from this and from nothing else."""

from __future__ import annotations

from pydantic import Field, JsonValue

from flowlattice_agents.evals.brief import Fields, Part, Request

TAIL = 20_000
"""How much of what a process said is kept, in characters."""


class Told(Part):
    """A process that has ended: its exit code (none: it was stopped for its time), and the end of what it said."""

    code: int | None
    out: str
    err: str


class Authored(Part):
    """One run of the agents.

    Attributes:
        told: The process of `flows author`; its `out` is empty where it was the result.
        result: The object that it ended with.
        seconds: How long it took, wall clock.
        exchanges: The record: every exchange with the model, in order.
        events: What the agents said.
    """

    told: Told
    result: Fields | None
    seconds: float
    exchanges: tuple[Fields, ...] = ()
    events: tuple[Fields, ...] = ()


class HttpAnswer(Part):
    """What came back for a request; without a status there was no answer, and `error` says why."""

    request: Request
    status: int | None = None
    body: str = ""
    error: str = ""


class FeedAnswer(Part):
    """What `flows run` said about fed records."""

    feed: tuple[JsonValue, ...]
    told: Told
    result: Fields | None


class Built(Part):
    """The flow that came out, and what is found by using it.

    Attributes:
        sources: Its files.
        certificate: The certificate that was left beside it, if one was.
        check: `flows check`.
        ir: The Flow IR.
        served: Why it could not be served, empty if it could or need not be.
        http: Answers to the requests, in the order of the probes.
        fed: Answers to the feeds, in the order of the probes.
    """

    sources: dict[str, str]
    certificate: JsonValue = None
    check: Told
    ir: Fields | None = None
    served: str = ""
    http: tuple[HttpAnswer, ...] = ()
    fed: tuple[FeedAnswer, ...] = ()


class Attempt(Part):
    """A brief or a change request, given to the agents, and the flow if one came out."""

    authored: Authored
    built: Built | None = None


class Evidence(Part):
    """A sample's evidence.

    Attributes:
        unscored: Why nothing was tried, empty if it was.
        base: For an edit of another brief's flow: how that flow was made.
        base_sources: The files of the flow that was to be changed.
        attempt: The brief itself.
        change: The change request of the last rung, where it came so far.
    """

    unscored: str = ""
    base: Authored | None = None
    base_sources: dict[str, str] = Field(default_factory=dict)
    attempt: Attempt | None = None
    change: Attempt | None = None

    @property
    def runs(self) -> tuple[Authored, ...]:
        """All runs of the agents in it."""
        attempts = [attempt.authored for attempt in (self.attempt, self.change) if attempt is not None]
        return tuple(([self.base] if self.base is not None else []) + attempts)
