"""Golden files: output that was looked at and must not change unseen. `pytest --update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Golden = Callable[[Path, str], None]
"""Assert that a text is what a file holds."""


def assert_same(file: Path, text: str) -> None:
    """Fail with how to accept the text where it differs from the file's."""
    known = file.read_text(encoding="utf-8") if file.is_file() else None
    assert text == known, f"{file.name} differs; if that is meant, run pytest with --update-golden and read the diff"


def write(file: Path, text: str) -> None:
    """Accept the text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
