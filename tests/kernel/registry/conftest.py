"""A registry with a key that it trusts, on each backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from flowlattice.registry import FolderStore, Registry, Store, store_at
from flowlattice.signing import Keyring, SigningKey
from tests.support.published import REQUIRED
from tests.support.s3 import BUCKET, server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """The environment variables that lead to a running S3 server."""
    with server(tmp_path_factory.mktemp("s3")) as variables:
        yield variables


@pytest.fixture
def s3(request, monkeypatch) -> str:
    """An address at which nothing is kept yet, on a real server."""
    for name, value in request.getfixturevalue("s3_server").items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}/shop"


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> Store:
    return store_at(request.getfixturevalue("s3") if request.param == "s3" else str(tmp_path / "registry"))


@dataclass
class Shop:
    """A registry, the store below it, and the key that signs for it."""

    store: Store
    key: SigningKey

    def registry(self, *keys: SigningKey) -> Registry:
        """The registry as one who trusts these keys sees it, by default the one that signs."""
        ring = Keyring(key.public for key in keys or (self.key,))
        return Registry(self.store, keyring=ring, required=REQUIRED)


@pytest.fixture
def shop(store) -> Shop:
    return Shop(store, SigningKey.generate("release"))


@pytest.fixture
def folder_shop(tmp_path) -> Shop:
    return Shop(FolderStore(tmp_path / "registry"), SigningKey.generate("release"))


@pytest.fixture(scope="session")
def flows(tmp_path_factory) -> Path:
    """Where flows are written that are published."""
    return tmp_path_factory.mktemp("published")
