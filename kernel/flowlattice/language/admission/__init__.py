"""Admission: may a flow's files be loaded at all? They are untrusted until approved, so they are read before they run.

Read with `ast`, never imported or run. A file is refused if it imports anything but pure modules and its siblings, uses
a builtin that reaches files, code or namespaces, or names what leads from a value to the interpreter: underscored
attributes, frames, code objects, formats that follow attributes, texts evaluated as annotations. Names are allowed one
by one; what is not known is refused.

This is a filter, and the sandbox is the boundary. Python was not made to be confined by reading it: a way around these
rules is a bug to be fixed here, and must gain nothing there. What the filter is good for: honest mistakes get a clear
answer before anything runs, and what a person approves can hardly hide that it wants out. It does not bound time or
memory, and it does not judge effects or determinism; the checker does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from flowlattice.language.admission import _files
from flowlattice.language.admission._files import LARGEST_BYTES, File
from flowlattice.language.admission._refusal import Refusal
from flowlattice.language.admission._rules import refusals

__all__ = ["Refusal", "admit", "admit_files"]


def admit(source: str | bytes, path: str) -> tuple[Refusal, ...]:
    """Read one file, and the files of its folder that it imports, as they are now on disk.

    Args:
        source: The file's content.
        path: Where it is; its folder is where siblings are looked for.

    Returns:
        Why it may not be loaded; empty if it may.
    """
    file = Path(path)
    read = {file.name: _files.read(file.name, source)}
    waiting = [file.name]
    while waiting:
        current = read[waiting.pop()]
        for name in _files.imported_names(current) if isinstance(current, File) else ():
            sibling = file.parent / name
            if name not in read and sibling.is_file():
                with sibling.open("rb") as content:
                    read[name] = _files.read(name, content.read(LARGEST_BYTES + 1))
                waiting.append(name)
    return _judged(read.values())


def admit_files(contents: Mapping[str, str | bytes]) -> tuple[Refusal, ...]:
    """Read all files of a flow by their names in its folder, such as `flow.py` and `records.py`.

    Returns:
        Why they may not be loaded, in the order of files and lines; empty if they may.
    """
    return _judged(_files.read(name, content) for name, content in contents.items())


def _judged(read: Iterable[File | Refusal]) -> tuple[Refusal, ...]:
    files: dict[str, File] = {}
    found: set[Refusal] = set()
    for one in read:
        if isinstance(one, File):
            files[one.stem] = one
        else:
            found.add(one)
    for file in files.values():
        found.update(refusals(file, files))
    return tuple(sorted(found, key=lambda refusal: (refusal.file, refusal.line, refusal.column, refusal.message)))
