"""Which commit a flow's files are of. Git is only asked what it holds: nothing of the repository is run or trusted."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from hashlib import sha1, sha256
from pathlib import Path
from typing import Final

_WAIT_S: Final = 10
# A repository's own settings may name programs; these are the ones that reading could start.
_QUIET: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")


def revision_of(folder: Path, sources: Mapping[str, bytes]) -> str | None:
    """The commit that is checked out, if every file is in it as it is here; none otherwise, or without git.

    Args:
        folder: The folder of the flow.
        sources: Its files by their paths relative to the folder.
    """
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    listed = _git(folder, "ls-tree", "-r", "-z", "HEAD", ".")
    if commit is None or listed is None:
        return None
    held = dict(_entry(line) for line in listed.split("\0") if line)
    same = all(held.get(name) == _blob_id(content, len(commit.strip())) for name, content in sources.items())
    return commit.strip() if same and sources else None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *_QUIET, "-C", str(folder), *arguments], capture_output=True, timeout=_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def _entry(line: str) -> tuple[str, str]:
    """A file's path and the id of its content."""
    about, _, path = line.partition("\t")
    return path, about.rpartition(" ")[2]


def _blob_id(content: bytes, length: int) -> str:
    """The id that git gives to content, in a repository of either kind."""
    make = sha256 if length == 64 else sha1
    return make(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
