"""Kept certificates: `$FLOWS_HOME/certificates/DIGEST.json`, found by their digest or that of what they certify."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from flowlattice.certify.model import Certificate
from flowlattice.errors import UsageError
from flowlattice.files import replace_file

_SHORTEST: Final = 8
_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}")


class Certificates:
    """The certificates of one home.

    Args:
        home: `$FLOWS_HOME`.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "certificates"

    def keep(self, certificate: Certificate) -> Path:
        """Keep a certificate; gives its file."""
        file = self._folder / f"{certificate.digest}.json"
        replace_file(file, certificate.model_dump_json().encode())
        return file

    def named(self, digest: str) -> Certificate:
        """The certificate of a digest, or the newest of the sources of one; the first 8 characters are enough.

        Raises:
            UsageError: There is none, or there are several.
        """
        if not _DIGEST.fullmatch(digest):
            why = f"write at least {_SHORTEST} of the characters 0-9 and a-f"
            raise UsageError(f"{digest}: no digest of a certificate or of sources; {why}")
        found = [certificate for certificate in self._newest_first() if certificate.digest.startswith(digest)]
        if len(found) > 1:
            raise UsageError(f"{digest}: {len(found)} certificates begin so; write more of the digest")
        found = found or [one for one in self._newest_first() if one.source_digest.startswith(digest)]
        if len({certificate.source_digest for certificate in found}) > 1:
            raise UsageError(f"{digest}: the digests of several sources begin so; write more of it")
        if not found:
            known = "flows certify PATH keeps one of each run"
            raise UsageError(f"{digest}: no certificate is kept of it in {self._folder}; {known}")
        return found[0]

    def of(self, source_digest: str, *, environment: str | None, decision: str | None) -> Certificate | None:
        """The newest whole certificate that passed of some sources, for an environment, by a decision's digest."""
        wanted = (source_digest, environment, decision)
        return next(
            (
                one
                for one in self._newest_first()
                if (one.source_digest, one.environment, one.decision) == wanted and one.complete and one.passed
            ),
            None,
        )

    def _newest_first(self) -> Iterator[Certificate]:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in files:
            try:
                certificate = Certificate.model_validate_json(file.read_bytes())
            except ValidationError:
                continue  # of another version
            if certificate.digest == file.stem:
                yield certificate
