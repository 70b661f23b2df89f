"""The kernel's errors: each carries fields, not only text, and its text says what to do next.

FlowlatticeError
├── KeyFieldError        a value that cannot be part of an idempotency key
├── InvalidInput         input that a node finds invalid (language.invalid)
├── UsageError           the command line or an API was used wrongly; exit code 2
├── EngineUnavailable    an engine or an extra that is not installed or not reachable; exit code 3
│   └── NotRunYet        a plan that no engine of this version runs (engine.runnable)
├── NodeFailed           user code failed: node, run and cause
├── NodeBusy             a node's rate limit leaves no room before the run's deadline
├── DeadlineExceeded     the run took longer than its trigger's deadline
├── ObjectMissing        there is no object of a key or digest
├── PinBroken            what was read is not what was pinned
├── CallFailed           what a capability asked did not answer as it should: auth, rate_limited, transient ...
│   └── EgressDenied     ... or was not asked: its binding may not reach that host (policy_denied)
├── ReservationHeld      another run holds an idempotency key
├── BudgetExceeded       the worst case of a call does not fit what remains (budgets)
├── NotTrusted           an envelope that no trusted key signed, or that is damaged (signing)
├── NotAttested          no signed statement shows that a flow may run (attestation)
└── SandboxError         the sandboxed process failed (sandbox)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal


class FlowlatticeError(Exception):
    """Root of the kernel's errors."""


class UsageError(FlowlatticeError):
    """Something was asked for in a way that cannot be done; the text says how to ask."""


class EngineUnavailable(FlowlatticeError):
    """An engine or an extra that is needed is not there; the text names it."""


class NodeFailed(FlowlatticeError):
    """A node's own code raised. The cause is chained; its text stays out of answers to callers."""

    def __init__(self, node: str, run_id: str, cause: BaseException) -> None:
        self.node = node
        self.run_id = run_id
        self.cause = cause
        super().__init__(f"node {node} failed in run {run_id}: {type(cause).__name__}")


class NodeBusy(FlowlatticeError):
    """So many records wait for a node that one more would not be let in before its run's deadline.

    Attributes:
        node: The node's name.
        retry_after: How long it is until there is room.
    """

    def __init__(self, node: str, retry_after: timedelta) -> None:
        self.node = node
        self.retry_after = retry_after
        super().__init__(f"node {node} takes no more records in time; raise its rate_limit, or ask less often")


class DeadlineExceeded(FlowlatticeError):
    """The run took longer than its deadline."""


class ObjectMissing(FlowlatticeError):
    """There is no object where one was to be read."""

    def __init__(self, binding: str, wanted: str) -> None:
        self.binding = binding
        self.wanted = wanted
        super().__init__(f"binding {binding} has no object {wanted}")


class PinBroken(FlowlatticeError):
    """What was read is not what was pinned; its content is not handed on."""

    def __init__(self, binding: str, pinned: str, found: str) -> None:
        self.binding = binding
        self.pinned = pinned
        self.found = found
        super().__init__(f"binding {binding} gave {found} where {pinned} is pinned; pin what is meant, or restore it")


FailureKind = Literal["auth", "rate_limited", "transient", "permanent", "schema_mismatch", "policy_denied"]
"""Why a call failed: the credential is not taken; too many calls; it may work later; it never will as it is; what came
back is not what was asked for; it is not allowed."""


class CallFailed(FlowlatticeError):
    """What a capability asked did not answer as it should.

    Attributes:
        binding: The binding that was called.
        kind: What sort of failure it is, which decides whether trying again can help.
        retry_after: How long the other side asked to wait; None if it did not say.
        line: The text without what may quote the request, so that it may be logged.
    """

    def __init__(
        self, binding: str, kind: FailureKind, said: str, *, retry_after: timedelta | None = None, quoted: str = ""
    ) -> None:
        self.binding = binding
        self.kind = kind
        self.retry_after = retry_after
        self.line = f"binding {binding}: {said}"
        super().__init__(f"{self.line} ({quoted})" if quoted else self.line)


class EgressDenied(CallFailed):
    """A host that the binding may not reach."""

    def __init__(self, binding: str, host: str) -> None:
        self.host = host
        said = "may not reach a host that it was asked for; declare it with flow.egress and allow it by policy"
        super().__init__(binding, "policy_denied", said, quoted=host)


class ReservationHeld(FlowlatticeError):
    """Another run holds the key and has neither confirmed nor released it."""


class BudgetExceeded(FlowlatticeError):
    """An amount that does not fit a budget. Amounts are (micro-dollars, tokens); None where there is no ceiling.

    Attributes:
        scope: The budget.
        needed: What was asked for.
        remaining: What is left.
        retry_after: How long it is until it fits; None where waiting does not help, or it is not known to.
    """

    def __init__(self, scope: str, needed: tuple[int, int], remaining: tuple[int | None, int | None]) -> None:
        self.scope = scope
        self.retry_after: timedelta | None = None
        self.needed = needed
        self.remaining = remaining
        pairs = zip(needed, remaining, ("micro-dollars", "tokens"), strict=True)
        short = [
            f"{need:,} {unit} needed, {left:,} left" for need, left, unit in pairs if left is not None and need > left
        ]
        super().__init__(f"budget {scope} is too small: {', '.join(short)}; raise its ceiling to go on")
