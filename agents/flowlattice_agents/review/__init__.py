"""What a review is: what is looked at, what is decided, and how both are shown and read."""

from flowlattice_agents.review.model import (
    Impact,
    Rejection,
    Rejections,
    Review,
    Revision,
    code_changes,
    decision,
    example_changes,
    named,
    revision_of,
)

__all__ = [
    "Impact",
    "Rejection",
    "Rejections",
    "Review",
    "Revision",
    "code_changes",
    "decision",
    "example_changes",
    "named",
    "revision_of",
]
