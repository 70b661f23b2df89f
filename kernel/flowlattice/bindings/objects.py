"""Objects in a folder: a key is a path below it, and a file is found by its content's SHA-256 as well."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from flowlattice.capabilities import ObjectRef
from flowlattice.errors import ObjectMissing, PinBroken
from flowlattice.files import WRITING, replace_file

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_KEY: Final = 1024

# What a file was when it was read: its length, and when it was changed in ns.
_Seen = tuple[int, int]


class FolderObjects:
    """`BlobBackend` on a folder. Files that others put there are objects like those that were written through it.

    Args:
        binding: The binding's name, for errors.
        folder: The folder; made when something is written.
        bucket: What the bucket is called; the folder's name by default.
    """

    def __init__(self, binding: str, folder: Path, bucket: str | None = None) -> None:
        self._binding = binding
        self._folder = folder.resolve()
        self._bucket = bucket or self._folder.name
        self._lock = threading.Lock()
        self._known: dict[str, tuple[_Seen, str]] = {}

    @property
    def bucket(self) -> str:
        """Its name."""
        return self._bucket

    async def get(self, key: str) -> bytes:
        """The object of a key."""
        path = self._path(key)
        return await asyncio.to_thread(self._read, path, key)

    async def get_by_hash(self, digest: str) -> bytes:
        """The object of a digest; where a file was changed after it was found, what it is now is not handed on."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"a digest is sha256: and 64 hex digits, not {digest[:80]!r}")
        return await asyncio.to_thread(self._read_by_hash, digest)

    async def list(self, prefix: str) -> Sequence[ObjectRef]:
        """The objects whose keys start with a prefix, in the order of their keys."""
        return await asyncio.to_thread(self._list, prefix)

    async def put(self, key: str, data: bytes) -> ObjectRef:
        """Write an object whole: whoever reads meanwhile sees what was there, or this."""
        path = self._path(key)
        await asyncio.to_thread(_write, path, data)
        return ObjectRef(bucket=self._bucket, key=key, digest=_digest(data), size=len(data))

    async def delete(self, key: str) -> None:
        """Remove an object from its key."""
        path = self._path(key)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        """Where the object of a key is; a link that leads out of the folder is no object of it.

        Raises:
            ValueError: That is no key.
        """
        parts = key.split("/")
        if len(key) > _MAX_KEY or not key.isprintable() or "\\" in key or {"", ".", ".."} & set(parts):
            raise ValueError(f"{key[:80]!r} is no key: names with / between them, none of them . or ..")
        path = self._folder.joinpath(*parts)
        if not path.resolve().is_relative_to(self._folder) or path.name.startswith(WRITING):
            raise ValueError(f"{key[:80]!r} leads out of the bucket")
        return path

    def _read(self, path: Path, key: str) -> bytes:
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissing(self._binding, key) from None

    def _read_by_hash(self, digest: str) -> bytes:
        for reference in self._list(""):
            if reference.digest == digest:
                data = self._read(self._path(reference.key), reference.key)
                if _digest(data) != digest:
                    raise PinBroken(self._binding, digest, _digest(data))
                return data
        raise ObjectMissing(self._binding, digest)

    def _list(self, prefix: str) -> Sequence[ObjectRef]:
        found = []
        for path in self._files():
            key = path.relative_to(self._folder).as_posix()
            if key.startswith(prefix):
                digest, size = self._digest_of(path, key)
                found.append(ObjectRef(bucket=self._bucket, key=key, digest=digest, size=size))
        return sorted(found, key=lambda reference: reference.key)

    def _files(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder) / name
                if not name.startswith(WRITING) and path.is_file() and path.resolve().is_relative_to(self._folder):
                    yield path

    def _digest_of(self, path: Path, key: str) -> tuple[str, int]:
        """A file's digest and length; a file is read again only when it was changed."""
        state = path.stat()
        seen = (state.st_size, state.st_mtime_ns)
        with self._lock:
            known = self._known.get(key)
        if known is None or known[0] != seen:
            known = (seen, _digest(path.read_bytes()))
            with self._lock:
                self._known[key] = known
        return known[1], state.st_size


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, data)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
