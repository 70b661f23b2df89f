"""The ways in which a service fails a node, and what each has to become: data, nothing here answers a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from flowlattice.errors import FailureKind

ABROAD: Final = "elsewhere.invalid"
"""The host that a redirect leads to; no node may reach it (`.invalid`, RFC 2606 §2)."""

MARK: Final = "not what was asked for"
"""Stands in each body of a fault, so that a node is known that hands on whatever text it gets."""

Way = Literal["answer", "silent", "refused", "dropped_early", "dropped_late", "truncated"]
"""What is done with a request: answered; left without an answer; its connection refused; closed before its body was
read; closed after; answered with half of a body."""

RETRY_AFTER_S: Final = 1


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail.

    Attributes:
        name: Its name in a matrix.
        kind: What a node that fails for it has to fail with.
        says: What the service does, for people: "answers 429".
        way: What is done with the request.
        status: The status of the answer; none for that of a success.
        headers: Further headers of the answer.
        body: The body; none for that of a success, so that who does not look at the status takes it for one.
        content_type: The body's media type.
        waits_s: How long it asks to wait before the next request.
    """

    name: str
    kind: FailureKind
    says: str
    way: Way = "answer"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    waits_s: int = 0

    @property
    def refuses(self) -> bool:
        """Whether the service did not do what it was asked for, or nobody can know; else it only says so strangely."""
        return self.way != "answer" or self.status is not None


FINE: Final = Fault(name="fine", kind="permanent", says="answers well")
"""No fault: what a success is."""


def _status(status: int, kind: FailureKind) -> Fault:
    return Fault(name=str(status), kind=kind, says=f"answers {status}", status=status)


FAULTS: Final = (
    _status(401, "auth"),
    _status(403, "auth"),
    _status(404, "permanent"),
    _status(429, "rate_limited"),
    Fault(
        name="429_later",
        kind="rate_limited",
        says=f"answers 429 with Retry-After: {RETRY_AFTER_S}",
        status=429,
        headers={"Retry-After": str(RETRY_AFTER_S)},
        waits_s=RETRY_AFTER_S,
    ),
    _status(500, "transient"),
    _status(502, "transient"),
    _status(503, "transient"),
    Fault(name="no_connection", kind="transient", says="takes no connection", way="refused"),
    Fault(name="timeout", kind="transient", says="does not answer", way="silent"),
    Fault(name="dropped", kind="transient", says="closes the connection before it has read", way="dropped_early"),
    Fault(name="dropped_late", kind="transient", says="closes the connection without an answer", way="dropped_late"),
    Fault(name="truncated", kind="transient", says="breaks off in the body", way="truncated"),
    Fault(
        name="html",
        kind="schema_mismatch",
        says="answers 200 with a page",
        body=f"<!doctype html><title>{MARK}</title>".encode(),
        content_type="text/html",
    ),
    Fault(name="other_json", kind="schema_mismatch", says="answers 200 with other JSON", body=f'["{MARK}"]'.encode()),
    Fault(
        name="redirect",
        kind="policy_denied",
        says="redirects to another host",
        status=302,
        headers={"Location": f"https://{ABROAD}/"},
    ),
)
"""All faults, in the order of the matrix."""
