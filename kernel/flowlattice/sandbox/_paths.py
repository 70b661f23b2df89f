"""Which files a sandboxed task needs: the interpreter, the libraries, its own code, and the folders it was given."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from flowlattice.sandbox.errors import SandboxUnavailable

_OWN_PACKAGE = __name__.partition(".")[0]
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
)
_LIBRARY_FOLDERS = ("site-packages", "dist-packages")


def import_path(tasks: Sequence[str]) -> tuple[str, ...]:
    """The `sys.path` of a process that runs the tasks: the standard library, the libraries, and the tasks' own code.

    Raises:
        SandboxUnavailable: There is no such package.
    """
    libraries = [entry for entry in sys.path if _is_library(entry)]
    own = [str(package.parent) for package in _packages(tasks)]
    return tuple(dict.fromkeys([*own, *libraries]))


def code(tasks: Sequence[str]) -> tuple[str, ...]:
    """What the tasks' imports may read, without the folders that merely hold its packages."""
    libraries = (entry for entry in sys.path if _is_library(entry))
    shared_objects = str(Path(sys.base_prefix) / "lib")
    packages = (str(package) for package in _packages(tasks))
    return tuple(dict.fromkeys([*_SYSTEM, shared_objects, *libraries, *packages]))


def given(folders: Sequence[Path]) -> tuple[list[str], list[str]]:
    """What to grant for the files and folders a caller names: (readable, only names readable).

    A folder that holds far more than a flow, such as the home folder, is opened for its names and the Python files
    directly in it, so that trying out `~/flow.py` does not open `~/.ssh`.
    """
    readable: list[str] = []
    names: list[str] = []
    for folder in folders:
        resolved = folder.resolve()
        if resolved not in _wide():
            readable.append(str(resolved))
            continue
        names.append(str(resolved))
        readable += [str(file) for file in sorted(resolved.glob("*.py")) if file.is_file() and not file.is_symlink()]
    return readable, names


def writable(task: str, folders: Sequence[Path]) -> list[Path]:
    """The folders that a caller lets a task write, as they really lie.

    Raises:
        SandboxUnavailable: One is no folder, or holds far more than a task's own files, such as the home folder.
    """
    resolved = [folder.resolve() for folder in folders]
    for folder in resolved:
        if not folder.is_dir() or folder in _wide():
            raise SandboxUnavailable(task, f"{folder} is no folder of its own that could be written")
    return resolved


def _wide() -> set[Path]:
    homes = {Path(os.path.expanduser("~")).resolve(), Path(tempfile.gettempdir()).resolve()}  # noqa: PTH111 - does not raise without a home
    return {wide for home in homes for wide in (home, *home.parents)}


def _is_library(entry: str) -> bool:
    path = Path(entry)
    if not path.is_absolute():
        return False
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return path.name in _LIBRARY_FOLDERS or any(path.is_relative_to(prefix) for prefix in prefixes)


def _packages(tasks: Sequence[str]) -> list[Path]:
    """The folder of each package, or the file of each module, that the tasks start from and that is no library."""
    found: list[Path] = []
    for name in dict.fromkeys((_OWN_PACKAGE, *(task.partition(":")[0].partition(".")[0] for task in tasks))):
        spec = find_spec(name)
        if spec is None:
            raise SandboxUnavailable(", ".join(tasks), f"there is no package {name} to import")
        places = spec.submodule_search_locations or [spec.origin or ""]
        found += [Path(place).resolve() for place in places]
    return [place for place in found if not _is_library(str(place.parent))]
