"""Grants of blob.read_by_hash, blob.read and blob.write. Their target in the run log is the bucket."""

from __future__ import annotations

from collections.abc import Sequence

from flowlattice.capabilities import ObjectRef
from flowlattice.engine.backends import Bindings, BlobBackend
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.ir.model import CapabilityUse


class GrantedBlob(Granted):
    """A blob capability under one binding."""

    def __init__(self, use: CapabilityUse, backend: BlobBackend, attempt: Attempt) -> None:
        super().__init__(use, attempt)
        self._backend = backend


class GrantedBlobByHash(GrantedBlob):
    """`BlobReadByHash`."""

    async def get(self, digest: str) -> bytes:
        """The object of a digest.

        Raises:
            ObjectMissing: There is none.
            PinBroken: What is kept under the digest has another.
        """
        self._read("get", self._backend.bucket)
        return await self._backend.get_by_hash(digest)


class GrantedBlobRead(GrantedBlob):
    """`BlobRead`."""

    async def get(self, key: str) -> bytes:
        """The object's content.

        Raises:
            ObjectMissing: There is none.
        """
        self._read("get", self._backend.bucket)
        return await self._backend.get(key)

    async def list(self, prefix: str = "") -> Sequence[ObjectRef]:
        """The objects whose keys start with a prefix, in the order of their keys."""
        self._read("list", self._backend.bucket)
        return await self._backend.list(prefix)


class GrantedBlobWrite(GrantedBlob):
    """`BlobWrite`."""

    async def put(self, key: str, data: bytes) -> ObjectRef:
        """Write an object whole, in place of what the key had; its reference."""
        return await self._change("put", self._backend.bucket, lambda _: self._backend.put(key, data))

    async def delete(self, key: str) -> None:
        """Remove an object from its key; one that is not there is no error."""
        await self._change("delete", self._backend.bucket, lambda _: self._backend.delete(key))


def read_by_hash(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant blob.read_by_hash."""
    backend = bindings.blob(use.binding)
    return lambda attempt: GrantedBlobByHash(use, backend, attempt)


def read(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant blob.read."""
    backend = bindings.blob(use.binding)
    return lambda attempt: GrantedBlobRead(use, backend, attempt)


def write(use: CapabilityUse, bindings: Bindings) -> Grant:
    """Grant blob.write."""
    backend = bindings.blob(use.binding)
    return lambda attempt: GrantedBlobWrite(use, backend, attempt)
