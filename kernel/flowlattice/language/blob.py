"""Blob triggers: `blob.listing("s3://bucket/logs/2025/")` starts a run for each object under a prefix."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.language.triggers import Trigger
from flowlattice.record import Record


class ObjectRef(Record, data="internal"):
    """An object as it was when it was listed: `digest` (BLAKE3-256, hexadecimal) names its content, `size` is bytes."""

    bucket: str
    key: str
    digest: str
    size: int


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
