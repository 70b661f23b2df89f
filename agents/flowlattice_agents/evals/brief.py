"""The format of a brief with expectations: what a person would type, and how to tell whether the result is right."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

Outcome = Literal["deployed", "blocked", "needs_input", "refused"]
Family = Literal["simple", "web", "llm", "queue", "durable", "plugin", "edge", "edit", "unclear", "unsafe"]


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return text


def _as_text(value: object) -> object:
    """A number, or YAML's yes and no, where a text is meant."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


Pattern = Annotated[str, AfterValidator(_is_pattern)]
Text = Annotated[str, BeforeValidator(_as_text)]
Fields = dict[str, JsonValue]


class Part(BaseModel):
    """Base of everything in a suite and in its results: what is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Answer(Part):
    """A reply for the PM: said to the questions whose text `ask` is found in."""

    ask: Pattern
    say: Text


class AtLeast(Part):
    """A number of things that must be there."""

    min: int = Field(default=1, ge=0)


class Match(AtLeast):
    """At least `min` parts of the IR that have all these fields."""

    match: Fields


class Expectation(Part):
    """What must be true of the outcome and of the Flow IR.

    Attributes:
        outcome: How the run must end.
        profile: The flow's profile.
        trigger: Fields of one trigger node's `trigger`.
        nodes: Nodes that must be there.
        edges: Edges that must be there.
        surfaces: Control surfaces that must be there.
        checkpoints: How many places must wait for people.
        codes: Diagnostics or policies that must be among the reasons.
        mentions: Patterns, each to be found in what the run says.
    """

    outcome: Outcome
    profile: str | None = None
    trigger: Fields | None = None
    nodes: tuple[Match, ...] = ()
    edges: tuple[Match, ...] = ()
    surfaces: tuple[Match, ...] = ()
    checkpoints: AtLeast | None = None
    codes: tuple[str, ...] = ()
    mentions: tuple[Pattern, ...] = ()


class Request(Part):
    """An HTTP request; `query` and `form` values may be lists; `body` is sent as it is."""

    method: str = "GET"
    path: str = Field(pattern="^/")
    query: Fields | None = None
    json_body: JsonValue = Field(default=None, alias="json")
    form: Fields | None = None
    body: Text | None = None
    headers: dict[str, Text] = {}

    @property
    def has_json(self) -> bool:
        """Whether a JSON body is sent, which may be `null`."""
        return "json_body" in self.model_fields_set


class Response(Part):
    """What must come back: JSON as a subset; the patterns of `text` and `sse` are to be found in the body."""

    status: int | None = None
    json_body: JsonValue = Field(default=None, alias="json")
    text: Pattern | None = None
    sse: tuple[Pattern, ...] = ()

    @property
    def has_json(self) -> bool:
        """Whether JSON is wanted, which may be `null`."""
        return "json_body" in self.model_fields_set


class CallCount(Part):
    """How often a capability must have been called; `target` need only be part of the target."""

    node: str | None = None
    capability: str | None = None
    method: str | None = None
    target: str = ""
    times: int = Field(default=1, ge=0)


class Probe(Part):
    """Either a request to the served flow, or records fed to it by `flows run`."""

    request: Request | None = None
    response: Response | None = None
    feed: tuple[JsonValue, ...] | None = None
    outputs: tuple[JsonValue, ...] | None = None
    side_outputs: dict[str, tuple[JsonValue, ...]] = {}
    calls: tuple[CallCount, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.request is None) == (self.feed is None):
            raise ValueError("a probe has either `request` and `response`, or `feed`")
        if (self.request is None) != (self.response is None):
            raise ValueError("`request` and `response` belong together")
        if self.request is not None and (self.outputs is not None or self.side_outputs or self.calls):
            raise ValueError("`outputs`, `side_outputs` and `calls` belong to `feed`")
        return self


class Task(Part):
    """Something to ask of the agents, and what must come of it."""

    brief: str = Field(min_length=1)
    answers: tuple[Answer, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    expect: Expectation
    probes: tuple[Probe, ...] = ()


class Change(Task):
    """A change request; what is not expected of the changed flow is only that it is deployed."""

    expect: Expectation = Expectation(outcome="deployed")


class Brief(Task):
    """One entry of a suite.

    Attributes:
        id: Its name, unique in a suite.
        family: What kind of brief it is; reports are by family.
        story: The user story it resembles.
        edit: The flow to change, as Python text or the id of another brief (family edit).
        change: A change request to the flow that was built: the ladder's last rung.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    family: Family
    story: str = ""
    edit: str | None = None
    change: Change | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.family == "edit") != (self.edit is not None):
            raise ValueError("`edit` and family edit belong together")
        if self.change is not None and self.expect.outcome != "deployed":
            raise ValueError("only a flow that is deployed can be changed: `change` needs outcome deployed")
        return self

    @property
    def edits_brief(self) -> str | None:
        """The id of the brief whose flow is to be changed, if `edit` names one."""
        return self.edit if self.edit is not None and re.fullmatch(r"[\w.-]+", self.edit.strip()) else None
