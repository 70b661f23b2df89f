"""The sources of deployments, kept by content: `flows/<digest>/` below the home folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flowlattice.deployments.model import Deployment, SourcesChanged
from flowlattice.ir.digest import digest_of, source_digest, source_files


class KeptSources:
    """The sources of what one home folder deploys.

    Args:
        home: The folder of all state.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "flows"

    def of(self, deployment: Deployment) -> Path:
        """The folder of a deployment's sources, after a look at whether they are still what was approved.

        Raises:
            SourcesChanged: They are not.
        """
        folder = self._folder / deployment.digest
        if not folder.is_dir() or source_digest(folder / deployment.file) != deployment.digest:
            raise SourcesChanged(f"{folder}: not the sources that were approved for {deployment.name}; deploy it again")
        return folder

    def keep(self, path: Path, digest: str) -> None:
        """Copy sources to where their digest says, all or nothing.

        Raises:
            SourcesChanged: They do not have that digest.
        """
        files = source_files(path)
        if digest_of(files) != digest:
            raise SourcesChanged(f"{path}: changed since {digest[:12]} was approved; approve and deploy it again")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._folder / digest
        scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            _write(files, scratch)
            if target.is_dir() and _read(files, target) != files:
                shutil.rmtree(target)  # damaged; what was approved is at hand
            if not target.is_dir():
                scratch.replace(target)
        except OSError:
            if not target.is_dir():  # otherwise another process was faster, with the same content
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _read(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else b"" for name in files}
