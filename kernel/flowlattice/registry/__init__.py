"""The registry: published flows and connectors, each version once and for ever, with the evidence for it.

    registry = Registry(FolderStore(folder), keyring=Keyring.of(home), required=required)
    registry.publish(artefact_of(evidence, sources, at=now), key, at=now)
    artefact = registry.fetched("orders", None, at=now)

Under `blobs/` lies content by its SHA-256; `versions/NAME/VERSION` names the signed statement over a version's files;
`events/NAME/VERSION/NUMBER` are the signed events of a version. Nothing is ever changed or taken away.
"""

from flowlattice.registry.artefact import Artefact, artefact_of
from flowlattice.registry.errors import Damaged, RegistryError, Unpublished, VersionTaken, VersionTooLow, Yanked
from flowlattice.registry.events import Event
from flowlattice.registry.folder import FolderStore
from flowlattice.registry.places import store_at
from flowlattice.registry.registry import Registry
from flowlattice.registry.revision import revision_of
from flowlattice.registry.store import Absent, Store
from flowlattice.registry.verification import Verification
from flowlattice.registry.versions import Version, named

__all__ = [
    "Absent",
    "Artefact",
    "Damaged",
    "Event",
    "FolderStore",
    "Registry",
    "RegistryError",
    "Store",
    "Unpublished",
    "Verification",
    "Version",
    "VersionTaken",
    "VersionTooLow",
    "Yanked",
    "artefact_of",
    "named",
    "revision_of",
    "store_at",
]
