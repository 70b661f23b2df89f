"""`connectors.toml`: which connectors the flows of a folder take, each pinned by the digest of its files.

    [stripe]
    version = "1.2.0"
    path = "stripe.py"
    digest = "blake3:..."

A pin is made from what is written: the connector's module is read, not run.
"""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice.ir.digest import connector_digest, file_digest, read_sources
from flowlattice.language.artifacts import CONNECTORS_FILE, named_files, own_file

_HEAD = "# Which connectors the flows here take. Written by `flows pin`; a change is for review.\n"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A connector as it is pinned; `path` is relative to the folder of `connectors.toml`."""

    version: str
    path: str
    digest: str


def read_pins(folder: Path) -> dict[str, Pin]:
    """The pins of a folder by the connectors' names; none where there is no file.

    Raises:
        UsageError: The file is not what `flows pin` writes.
        OSError: It cannot be read.
    """
    file = folder / CONNECTORS_FILE
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: Pin(**{key: str(value) for key, value in entry.items()}) for name, entry in found.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        message = f"{CONNECTORS_FILE}: not as `flows pin` writes it; delete it and pin the connectors again"
        raise UsageError(message) from error


def write_pin(module: Path) -> tuple[str, Pin, Mapping[str, str]]:
    """Pin the connector that a module states, in the `connectors.toml` beside it.

    Returns:
        Its name, its pin, and the digests of its fixtures by their names.

    Raises:
        UsageError: The module states no connector, or one of its fixtures is not there.
        OSError: A file cannot be read or written.
    """
    folder = module.resolve().parent
    tree = read_sources(module)[module.name].tree
    stated = None if tree is None else _stated(tree)
    if tree is None or stated is None:
        wanted = 'one `Connector("name", version="1.0.0", ...)`, its name and version written as texts'
        raise UsageError(f"{module}: states no connector; it needs {wanted}")
    fixtures = {name: own_file(folder, name) for name in named_files(tree)}
    for name, file in fixtures.items():
        if file is None:
            raise UsageError(
                f"{module}: there is no file {name} beside it; put it there, or drop it from the connector"
            )
    name, version = stated
    pin = Pin(version=version, path=module.name, digest=connector_digest(module))
    pins = read_pins(folder) | {name: pin}
    (folder / CONNECTORS_FILE).write_text(_written(pins), encoding="utf-8")
    return name, pin, {name: file_digest(file.read_bytes()) for name, file in fixtures.items() if file is not None}


def _stated(tree: ast.Module) -> tuple[str, str] | None:
    """The name and the version of the one connector that a module makes."""
    found = [part for part in ast.walk(tree) if isinstance(part, ast.Call) and _is_connector(part.func)]
    if len(found) != 1:
        return None
    given = {keyword.arg: keyword.value for keyword in found[0].keywords}
    name = found[0].args[0] if found[0].args else given.get("name")
    texts = [part.value for part in (name, given.get("version")) if isinstance(part, ast.Constant)]
    match texts:
        case [str(name_), str(version)]:
            return name_, version
        case _:
            return None


def _is_connector(function: ast.expr) -> bool:
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return called == "Connector"


def _written(pins: Mapping[str, Pin]) -> str:
    # A JSON text is a TOML text too.
    entries = [
        f"\n[{json.dumps(name) if not name.isidentifier() else name}]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in vars(pin).items())
        for name, pin in sorted(pins.items())
    ]
    return _HEAD + "".join(entries)
