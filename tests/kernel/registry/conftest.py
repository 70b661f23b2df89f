"""A registry with a key that it trusts, on each backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from flowlattice.registry import FolderStore, Registry, Store
from flowlattice.signing import Keyring, SigningKey
from tests.support.published import REQUIRED

BACKENDS = ("folder",)


@pytest.fixture(params=BACKENDS)
def store(tmp_path) -> Store:
    return FolderStore(tmp_path / "registry")


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
