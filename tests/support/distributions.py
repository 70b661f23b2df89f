"""Distributions as an installer leaves them: a package and its metadata in a `site-packages` of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(folder: Path, name: str, modules: Mapping[str, str], announces: str = "") -> Path:
    """Install a distribution below a folder.

    Args:
        folder: Where its `site-packages` is made, if it is not there yet.
        name: Its name, `acme-sms`.
        modules: The text of its files by their paths, `acme_sms/capabilities.py`.
        announces: The text of its `entry_points.txt`.

    Returns:
        The `site-packages`, for `sys.path`.
    """
    libraries = folder / "site-packages"
    record = libraries / f"{name.replace('-', '_')}-1.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(announces)
    for path, text in modules.items():
        file = libraries / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text)
    return libraries
