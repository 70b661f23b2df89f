"""What runs leave behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def events(home: Path, run: str = "*") -> Iterator[dict[str, str]]:
    """What the agents of a run, by default of all runs, have said so far; without a line that a kill cut off."""
    for file in home.glob(f"runs/{run}/events.jsonl"):
        for line in file.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue
