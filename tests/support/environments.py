"""Empty virtual environments that hold this distribution and what it declares, and nothing else.

Tests use no network, so dependencies cannot be downloaded. They are taken from the environment that runs the tests,
where they are installed as locked: the files of exactly those distributions that the wheel's own metadata asks for,
directly or through others, are brought into the empty environment. What is not declared is therefore not importable
there, which putting the whole environment on the path would hide; pip does the installation of the wheel itself, and
`pip check` says whether the metadata is satisfied.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from venv import EnvBuilder

from packaging.requirements import Requirement

NAME = "flowlattice"


@dataclass(frozen=True)
class Environment:
    """A virtual environment, apart from the one that runs the tests."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    def pip(self, *arguments: str) -> str:
        """Run pip on this environment, without network; fails with what pip says."""
        command = [sys.executable, "-m", "pip", "--python", str(self.folder / "bin" / "python"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=_clean_env(), check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, *command: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of its commands to the end."""
        program = str(self.folder / "bin" / command[0])
        return subprocess.run(
            [program, *command[1:]],
            cwd=cwd,
            env=_clean_env() | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def install(wheel: Path, folder: Path, *, extras: tuple[str, ...] = ()) -> Environment:
    """Make an empty environment in `folder` and install the wheel with its extras."""
    EnvBuilder(symlinks=True, with_pip=False).create(folder)
    environment = Environment(folder)
    environment.pip("install", "--no-index", "--no-deps", str(wheel))
    installed = Distribution.at(next(environment.packages.glob(f"{NAME}-*.dist-info")))
    for needed in _closure(installed, extras):
        _bring(needed, environment.packages)
    environment.pip("check")
    return environment


def _clean_env() -> dict[str, str]:
    # PYTHONPATH would lead into the checkout.
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLOWS_", "PIP_"))}


def _closure(root: Distribution, extras: tuple[str, ...]) -> list[Distribution]:
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [(root, extra) for extra in ("", *extras)]
    while waiting:
        parent, extra = waiting.pop()
        for requirement in map(Requirement, parent.requires or ()):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            child = distribution(requirement.name)
            for wanted in ("", *requirement.extras):
                if (child.name, wanted) not in found:
                    found[child.name, wanted] = child
                    waiting.append((child, wanted))
    return list({child.name: child for child in found.values()}.values())


def _bring(source: Distribution, packages: Path) -> None:
    for file in source.files or ():
        # Scripts lie outside site-packages (`../../../bin/x`); no test needs those of a dependency.
        if ".." not in file.parts:
            target = packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(Path(str(source.locate_file(file))), target)


def _copy(source: Path, target: Path) -> None:
    # Not a symlink: a sandbox that may read the environment may not read what a link of it leads to.
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, target)
