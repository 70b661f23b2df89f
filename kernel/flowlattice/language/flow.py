"""`Flow`: nodes are connected, limits are set. It only collects; what is wrong with it, the checker says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, Protocol, TypeVar, overload

from flowlattice.language.controls import Controls
from flowlattice.language.edges import Buffer, Connection, Delivery, EdgeControls, Ordering
from flowlattice.language.ends import connection
from flowlattice.language.ports import Element, Input, Output, Place, calling_place
from flowlattice.language.subflows import Export
from flowlattice.language.triggers import Trigger, TriggerNode
from flowlattice.record import Record

I = TypeVar("I")  # noqa: E741 - the field's usual name for an input type
O = TypeVar("O")  # noqa: E741 - the field's usual name for an output type
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


class RespondNode(Element, Input[T]):
    """A way to answer."""

    def __init__(  # noqa: PLR0913 - built by `respond`; the parts of an answer
        self,
        *,
        status: int,
        body: str,
        headers: Mapping[str, str],
        stream: bool,
        event_id: str | None,
        event: str | None,
        name: str,
        place: Place,
    ) -> None:
        self.status = status
        self.body = body
        self.stream = stream
        self.event_id = event_id
        self.event = event
        self.headers = dict(headers)
        self.name = name
        self.place = place

    @property
    def destination(self) -> Element:
        """The respond itself."""
        return self


@dataclass
class Flow(Controls):
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
    exports: list[Export[Any, Any]] = field(default_factory=list, init=False)
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = calling_place(depth=3)

    def trigger(self, trigger: Trigger[R], *, name: str | None = None) -> TriggerNode[R]:
        """Add what starts a run: `http.post(...)`, `cron(...)`, `kafka(...)`, `queue(...)` or `blob.listing(...)`.

        Raises:
            TypeError: It is none of these.
        """
        if not isinstance(trigger, Trigger):
            raise TypeError(f"trigger takes http.post(...), cron(...), kafka(...) and the like; {trigger!r} is none")
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
        body: Literal["text", "html"],
        stream: Literal[True],
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> RespondNode[str | HasBody[str]]: ...
    @overload
    def respond(
        self,
        *,
        status: int = 200,
        body: Literal["events"],
        event_id: str | None = None,
        event: str | None = None,
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
        event_id: str | None = None,
        event: str | None = None,
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
    def respond(  # noqa: PLR0913 - one keyword per property of an answer
        self,
        *,
        status: int = 200,
        body: RespondBody = "json",
        stream: bool = False,
        event_id: str | None = None,
        event: str | None = None,
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
            event_id=event_id,
            event=event,
            name=name or ("respond" if number == 1 else f"respond_{number}"),
            place=calling_place(),
        )
        self.responds.append(added)
        return added

    def connect(  # noqa: PLR0913 - one keyword per control an edge can have
        self,
        source: Output[T],
        target: Input[T],
        *,
        delivery: Delivery | None = None,
        ordering: Ordering | None = None,
        buffer: Buffer | None = None,
        timeout: timedelta | None = None,
    ) -> None:
        """Send what comes out of `source` into `target`.

        Args:
            source: A trigger, a node, a branch (`gate.true`, `kinds.case("bug")`) or a side output
                (`window.late_events`).
            target: A node, a combinator, one side of a join (`both.left`) or a respond.
            delivery: `at_least_once` unless said otherwise.
            ordering: `ordered` (as they come, per partition) unless said otherwise.
            buffer: How many records may wait on the edge, and what happens to more.
            timeout: How long a record may wait for its target before the run fails.

        Raises:
            TypeError: What is given is no part of a graph, such as a function without `@node`.
        """
        controls = EdgeControls(delivery=delivery, ordering=ordering, buffer=buffer, timeout=timeout)
        self.connections.append(connection(source, target, controls, calling_place()))

    def export(self, name: str, *, entry: Input[I], exit: Output[O]) -> Export[I, O]:
        """Let other flows use what lies between `entry` and `exit` as one node: `price = flow.export("price", ...)`.

        Args:
            name: The export's name.
            entry: Where records go in; what comes before it here does not belong to it.
            exit: Where they come out, a node or a branch; what follows it here does not belong to it.
        """
        added = Export(flow=self, name=name, entry=entry, exit=exit, place=calling_place())
        self.exports.append(added)
        return added
