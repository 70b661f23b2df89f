"""What a check of this machine found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["ok", "warn", "fail"]
"""`warn`: something works less well or less safely, or a part that not everybody needs; `fail`: flows cannot work."""

_GRAVITY: tuple[Status, ...] = ("ok", "warn", "fail")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at, such as `python` or `home`.
        status: How it is.
        text: What was found.
        remedy: What to do about it; none where all is well.
        details: The facts by name, such as versions by package.
    """

    name: str
    status: Status
    text: str
    remedy: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def worst(findings: Iterable[Finding]) -> Status:
    """The gravest status; `ok` of nothing."""
    return max((finding.status for finding in findings), key=_GRAVITY.index, default="ok")
