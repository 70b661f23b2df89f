"""What the node at work reaches for: an audit hook (PEP 578) sees files, sockets, processes and foreign code.

It sees them whatever library is used, also where the exception is swallowed, in threads and in callbacks. Blamed is
the flow's code, or a library that it set to work; what the engine does for a node on its behalf, and what the
interpreter does to import, is neither's. Libraries written in C that make system calls of their own are not seen here:
the sandbox denies them.
"""

from __future__ import annotations

import os
import socket
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final, Literal

Kind = Literal["network", "file", "process", "foreign code", "environment", "input"]

_NETWORK: Final = ("socket.", "http.client.", "urllib.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "nntplib.")
_PROCESS: Final = frozenset(
    "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty os.kill os.killpg pty.spawn "
    "signal.pthread_kill webbrowser.open os.startfile os.startfile/2".split()
)
_ENVIRONMENT: Final = frozenset({"os.putenv", "os.unsetenv", "os.chdir"})
_LISTS: Final = frozenset(
    "os.listdir os.scandir os.walk os.fwalk os.getxattr os.listxattr glob.glob glob.glob/2 pathlib.Path.glob "
    "pathlib.Path.rglob os.listdrives os.listmounts os.listvolumes".split()
)
_FILES: Final = ("os.", "shutil.", "tempfile.", "fcntl.", "resource.", "syslog.", "sqlite3.load_", "sqlite3.enable_")
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SAYS: Final = {
    "network": "reaches for the network",
    "process": "reaches for other processes",
    "foreign code": "calls code outside of Python",
    "environment": "changes the process's environment",
    "input": "reads standard input",
}
_SOURCES: Final = (".py", ".pyc")
_MOST: Final = 20


@dataclass(frozen=True)
class Reach:
    """Something outside that a node reached for.

    Attributes:
        changes: Whether it may change something there; reading a file does not.
        sentence: What was seen, without what was handed over, which may come from the input.
    """

    changes: bool
    sentence: str


@dataclass(frozen=True)
class _Origin:
    """Where a reach comes from: the line of the flow, the library that it called there, whether that was imported."""

    line: str
    library: str
    imports: bool
    reads_source: bool


class Audit:
    """The audit of one process: a hook cannot be taken off again, so that a process has one audit.

    Args:
        package: The package that the flow's folder became; its code is the flow's.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._roots = tuple(_library_roots())
        self._at_work: str | None = None
        self._found: dict[str, dict[tuple[str, bool, str], Reach]] = {}

    def start(self) -> None:
        """Watch from now on, for ever."""
        sys.addaudithook(self._hook)

    @contextmanager
    def of(self, node: str) -> Iterator[None]:
        """While a node is at work; one after the other, also what it leaves running in threads."""
        self._at_work = node
        try:
            yield
        finally:
            self._at_work = None

    def found(self, node: str) -> tuple[Reach, ...]:
        """What a node reached for, each kind once for each line of the flow."""
        return tuple(self._found.get(node, {}).values())

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        node = self._at_work
        if node is None:
            return
        judged = _judged(event, arguments)
        if judged is None:
            return
        kind, changes = judged
        origin = self._origin()
        if origin is None or self._is_the_interpreters(event, arguments, changes, origin):
            return
        known = self._found.setdefault(node, {})
        key = (kind, changes, origin.line)
        if key not in known and len(known) < _MOST:
            known[key] = Reach(changes, _sentence(kind, changes, event, origin))

    def _origin(self) -> _Origin | None:
        """Who made the call: the nearest frame of the flow; none where the engine's is nearer."""
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the documented way to see who calls
        library, imports, reads_source = "", False, False
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            if module.startswith(f"{self._package}."):
                return _Origin(_line(frame), library, imports, reads_source)
            if module == "flowlattice" or module.startswith("flowlattice."):
                return None
            if module == "asyncio.events" and frame.f_code.co_name == "_run":
                break  # a callback, or a task, that is all a library's
            imports = imports or module.startswith(("importlib._bootstrap", "_frozen_importlib"))
            reads_source = reads_source or module == "linecache"
            library = module.partition(".")[0]
            frame = frame.f_back
        return _Origin("", library, imports, reads_source)

    def _is_the_interpreters(self, event: str, arguments: tuple[object, ...], changes: bool, origin: _Origin) -> bool:
        """Whether a call reads the interpreter's own libraries, or source in order to import or to quote it."""
        if event.startswith("ctypes."):
            return origin.imports
        if changes or event.startswith(_NETWORK):
            return False
        path = _path(arguments)
        if path is None:
            return False
        if (origin.imports or origin.reads_source) and path.endswith(_SOURCES):
            return True
        whole = os.path.normpath(path)
        return any(whole == root or whole.startswith(root + os.sep) for root in self._roots)


def _judged(event: str, arguments: tuple[object, ...]) -> tuple[Kind, bool] | None:
    """What sort of reach an event is, and whether it may change something; none for what reaches for nothing."""
    if event == "open":
        return _opened(arguments)
    if event == "socket.__new__":
        return None if len(arguments) > 1 and arguments[1] == socket.AF_UNIX else ("network", True)
    if event == "sqlite3.connect":
        return None if arguments and arguments[0] in {":memory:", b":memory:"} else ("file", True)
    if event == "builtins.input":
        return "input", False
    if event.startswith(_NETWORK):
        return "network", True
    if event in _PROCESS:
        return "process", True
    if event in _ENVIRONMENT:
        return "environment", True
    if event.startswith("ctypes."):
        return "foreign code", True
    if event in _LISTS:
        return "file", False
    return ("file", True) if event.startswith(_FILES) else None


def _opened(arguments: tuple[object, ...]) -> tuple[Kind, bool] | None:
    if not arguments or isinstance(arguments[0], int):
        return None  # a descriptor that is open already
    flags = arguments[2] if len(arguments) > 2 else 0
    mode = arguments[1] if len(arguments) > 1 else None
    writes = isinstance(flags, int) and bool(flags & _WRITING)
    return "file", writes or (isinstance(mode, str) and any(sign in mode for sign in "wax+"))


def _sentence(kind: Kind, changes: bool, event: str, origin: _Origin) -> str:
    what = _SAYS.get(kind) or ("changes files" if changes else "reads files")
    through = f" through {origin.library}" if origin.library else ""
    return f"{what} ({event}){through}{origin.line}"


def _line(frame: FrameType) -> str:
    return f", {os.path.basename(frame.f_code.co_filename)} line {frame.f_lineno}"  # noqa: PTH119 - pathlib is watched


def _path(arguments: tuple[object, ...]) -> str | None:
    first = arguments[0] if arguments else None
    try:
        return os.fsdecode(first)  # type: ignore[arg-type]  # what is no path is an error, below
    except TypeError:
        return None


def _library_roots() -> Iterator[str]:
    """Where the interpreter's own libraries and their data lie."""
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield os.path.normpath(sysconfig.get_path(name))
    yield from map(os.path.normpath, zoneinfo.TZPATH)
    for entry in sys.path:
        if os.path.isabs(entry) and entry != os.sep:  # noqa: PTH117 - pathlib is watched
            yield os.path.normpath(entry)
