"""Blob triggers: `blob.listing("s3://bucket/logs/2025/")` starts a run for each object under a prefix."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.capabilities import ObjectRef
from flowlattice.language.triggers import Trigger


@dataclass(frozen=True, kw_only=True)
class BlobTrigger(Trigger[ObjectRef]):
    """A listing whose objects start runs. Built by `listing`."""

    prefix: str

    @property
    def emits(self) -> type[ObjectRef]:
        """`ObjectRef`."""
        return ObjectRef


def listing(prefix: str) -> BlobTrigger:
    """The objects under a prefix, in the order of their keys.

    Args:
        prefix: `s3://bucket/logs/2025/`: the bucket, and what keys start with. A `*` at its end adds nothing.
    """
    return BlobTrigger(prefix=prefix.removesuffix("*"))
