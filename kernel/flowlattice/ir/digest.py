"""Digests of what a flow is: of its source files, and of its IR.

A source digest is BLAKE3-256 over the flow file, the modules of its folder that it imports, the files that these name
(`language.artifacts`), `connectors.toml` and `goldens.jsonl` where there are such, sorted by path; path and content are
each preceded by their length (8 bytes, big-endian), so that no two sets of files have one digest. Contents count byte
for byte, also line ends.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blake3 import blake3

from flowlattice.ir.model import FlowIR
from flowlattice.language.artifacts import CONNECTORS_FILE, GOLDENS_FILE, named_files, own_file
from flowlattice.language.sources import decoded, flow_file, parsed, parts_of

_OF_FLOWS: Final = (CONNECTORS_FILE, GOLDENS_FILE)


def source_digest(path: Path) -> str:
    """The digest of a flow's sources, in hexadecimal.

    Args:
        path: A flow file, or a folder that holds `flow.py`.

    Raises:
        UsageError: There is no flow.
        OSError: A file cannot be read.
    """
    return digest_of(source_files(path))


def digest_of(files: Mapping[str, bytes | str]) -> str:
    """The digest of files by their paths relative to the flow's folder; text counts as UTF-8."""
    hasher = blake3()
    for name in sorted(files):
        content = files[name]
        for part in (name.encode(), content.encode() if isinstance(content, str) else content):
            hasher.update(len(part).to_bytes(8, "big"))
            hasher.update(part)
    return hasher.hexdigest()


def connector_digest(module: Path) -> str:
    """The digest of a connector, `blake3:...`: of its module, what that imports from beside it, and its fixtures.

    Raises:
        OSError: A file cannot be read.
    """
    files = {name: content for name, content in source_files(module).items() if name not in _OF_FLOWS}
    return f"blake3:{digest_of(files)}"


def file_digest(content: bytes) -> str:
    """The digest of one file's content, `blake3:...`."""
    return f"blake3:{blake3(content).hexdigest()}"


def ir_digest(flow: FlowIR) -> str:
    """The digest of a flow's IR, in hexadecimal."""
    return blake3(flow.to_json().encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One of a flow's own files as it was read; `tree` or else `problem` says whether it is Python.

    A file that has neither is no module of the flow, and is never loaded.
    """

    content: bytes
    tree: ast.Module | None = None
    problem: SyntaxError | ValueError | RecursionError | MemoryError | None = None

    @property
    def is_module(self) -> bool:
        """Whether it is loaded with the flow."""
        return self.tree is not None or self.problem is not None


def source_files(path: Path) -> dict[str, bytes]:
    """A flow's own files by their paths relative to its folder, as the source digest counts them.

    Raises:
        UsageError: There is no flow.
        OSError: A file cannot be read.
    """
    return {name: file.content for name, file in read_sources(path).items()}


def read_sources(path: Path) -> dict[str, SourceFile]:
    """A flow's own files, read and parsed, by their paths relative to its folder.

    Raises:
        UsageError: There is no flow.
        OSError: A file cannot be read.
    """
    file = flow_file(path)
    found: dict[str, SourceFile] = {}
    waiting = [file]
    while waiting:
        current = waiting.pop()
        name = current.relative_to(file.parent).as_posix()
        if name not in found:
            found[name] = _read(current)
            waiting += _imported(current, found[name].tree, file.parent)
    for name in _beside(found, file.parent):
        found.setdefault(name, SourceFile(content=(file.parent / name).read_bytes()))
    return found


def _beside(modules: Mapping[str, SourceFile], folder: Path) -> list[str]:
    """The files that belong to modules and are none."""
    named = (name for file in modules.values() if file.tree is not None for name in named_files(file.tree))
    return [name for name in (*named, *_OF_FLOWS) if own_file(folder, name) is not None]


def _read(file: Path) -> SourceFile:
    content = file.read_bytes()
    try:
        tree = parsed(content, file.name)
        decoded(content)  # the parser does not look into comments
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        return SourceFile(content=content, tree=None, problem=problem)
    return SourceFile(content=content, tree=tree, problem=None)


def _imported(file: Path, tree: ast.Module | None, folder: Path) -> Iterator[Path]:
    """The files of the folder that a file imports."""
    for part in () if tree is None else parts_of(tree):
        if isinstance(part, ast.ImportFrom) and part.level:
            base = file
            for _ in range(part.level):
                base = base.parent
            if part.module:
                base = base.joinpath(*part.module.split("."))
            for candidate in (base, *(base / alias.name for alias in part.names)):
                yield from _module_files(candidate, folder)


def _module_files(module: Path, folder: Path) -> Iterator[Path]:
    if module.is_relative_to(folder):
        yield from (file for file in (module.with_name(f"{module.name}.py"), module / "__init__.py") if file.is_file())
