"""Files that belong to a flow and are no modules of it: plugins, and what connectors are tested against.

Which they are is read off the source, so that an approval covers them before anything is run: the file of each
`sandboxed("plugins/clean.py")` and the fixtures of each `Connector(..., fixtures=["fixtures/ok.json"])`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flowlattice.language.sources import parts_of

CONNECTORS_FILE = "connectors.toml"
GOLDENS_FILE = "goldens.jsonl"
"""Where a flow pins its connectors."""

_PLUGIN = "sandboxed"
_CONNECTOR = "Connector"


def named_files(tree: ast.Module) -> Iterator[str]:
    """The files that a module names, as it names them."""
    for part in parts_of(tree):
        if not isinstance(part, ast.Call):
            continue
        called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        given = {keyword.arg: keyword.value for keyword in part.keywords}
        if called == _PLUGIN:
            yield from _texts(part.args[0] if part.args else given.get("file"))
        elif called == _CONNECTOR:
            yield from _texts(given.get("fixtures"))


def own_file(folder: Path, name: str) -> Path | None:
    """The file of a folder that a name means; none if there is none, or if it lies elsewhere."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\0" in name:
        return None
    file = folder / relative
    return file if file.is_file() and file.resolve().is_relative_to(folder.resolve()) else None


def _texts(value: ast.expr | None) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.List | ast.Tuple):
        for item in value.elts:
            yield from _texts(item)
