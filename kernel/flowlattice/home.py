"""Where state lives: `$FLOWS_HOME`, by default `~/.local/share/flowlattice`."""

from __future__ import annotations

import os
from pathlib import Path

from flowlattice.errors import UsageError


def flows_home() -> Path:
    """The folder of all state, created (mode 0700) if it is not there.

    Raises:
        UsageError: It cannot be created or written.
    """
    home = Path(os.environ.get("FLOWS_HOME") or Path.home() / ".local" / "share" / "flowlattice")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = f"{home}: cannot hold state ({error.strerror}); set FLOWS_HOME to a writable folder"
        raise UsageError(why) from error
    if not os.access(home, os.W_OK):
        raise UsageError(f"{home}: not writable; set FLOWS_HOME to a writable folder")
    return home.resolve()
