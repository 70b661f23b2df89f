"""Objects: read by their content's digest, read by key, written by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record


class ObjectRef(Record, data="internal"):
    """An object in a store.

    Attributes:
        bucket: The bucket, or the folder that stands for one.
        key: Its name in the bucket, `logs/2025/01/31.jsonl`.
        digest: `sha256:` and the digest of its content in hex.
        size: Its length in bytes.
    """

    bucket: str
    key: str
    digest: str
    size: int


@capability(
    "blob.read_by_hash",
    effects=Effects.READ_ONLY,
    determinism=Determinism.STRICT,
    retry_owner="orchestrator",
    backends=["folder", "s3"],
)
class BlobReadByHash(Protocol):
    """Reading objects by what they contain; the same digest is the same bytes for ever.

    It is strict although something is read: the digest says what the bytes are, and what does not fit it is an error.
    """

    async def get(self, digest: str) -> bytes:
        """The object of a digest, `sha256:` and 64 hex digits.

        Raises:
            ObjectMissing: There is none.
            PinBroken: What is kept under the digest has another.
        """


@capability(
    "blob.read",
    effects=Effects.READ_ONLY,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    backends=["folder", "s3"],
)
class BlobRead(Protocol):
    """Reading objects by key, which others may change."""

    async def get(self, key: str) -> bytes:
        """The object's content.

        Raises:
            ObjectMissing: There is none.
        """

    async def list(self, prefix: str = "") -> Sequence[ObjectRef]:
        """The objects whose keys start with a prefix, in the order of their keys."""


@capability(
    "blob.write",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    idempotent_sink=True,
    backends=["folder", "s3"],
)
class BlobWrite(Protocol):
    """Writing objects; what is written can be read by key and by digest.

    Writing the same bytes under the same key again changes nothing.
    """

    async def put(self, key: str, data: bytes) -> ObjectRef:
        """Write an object whole, in place of what the key had; its reference."""

    async def delete(self, key: str) -> None:
        """Remove an object from its key; one that is not there is no error."""
