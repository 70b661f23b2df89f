"""The workspace: a git directory of the run's own, in which every agent edit is a commit.

Hooks and signing never run (libgit2 has neither), the person's git configuration is not read. The person's tree is
another matter: it changes only on acceptance, in `publish`.
"""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, SortMode

from flowlattice.files import replace_file
from flowlattice_agents.errors import WorkspaceError
from flowlattice_agents.line_ends import with_line_ends_of

BRANCH = "refs/heads/main"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A commit of the workspace: who edited, why, and which diagnostics it answers."""

    commit: str
    agent: str
    reason: str
    answers: tuple[str, ...]


class Workspace:
    """The sources of one run under git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        fresh = not (folder / ".git").is_dir()
        self._repository = pygit2.init_repository(str(folder), initial_head="main") if fresh else _open(folder)

    def commit(self, files: dict[str, str], *, agent: str, reason: str, answers: tuple[str, ...] = ()) -> str:
        """Make the workspace hold exactly these files; gives the commit.

        A tree that is already committed is not committed again, so that a step that is repeated after a crash
        leaves one commit.
        """
        tree = self._tree(files)
        head = self._head()
        if head is None or head.tree_id != tree:
            signature = pygit2.Signature(f"flowlattice {agent}", f"{agent}@flowlattice.invalid")
            message = "\n".join([reason, "", f"Agent: {agent}", *(f"Answers: {code}" for code in answers)])
            parents = [] if head is None else [head.id]
            self._repository.create_commit(BRANCH, signature, signature, message, tree, parents)
        self.checkout()
        committed = self._head()
        if committed is None:
            raise WorkspaceError(f"{self.folder}: nothing could be committed")
        return str(committed.id)

    def checkout(self, commit: str | None = None) -> None:
        """Make the files on disk those of a commit (the last one by default), whatever a crash left there."""
        files = self.files(commit)
        for name, text in files.items():
            file = self.folder / name
            if not file.is_file() or file.read_bytes() != text.encode():
                replace_file(file, text.encode())
        for file in self.folder.iterdir():
            if file.name != ".git" and file.name not in files and file.is_file():
                file.unlink()

    def files(self, commit: str | None = None) -> dict[str, str]:
        """The files of a commit (the last one by default), by name."""
        found = self._head() if commit is None else self._repository.get(commit)
        if found is None:
            return {}
        return {
            str(entry.name): entry.data.decode() for entry in found.peel(pygit2.Tree) if isinstance(entry, pygit2.Blob)
        }

    def log(self) -> list[Edit]:
        """All edits, oldest first."""
        head = self._head()
        if head is None:
            return []
        order = SortMode.TOPOLOGICAL | SortMode.REVERSE
        return [_edit(commit) for commit in self._repository.walk(head.id, order)]

    def diff(self, before: dict[str, str] | None = None, *, only: str | None = None) -> str:
        """A unified diff from some files (none by default) to the last commit; `only` of one file."""
        old, new = before or {}, self.files()
        parts: list[str] = []
        for name in sorted({*old, *new}):
            lines = difflib.unified_diff(
                old.get(name, "").splitlines(keepends=True),
                new.get(name, "").splitlines(keepends=True),
                f"a/{name}" if name in old else "/dev/null",
                f"b/{name}" if name in new else "/dev/null",
            )
            if only in (None, name):
                parts.extend(lines)
        return "".join(parts)

    def _tree(self, files: dict[str, str]) -> pygit2.Oid:
        builder = self._repository.TreeBuilder()
        for name, text in files.items():
            builder.insert(name, self._repository.create_blob(text.encode()), FileMode.BLOB)
        return builder.write()

    def _head(self) -> pygit2.Commit | None:
        if BRANCH not in self._repository.references:
            return None
        return self._repository.references[BRANCH].peel(pygit2.Commit)


def check_publishable(
    files: dict[str, str], target: Path, *, expected: dict[str, str | None], removed: tuple[str, ...] = ()
) -> None:
    """See that `publish` would write nothing over what a person changed; writes nothing itself.

    Raises:
        WorkspaceError: A file was changed since the run began, or cannot be read.
    """
    nearest = next(folder for folder in (target, *target.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise WorkspaceError(f"{target}: cannot be written; name another folder with --out")
    for name in (*files, *removed):
        now = _read(target / name)
        if now not in (files.get(name), expected.get(name)):
            raise WorkspaceError(
                f"{target / name} was changed since the run began; move it away or name another folder with --out"
            )


def publish(
    files: dict[str, str], target: Path, *, expected: dict[str, str | None], removed: tuple[str, ...] = ()
) -> None:
    """Write accepted files into the person's tree, each of them whole, with the line ends that the person's have.

    Args:
        files: The files, by name.
        target: The folder; made if it is not there.
        expected: What was in the folder when the run began, by name; none for a file that was not there. A file that
            already holds the accepted text is left alone.
        removed: Files that are not true of the accepted ones any more.

    Raises:
        WorkspaceError: A file was changed meanwhile, and nothing is written then; or the folder cannot be written.
    """
    check_publishable(files, target, expected=expected, removed=removed)
    try:
        for name, text in files.items():
            if _read(target / name) != text:
                _replace(target / name, text)
        for name in removed:
            (target / name).unlink(missing_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"{target}: cannot be written ({error.strerror}); name another folder with --out"
        ) from error


def snapshot(target: Path, names: tuple[str, ...]) -> dict[str, str | None]:
    """What a folder holds of some files; none for one that is not there."""
    return {name: _read(target / name) for name in names}


def _replace(file: Path, text: str) -> None:
    before = file.read_bytes().decode() if file.exists() else ""
    replace_file(file.resolve(), with_line_ends_of(before, text).encode(), mode=_mode(file))


def _mode(file: Path) -> int:
    """A file's permissions; for a new one those that the person's umask leaves."""
    if file.exists():
        return stat.S_IMODE(file.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _read(file: Path) -> str | None:
    """A file's text, each line ending in a plain newline; none if it is not there."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{file}: cannot be read ({error}); name another folder with --out") from error


def _open(folder: Path) -> pygit2.Repository:
    try:
        return pygit2.Repository(str(folder))
    except pygit2.GitError as error:
        raise WorkspaceError(f"{folder}: not a usable workspace ({error}); start the run again") from error


def _edit(commit: pygit2.Commit) -> Edit:
    lines = commit.message.splitlines()
    trailers = [line.partition(": ") for line in lines[1:] if ": " in line]
    agents = [value for key, _, value in trailers if key == "Agent"]
    return Edit(
        commit=str(commit.id),
        agent=agents[-1] if agents else "",
        reason=lines[0] if lines else "",
        answers=tuple(value for key, _, value in trailers if key == "Answers"),
    )
