"""What a flow's own code did, seen from outside."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def flow_module(folder: Path) -> Any:
    """The module that a flow file became."""
    file = str((folder / "flow.py").resolve())
    found: ModuleType = next(m for m in sys.modules.values() if getattr(m, "__file__", None) == file)
    return found
