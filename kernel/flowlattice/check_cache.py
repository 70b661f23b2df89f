"""What `flows check` printed last for a flow, kept so that an unchanged flow is not built again.

One file per flow and way of asking, in `$FLOWS_HOME/cache/check/`. It is shown again only if everything that it came
from is the same: the flow's own files, plugins and fixtures among them, by content; all other files in the flow's
folder, the kernel's files and those of distributions that announce capability types by name, size and time; the
installed distributions by version; Python.

What is kept is text to show and an exit code, and it is believed no further: nothing is built, served, deployed or
certified from it. A file that is damaged or was made by something else is passed over, and written anew. What shows a
credential is not kept. This module imports nothing of the language, so that finding a result takes no time.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blake3 import blake3

from flowlattice.errors import UsageError
from flowlattice.files import replace_file
from flowlattice.home import flows_home

MOST_RESULTS: Final = 256
MOST_BYTES: Final = 1 << 20
"""A longer result is not kept."""

_FORMAT: Final = 1
_MOST_FILES: Final = 4_000
_MOST_SOURCE_BYTES: Final = 32 << 20
_NOT_WALKED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_ANNOUNCES: Final = "flowlattice.capabilities"
_SHOWABLE: Final = re.compile(r"(?:[^\x00-\x08\x0b-\x1f\x7f-\x9f]|\x1b\[[0-9;]*m)*")
_ANNOUNCEMENT: Final = re.compile(r"^[^#\n=]+=\s*(\w+)", re.MULTILINE)
_Stamp = tuple[str, int, int]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a check printed.

    Attributes:
        text: On stdout; may be empty.
        notice: The warning on stderr; none if there was none.
        code: The exit code.
    """

    text: str
    notice: str | None
    code: int


class CheckCache:
    """The kept result of one flow and one way of asking.

    Args:
        path: A flow file, or a folder that holds `flow.py`.
        request: What else the result depends on: how it is shown, which hosts are allowed, what is bound.
    """

    def __init__(self, path: Path, request: Mapping[str, str]) -> None:
        self._file = (path / "flow.py" if path.is_dir() else path).resolve()
        self._request = dict(sorted(request.items()))
        self._home = _home()
        self._folder = self._home / "cache" / "check"
        name = _digest([str(self._file), self._request])
        self._slot = self._folder / f"{name}.json"
        self._before: list[_Stamp] | None = None

    def find(self) -> Shown | None:
        """The result, if nothing has changed since it was kept."""
        try:
            self._before = self._surroundings()
            kept = json.loads(self._slot.read_bytes()[: 2 * MOST_BYTES])
            names, key, shown = kept["sources"], kept["key"], _validated(kept["shown"])
            if not all(isinstance(name, str) for name in names) or key != self._key(names):
                return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError, _NotKept):
            return None
        return shown

    def keep(self, shown: Shown, sources: Mapping[str, str], beside: Sequence[str] = ()) -> None:
        """Keep a result, if it can be.

        Args:
            shown: What was printed.
            sources: The texts of the flow's own files that it came from, by their paths relative to its folder.
            beside: The paths of files that belong to the flow and are no modules of it: plugins, fixtures.
        """
        from flowlattice.language.sources import decoded

        with suppress(OSError, UnicodeError, SyntaxError, _NotKept):
            for name, text in sources.items():
                if decoded((self._file.parent / name).read_bytes()) != text:
                    return  # somebody is writing it
            if self._before != self._surroundings():
                return
            kept = {"text": shown.text, "notice": shown.notice, "code": shown.code}
            _validated(kept)
            if _shows_credential(shown.text):
                return
            names = sorted({*sources, *beside})
            self._write({"format": _FORMAT, "sources": names, "key": self._key(names), "shown": kept})

    def _surroundings(self) -> list[_Stamp]:
        return [*_stamps(self._file.parent, without=self._home)]

    def _write(self, kept: Mapping[str, object]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._slot, json.dumps(kept).encode())
        self._evict()

    def _evict(self) -> None:
        """Remove the oldest results beyond the most that are kept."""
        found = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        for file in found[: max(0, len(found) - MOST_RESULTS)]:
            file.unlink(missing_ok=True)

    def _key(self, names: object) -> str:
        """The digest of everything that a result comes from.

        Raises:
            _NotKept: That is too much, or cannot be known.
            OSError: A file cannot be read.
        """
        own = sorted(map(str, names)) if isinstance(names, list) else []
        folder = self._file.parent
        if self._file.name not in own or any(not (folder / name).resolve().is_relative_to(folder) for name in own):
            raise _NotKept
        contents = [(name, blake3(_bounded(folder / name)).hexdigest()) for name in own]
        others = [stamp for stamp in self._surroundings() if stamp[0] not in own]
        kernel = [*_stamps(Path(__file__).parent)]
        return _digest([_FORMAT, sys.version, sys.platform, kernel, *_distributions(), self._request, contents, others])


class _NotKept(Exception):
    """A result that cannot be kept."""


def _home() -> Path:
    """Where state lives; a place that holds nothing where there is none, since checking needs none."""
    try:
        return flows_home()
    except UsageError:
        return Path(os.devnull)


def _digest(value: object) -> str:
    return blake3(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _bounded(file: Path) -> bytes:
    if file.stat().st_size > _MOST_SOURCE_BYTES:
        raise _NotKept
    return file.read_bytes()


def _validated(kept: object) -> Shown:
    """A result as it was kept, if it is one and can be shown.

    Raises:
        _NotKept: It is not, or cannot.
    """
    match kept:
        case {"text": str(text), "notice": str() | None as notice, "code": 0 | 1 as code}:
            texts = (text, notice or "")
            if all(len(each) <= MOST_BYTES and _SHOWABLE.fullmatch(each) for each in texts) and code is not True:
                return Shown(text=text, notice=notice, code=int(code))
    raise _NotKept


def _shows_credential(text: str) -> bool:
    from flowlattice.language._urls import urls_in

    return any(has_credential for _, has_credential in urls_in(text))


def _stamps(folder: Path, without: Path | None = None) -> Iterator[_Stamp]:
    """Name, size and time of each file below a folder, sorted; hidden folders and those of tools are passed over.

    Raises:
        _NotKept: There are too many.
    """
    found: list[_Stamp] = []
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    is_walked = not entry.name.startswith(".") and entry.name not in _NOT_WALKED
                    if is_walked and (without is None or entry.path != str(without)):
                        waiting.append(entry.path)
                    continue
                stat = entry.stat(follow_symlinks=True) if entry.is_file() else entry.stat(follow_symlinks=False)
                found.append((os.path.relpath(entry.path, folder).replace(os.sep, "/"), stat.st_size, stat.st_mtime_ns))
                if len(found) > _MOST_FILES:
                    raise _NotKept
    yield from sorted(found)


def _distributions() -> tuple[list[str], list[_Stamp]]:
    """The names and versions of all that is installed, and the files of what announces capability types.

    Raises:
        _NotKept: What announces some cannot be found.
    """
    installed: list[str] = []
    announcing: set[str] = set()
    folders = [Path(place) for place in dict.fromkeys(sys.path) if place and Path(place).is_dir()]
    for folder in folders:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - a third of the time
            if name.endswith((".dist-info", ".egg-info")):
                installed.append(name)
                announcing.update(_announced(folder / name / "entry_points.txt"))
    return installed, [stamp for module in sorted(announcing) for stamp in _module_stamps(module, folders)]


def _announced(file: Path) -> Iterator[str]:
    """The top packages that a distribution's entry points name as modules of capability types."""
    with suppress(OSError, UnicodeError):
        _, found, rest = file.read_text(encoding="utf-8").partition(f"[{_ANNOUNCES}]")
        yield from _ANNOUNCEMENT.findall(rest.partition("\n[")[0]) if found else ()


def _module_stamps(module: str, folders: list[Path]) -> Iterator[_Stamp]:
    for folder in folders:
        if (folder / module).is_dir():
            yield from _stamps(folder / module)
            return
        if (folder / f"{module}.py").is_file():
            stat = (folder / f"{module}.py").stat()
            yield (module, stat.st_size, stat.st_mtime_ns)
            return
    raise _NotKept
