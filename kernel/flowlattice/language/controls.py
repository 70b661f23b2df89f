"""What governs a flow: limits, partitions, error handlers, checkpoints, variables, credentials, promises.

`Flow` is this and a graph. Like the graph it only collects; what is wrong, the checker says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar, overload

from flowlattice.capabilities import Ceilings
from flowlattice.language.checkpoints import Approval, Checkpoint, OnTimeout
from flowlattice.language.credentials import Credential
from flowlattice.language.edges import Buffer, Connection, Delivery, EdgeControls, Ordering
from flowlattice.language.ends import connection, element, source_end
from flowlattice.language.handlers import ErrorHandler, ErrorStrategy
from flowlattice.language.limits import FlowBudget, InFlight, Partition, RateLimit
from flowlattice.language.ports import Element, Input, Output, Place, calling_place
from flowlattice.language.promises import Egress, Goal
from flowlattice.language.variables import Variables, Vars
from flowlattice.record import Record

T = TypeVar("T")
V = TypeVar("V", bound=Record)


@dataclass
class Controls:
    """The controls of a flow, as they were written."""

    edge_statements: list[Connection] = field(default_factory=list, init=False)
    partitions: list[Partition] = field(default_factory=list, init=False)
    limits: list[RateLimit] = field(default_factory=list, init=False)
    handlers: list[ErrorHandler] = field(default_factory=list, init=False)
    checkpoints: list[Checkpoint[object]] = field(default_factory=list, init=False)
    variables: list[Variables] = field(default_factory=list, init=False)
    credentials: list[Credential] = field(default_factory=list, init=False)
    goals: list[Goal] = field(default_factory=list, init=False)
    egresses: list[Egress] = field(default_factory=list, init=False)
    regions: list[str] = field(default_factory=list, init=False)
    in_flight: InFlight | None = field(default=None, init=False)
    spending: FlowBudget | None = field(default=None, init=False)
    residency_place: Place | None = field(default=None, init=False)

    def edge(  # noqa: PLR0913 - one keyword per control an edge can have
        self,
        source: Output[T],
        target: Input[T],
        *,
        delivery: Delivery | None = None,
        ordering: Ordering | None = None,
        buffer: Buffer | None = None,
        timeout: timedelta | None = None,
    ) -> None:
        """Say more about an edge that is connected; see `connect`."""
        controls = EdgeControls(delivery=delivery, ordering=ordering, buffer=buffer, timeout=timeout)
        self.edge_statements.append(connection(source, target, controls, calling_place()))

    def partition_by(
        self,
        target: Element,
        *fields: str,
        max_parallel_shards: int | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """Split what reaches an element by fields of the records: `flow.partition_by(route, "user_id")`.

        Args:
            target: The element.
            fields: The fields that make the key.
            max_parallel_shards: How many parts one worker works on at once.
            weights: How large a share a key gets where others wait too, 1 for each that is not named.
        """
        self.partitions.append(
            Partition(
                target=element(target),
                fields=fields,
                max_parallel_shards=max_parallel_shards,
                weights=weights or {},
                place=calling_place(),
            )
        )

    def rate_limit(self, target: Element | None = None, *, qps: float, burst: int) -> None:
        """Let at most `qps` records a second, and `burst` at once, into an element.

        Without an element it holds for what starts the flow: requests that find no room are answered 429.
        """
        at = None if target is None else element(target)
        self.limits.append(RateLimit(qps=qps, burst=burst, target=at, place=calling_place()))

    def max_in_flight(self, requests: int) -> None:
        """Let at most so many requests be under way at once; more are answered 503."""
        self.in_flight = InFlight(requests=requests, place=calling_place())

    def budget(self, ceilings: Ceilings) -> None:
        """Say the most that all nodes together may spend on language models in a UTC day, or in one run.

        `flow.budget(per(day=usd("10"), run=usd("0.20")))`; the ceilings that nodes have of their own hold as well.

        Raises:
            TypeError: It is no `per(...)`.
            ValueError: It has a ceiling that only a node can have, or none at all.
        """
        if not isinstance(ceilings, Ceilings):
            raise TypeError(f'budget takes per(day=usd("10")); {ceilings!r} is none')
        if ceilings == Ceilings() or ceilings != Ceilings(day=ceilings.day, run=ceilings.run):
            raise ValueError("the budget of a flow is per(day=..., run=...); what else may be spent is a node's to say")
        self.spending = FlowBudget(ceilings=ceilings, place=calling_place())

    def on_error(self, target: Element, strategy: ErrorStrategy) -> None:
        """Say what happens when a node fails: `flow.on_error(charge, Retry(max=5, backoff=Exponential(ms(200))))`.

        That of a subflow is what happens when any node fails that its records run and that has none of its own.
        """
        self.handlers.append(ErrorHandler(node=element(target), strategy=strategy, place=calling_place()))

    @overload
    def hitl(
        self,
        name: str,
        *,
        on: Output[T],
        view: type[V],
        ttl: timedelta | None = None,
        on_timeout: OnTimeout | None = None,
        approvers: str | None = None,
    ) -> Approval[T, V]: ...
    @overload
    def hitl(
        self,
        name: str,
        *,
        on: Output[T],
        view: Callable[[T], V],
        ttl: timedelta | None = None,
        on_timeout: OnTimeout | None = None,
        approvers: str | None = None,
    ) -> Approval[T, V]: ...
    def hitl(  # noqa: PLR0913 - one keyword per property of a checkpoint
        self,
        name: str,
        *,
        on: Output[T],
        view: Callable[..., V],
        ttl: timedelta | None = None,
        on_timeout: OnTimeout | None = None,
        approvers: str | None = None,
    ) -> Approval[T, V]:
        """Let a person decide on each record that comes out of `on`; what is approved goes on where it leads.

        Args:
            name: The checkpoint's name.
            on: A node or a branch of one.
            view: What the person sees: a record class, filled with the record's fields of the same names, or a pure
                function that makes it of the record.
            ttl: How long a record waits.
            on_timeout: Whether it is rejected then, or somebody else is asked: `Escalate(to="head_of_finance")`.
            approvers: Who may decide.
        """
        origin, case = source_end(on)
        added: Approval[T, V] = Approval(
            name=name,
            origin=origin,
            case=case,
            view=view,
            ttl=ttl,
            on_timeout=on_timeout,
            approvers=approvers,
            place=calling_place(),
        )
        self.checkpoints.append(added)
        return added

    def vars(self, values: Vars) -> None:
        """Set variables, for nodes that take them: `flow.vars(Limits(approval_cents=500_000))`."""
        self.variables.append(Variables(values=values, place=calling_place()))

    def creds(self, name: str, *, provider: str | None = None, scopes: Sequence[str] = ()) -> None:
        """Declare a credential and what it allows: `flow.creds("stripe_key", scopes=("charges:write",))`.

        Args:
            name: The name of the parameters that ask for it.
            provider: Who issues it.
            scopes: What it allows.
        """
        given = Credential(name=name, provider=provider, scopes=tuple(scopes), place=calling_place())
        self.credentials.append(given)

    @overload
    def slo(self, *, percentile: float, latency: timedelta, at_qps: float | None = None) -> None: ...
    @overload
    def slo(self, *, records_per_second: float) -> None: ...
    def slo(
        self,
        *,
        percentile: float | None = None,
        latency: timedelta | None = None,
        at_qps: float | None = None,
        records_per_second: float | None = None,
    ) -> None:
        """Promise a latency or a throughput.

        Args:
            percentile: So many per cent of requests take at most `latency`.
            latency: See `percentile`.
            at_qps: The promise holds up to so many requests a second.
            records_per_second: So many records a second are worked on.
        """
        self.goals.append(
            Goal(
                percentile=percentile,
                latency=latency,
                at_qps=at_qps,
                records_per_second=records_per_second,
                place=calling_place(),
            )
        )

    def egress(self, binding: str, *hosts: str) -> None:
        """Declare the hosts that a binding may reach: `flow.egress("stripe", "api.stripe.com")`."""
        self.egresses.append(Egress(binding=binding, hosts=hosts, place=calling_place()))

    def residency(self, *regions: str) -> None:
        """Declare the regions that the flow's data may be in: `flow.residency("eu")`."""
        self.regions += regions
        self.residency_place = calling_place()
