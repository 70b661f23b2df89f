"""What the server answers in one case, and what it was asked for: one script for each fault at each call."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flowlattice.certify.faults.kinds import FINE, Fault


@dataclass(frozen=True, order=True)
class Call:
    """Which call of a node a request is: requests that are the same are one call that is repeated.

    Attributes:
        method: Its method.
        host: The host that it is for.
        path: Path and query.
        body: Digest of its body; empty for none.
    """

    method: str
    host: str
    path: str
    body: str = ""

    @property
    def title(self) -> str:
        """For people; without path, query and body, which may hold what the node was given."""
        return f"{self.method} {self.host}"

    @property
    def head(self) -> Call:
        """The call as far as it is known before its body is read."""
        return replace(self, body="")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came in.

    Attributes:
        call: What was asked for.
        key: Its Idempotency-Key; none if it carries none.
        at: When, on the monotonic clock in seconds.
        failed: Whether it was failed, and not answered well.
        healed: Whether the fault was over.
    """

    call: Call
    key: str | None
    at: float
    failed: bool
    healed: bool


@dataclass
class Script:
    """How requests are answered in one case.

    Attributes:
        fault: How the calls of `at` fail.
        at: Which calls fail; none for all.
        status: The status of a success.
        bodies: The bodies of successes, by call; any other call gets `body`.
        body: The body of other successes.
        asked: The requests so far.
        hosts: The hosts that connections were asked for, each with its port.
        healed: Whether the fault is over.
    """

    fault: Fault = FINE
    at: Call | None = None
    status: int = 200
    bodies: Mapping[Call, bytes] = field(default_factory=dict)
    body: bytes = b"{}"
    asked: list[Asked] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    healed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def failing(self, fault: Fault, at: Call) -> Script:
        """The same answers, but where a call fails."""
        return Script(fault=fault, at=at, status=self.status, bodies=self.bodies, body=self.body)

    def admits(self, place: str) -> bool:
        """Whether there is a connection to a host and port."""
        with self._lock:
            self.hosts.append(place)
        return self.healed or self.fault.way != "refused"

    def drops_unread(self, head: Call) -> bool:
        """Whether a request is dropped before its body is read."""
        is_meant = self.at is None or self.at.head == head
        return is_meant and not self.healed and self.fault.way == "dropped_early"

    def take(self, call: Call, key: str | None) -> Fault:
        """What becomes of a request."""
        if self.at is not None and self.drops_unread(call):
            call = self.at
        is_meant = self.at is None or call == self.at
        fault = self.fault if is_meant and not self.healed else FINE
        with self._lock:
            self.asked.append(
                Asked(call=call, key=key, at=time.monotonic(), failed=fault is not FINE, healed=self.healed)
            )
        return fault

    def answer(self, call: Call, fault: Fault) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of an answer."""
        body = self.bodies.get(call, self.body) if fault.body is None else fault.body
        headers = {"Content-Type": fault.content_type, **fault.headers}
        return self.status if fault.status is None else fault.status, headers, body
