"""A registry in a bucket of S3, or of a server that speaks its protocol and honours `If-None-Match: *` on writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flowlattice.errors import EngineUnavailable, UsageError
from flowlattice.registry.store import Absent, parts_of

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME: Final = "s3://"
_WAIT: Final = timedelta(seconds=30)


class BucketStore:
    """Keys are objects below a prefix of a bucket; the server sees to it that each is created once.

    Credentials, region and endpoint are those of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    `AWS_REGION`, `AWS_ENDPOINT_URL`; with an endpoint of `http://` nothing is encrypted on its way.

    Args:
        address: `s3://BUCKET` or `s3://BUCKET/PREFIX`.

    Raises:
        UsageError: It is no such address.
        EngineUnavailable: The package that speaks S3 is not installed.
    """

    def __init__(self, address: str) -> None:
        bucket, _, prefix = address.removeprefix(SCHEME).rstrip("/").partition("/")
        try:
            self._prefix = parts_of(prefix) if prefix else []
            (self._bucket,) = parts_of(bucket)
        except ValueError as error:
            raise UsageError(f"{address}: write s3://BUCKET or s3://BUCKET/PREFIX") from error
        self._address = address
        self._objects = _connected(self._bucket)

    @property
    def place(self) -> str:
        """The address."""
        return self._address

    def put(self, key: str, content: bytes) -> bool:
        """Create an object if there is none (see `Store.put`)."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        path = self._path(key)
        with self._answered("written"):
            try:
                obstore.put(self._objects, path, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def get(self, key: str) -> bytes:
        """Read an object (see `Store.get`)."""
        import obstore
        from obstore.exceptions import NotFoundError

        path = self._path(key)
        with self._answered("read"):
            try:
                return bytes(obstore.get(self._objects, path).bytes())
            except (FileNotFoundError, NotFoundError) as error:
                raise Absent(key) from error

    def keys(self, folder: str) -> list[str]:
        """The objects below a prefix (see `Store.keys`)."""
        import obstore

        above = "".join(f"{part}/" for part in self._prefix)
        with self._answered("listed"):
            pages = obstore.list(self._objects, prefix=self._path(folder))
            return sorted(one["path"].removeprefix(above) for page in pages for one in page)

    def _path(self, key: str) -> str:
        return "/".join([*self._prefix, *parts_of(key)])

    @contextmanager
    def _answered(self, done: str) -> Iterator[None]:
        """Say in one line what the server did not do."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:  # it is one or the other, by version
            said = " ".join(str(error).partition("Debug source")[0].split())
            why = f"see to the bucket, AWS_ENDPOINT_URL and the credentials ({said[:240]})"
            raise EngineUnavailable(f"{self._address} cannot be {done}; {why}") from error


def _connected(bucket: str) -> S3Store:
    try:
        from obstore.store import S3Store
    except ModuleNotFoundError as error:
        raise EngineUnavailable(f"{SCHEME} needs obstore; pip install 'flowlattice[s3]' brings it") from error
    import os

    is_plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return S3Store(
        bucket,
        client_options={"allow_http": is_plain, "timeout": _WAIT},
        retry_config={"max_retries": 3, "retry_timeout": _WAIT},
    )
