"""Saying no to input: `require(a <= b, "b", "must not be before a")` ends the run with the trigger's invalid reply."""

from __future__ import annotations

from flowlattice.errors import FlowlatticeError


class InvalidInput(FlowlatticeError):
    """Input that a node finds invalid. Deterministic, so no effect; `field` and `reason` reach the caller."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


def require(condition: bool, field: str, reason: str) -> None:
    """Go on only if a condition holds.

    Args:
        condition: What must hold.
        field: The name on the wire of the field to blame.
        reason: What to tell the caller ("must not be before start"); never the value itself.

    Raises:
        InvalidInput: It does not hold; the caller gets the trigger's invalid reply, 422 by default.
    """
    if not condition:
        raise InvalidInput(field, reason)
