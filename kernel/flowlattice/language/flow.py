"""`Flow`: nodes are connected, limits are set. It only collects; what is wrong with it, the checker says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Literal, Protocol, TypeVar, overload

from flowlattice.language.ports import Element, Input, Output, Place, Side, calling_place
from flowlattice.language.triggers import Trigger, TriggerNode
from flowlattice.record import Record

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Record)

RespondBody = Literal["json", "text", "html", "events", "empty"]
JsonBody = Record | Sequence["JsonBody"] | Mapping[str, "JsonBody"] | str | int | float | bool | None


class HasBody(Protocol[T_co]):
    """A record with headers and a body: `class Page(Record): body: Annotated[str, field(body=True)]`."""

    @property
    def body(self) -> T_co:
        """What is answered."""
        ...


class Profile(Enum):
    """Where a flow is meant to run."""

    WEB = "web"
    QUEUE = "queue"
    TEMPORAL = "temporal"
    WASM = "wasm"
    DEV = "dev"


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """An edge's buffer: how many records wait in it before the producer does."""

    max_items: int


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An edge as it was written."""

    source: Element
    case: str | None
    target: Element
    side: Side | None
    buffer: Buffer | None
    timeout: timedelta | None
    place: Place


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """A token bucket: `qps` tokens a second, at most `burst` saved up."""

    qps: float
    burst: int
    place: Place


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """How many requests may be under way at once."""

    requests: int
    place: Place


@dataclass(frozen=True, kw_only=True)
class LatencyGoal:
    """A promise on latency at a rate."""

    percentile: float
    latency: timedelta
    at_qps: float | None
    place: Place


@dataclass(frozen=True, kw_only=True)
class Egress:
    """The hosts that one binding may reach."""

    binding: str
    hosts: tuple[str, ...]
    place: Place


class RespondNode(Element, Input[T]):
    """A way to answer."""

    def __init__(  # noqa: PLR0913, PLR0917 - built by `respond`; the parts of an answer
        self, status: int, body: str, headers: Mapping[str, str], stream: bool, name: str, place: Place
    ) -> None:
        self.status = status
        self.body = body
        self.stream = stream
        self.headers = dict(headers)
        self.name = name
        self.place = place

    @property
    def destination(self) -> Element:
        """The respond itself."""
        return self


@dataclass
class Flow:
    """A dataflow program.

    Args:
        name: Lower-case identifier; with `version` it is the flow's identity.
        version: Semantic version.
        profile: Where it is meant to run.
        summary: One line that says what it is for.
    """

    name: str
    version: str
    profile: Profile = Profile.WEB
    summary: str = ""
    triggers: list[TriggerNode[Record]] = field(default_factory=list, init=False)
    responds: list[RespondNode[object]] = field(default_factory=list, init=False)
    connections: list[Connection] = field(default_factory=list, init=False)
    limits: list[RateLimit] = field(default_factory=list, init=False)
    goals: list[LatencyGoal] = field(default_factory=list, init=False)
    egresses: list[Egress] = field(default_factory=list, init=False)
    in_flight: InFlight | None = field(default=None, init=False)
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = calling_place(depth=3)

    def trigger(self, trigger: Trigger[R], *, name: str | None = None) -> TriggerNode[R]:
        """Add what starts a run."""
        number = len(self.triggers) + 1
        added = TriggerNode(trigger, name or ("trigger" if number == 1 else f"trigger_{number}"), calling_place())
        self.triggers.append(added)  # type: ignore[arg-type]  # a list of triggers of any record; read only from here on
        return added

    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["json"] = "json",
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[JsonBody]: ...
    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["text", "html"],
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[str | HasBody[str]]: ...
    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["events"],
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[Sequence[JsonBody] | HasBody[Sequence[JsonBody]]]: ...
    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["events"],
        stream: Literal[True],
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[JsonBody]: ...
    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["empty"],
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[object]: ...
    def respond(
        self,
        *,
        status: int = 200,
        body: RespondBody = "json",
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> (
        RespondNode[JsonBody]
        | RespondNode[str | HasBody[str]]
        | RespondNode[Sequence[JsonBody] | HasBody[Sequence[JsonBody]]]
        | RespondNode[object]
    ):
        """Add an answer.

        Args:
            status: Its status.
            body: How what reaches it becomes the body: as JSON, as plain text or HTML (text), as server-sent events
                (a list, each item the data of one event: text as it is, anything else as JSON), or not at all. Fields
                that are `field(header=...)` travel as headers; a `field(body=True)` is the body itself.
            headers: Headers that are always the same: `{"Cache-Control": "no-store"}`; a content type replaces the
                body's own.
            name: Its name in the graph.
        """
        number = len(self.responds) + 1
        added: RespondNode[object] = RespondNode(
            status=status,
            body=body,
            headers=headers or {},
            stream=stream,
            name=name or ("respond" if number == 1 else f"respond_{number}"),
            place=calling_place(),
        )
        self.responds.append(added)
        return added

    def connect(
        self,
        source: Output[T],
        target: Input[T],
        *,
        buffer: Buffer | None = None,
        timeout: timedelta | None = None,
    ) -> None:
        """Send what comes out of `source` into `target`.

        Args:
            source: A trigger, a node, a branch (`gate.true`, `kinds.case("bug")`) or a side output
                (`window.late_events`).
            target: A node, a combinator, one side of a join (`both.left`) or a respond.
            buffer: How many records may wait on the edge.
            timeout: How long a record may wait for its target before the run fails.

        Raises:
            TypeError: What is given is no part of a graph, such as a function without `@node`.
        """
        origin, case = _source(source)
        destination, side = _target(target)
        self.connections.append(
            Connection(
                source=origin,
                case=case,
                target=destination,
                side=side,
                buffer=buffer,
                timeout=timeout,
                place=calling_place(),
            )
        )

    def rate_limit(self, *, qps: float, burst: int) -> None:
        """Let at most `qps` requests a second in, and `burst` at once; more are answered 429."""
        self.limits.append(RateLimit(qps=qps, burst=burst, place=calling_place()))

    def max_in_flight(self, requests: int) -> None:
        """Let at most so many requests be under way at once; more are answered 503."""
        self.in_flight = InFlight(requests=requests, place=calling_place())

    def slo(self, *, percentile: float, latency: timedelta, at_qps: float | None = None) -> None:
        """Promise that `percentile` per cent of requests take at most `latency` at `at_qps` requests a second."""
        self.goals.append(LatencyGoal(percentile=percentile, latency=latency, at_qps=at_qps, place=calling_place()))

    def egress(self, binding: str, *hosts: str) -> None:
        """Declare the hosts that a binding may reach: `flow.egress("stripe", "api.stripe.com")`."""
        self.egresses.append(Egress(binding=binding, hosts=hosts, place=calling_place()))


def _source(end: object) -> tuple[Element, str | None]:
    """Where an edge starts. An element that nothing comes out of is for the checker to report, with its place."""
    if isinstance(end, Output):
        return end.origin, end.case
    return _element(end), None


def _target(end: object) -> tuple[Element, Side | None]:
    """Where an edge ends. An element that takes nothing is for the checker to report, with its place."""
    if isinstance(end, Input):
        return end.destination, end.side
    return _element(end), None


def _element(end: object) -> Element:
    if isinstance(end, Element):
        return end
    raise TypeError(f"connect takes nodes, triggers, combinators and responds; {end!r} is none (is @node missing?)")
