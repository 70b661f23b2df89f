"""Saying no to input: `require(a <= b, "b", "must not be before a")` ends the run with the trigger's invalid reply."""

from __future__ import annotations

from collections.abc import Mapping

from flowlattice.errors import FlowlatticeError


class InvalidInput(FlowlatticeError):
    """Input that a node finds invalid. Deterministic, so no effect; `field` and `reason` reach the caller.

    `others` are further fields with their reasons.
    """

    def __init__(self, field: str, reason: str, others: Mapping[str, str] | None = None) -> None:
        self.field = field
        self.reason = reason
        self.others = dict(others or {})
        super().__init__("; ".join(f"{name}: {why}" for name, why in self.problems.items()))

    @property
    def problems(self) -> dict[str, str]:
        """Every invalid field with its reason."""
        return {self.field: self.reason, **self.others}


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


def require_all(reasons: Mapping[str, str | None]) -> None:
    """Go on only if no field is to blame; else the caller is told of all that are.

    Args:
        reasons: By the name on the wire of each field what to tell the caller of it; none where it is as it must be:
            `{"end": None if start <= end else "must not be before start"}`.

    Raises:
        InvalidInput: At least one field has a reason.
    """
    found = {field: reason for field, reason in reasons.items() if reason is not None}
    if found:
        field, *_ = found
        raise InvalidInput(field, found.pop(field), found)
