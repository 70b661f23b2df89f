"""The file of hosts that an organisation allows: a YAML list of names, `*.example.com` for all below one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from flowlattice.errors import UsageError

_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def read_hosts(path: Path) -> frozenset[str]:
    """The hosts in a file, in lower case.

    Raises:
        UsageError: It is not there, or no list of hosts.
    """
    import yaml  # 0.1 s to import, for those who name a file

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (yaml.YAMLError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UsageError(f"{path}: not a YAML list of hosts") from error
    if not isinstance(found, list):
        raise UsageError(f"{path}: not a list of hosts; write one on each line after a dash")
    for host in found:
        if not isinstance(host, str) or not _HOST.fullmatch(host):
            raise UsageError(f"{path}: {host!r} is no host; write a name such as api.example.com, no scheme or path")
    return frozenset(host.lower() for host in found)
