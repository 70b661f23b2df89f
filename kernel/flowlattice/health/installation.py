"""What is installed: Python, flowlattice itself, the packages that it needs, its extras, its data.

Packages are looked up in the installation's own records; none is imported.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import flowlattice
from flowlattice.capabilities import registry
from flowlattice.errors import EngineUnavailable
from flowlattice.health.finding import Finding, Status
from flowlattice.resources import data_folder

NAME = "flowlattice"
AGENTS = "flowlattice_agents"

# A requirement as a wheel's metadata has it: `uvloop>=0.21; sys_platform != 'win32'`.
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)[^;>]*(?:>=\s*([\d.]+))?[^;]*(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w.-]+)['"]""")
_NOT_ON = re.compile(r"""sys_platform\s*!=\s*['"](\w+)['"]""")


@dataclass(frozen=True)
class Need:
    """A package that is asked for: its name, the least version, and the extra that asks (none: always needed)."""

    name: str
    least: str | None = None
    extra: str | None = None

    @property
    def wanted(self) -> str:
        """As pip takes it."""
        return f"{self.name}>={self.least}" if self.least else self.name


def installation() -> Iterator[Finding]:
    """All checks of what is installed."""
    yield python_version()
    own = _installed(NAME)
    yield own_version(own)
    if own is not None:
        needs = [need for text in own.requires or () if (need := needed(text)) is not None]
        yield packages([need for need in needs if need.extra is None])
        for extra in own.metadata.get_all("Provides-Extra") or ():
            yield extra_packages(extra, [need for need in needs if need.extra == extra])
    yield from capabilities()
    yield workspace()
    yield data("policies", NAME)
    yield data("prompts", AGENTS)
    yield data("evals", AGENTS)


def python_version(version: tuple[int, ...] = sys.version_info[:3], least: tuple[int, ...] = (3, 11)) -> Finding:
    """Whether Python is new enough."""
    written = ".".join(map(str, version))
    text = f"{platform.python_implementation()} {written} on {platform.system()} {platform.machine()}"
    details = {"version": written, "executable": sys.executable}
    if version >= least:
        return Finding(name="python", status="ok", text=text, details=details)
    remedy = f"run flows with Python {'.'.join(map(str, least))} or newer"
    return Finding(name="python", status="fail", text=f"{text} is too old", remedy=remedy, details=details)


def own_version(installed: Distribution | None) -> Finding:
    """Whether what runs is what is installed."""
    version, where = flowlattice.__version__, str(Path(flowlattice.__file__).parent)
    details = {"version": version, "path": where}
    if installed is not None and installed.version == version:
        return Finding(name=NAME, status="ok", text=f"{version} in {where}", details=details)
    if installed is None:
        found = "is not installed as a package, so its needs and the agents' verbs are unknown"
    else:
        found = f"runs, but what is installed says that it is {installed.version}"
    remedy = "install it again: pip install flowlattice, or pip install -e '.[agents]' in a checkout"
    return Finding(name=NAME, status="warn", text=f"{version} in {where} {found}", remedy=remedy, details=details)


def needed(requirement: str, system: str = sys.platform) -> Need | None:
    """What a line of a package's requirements asks for here; none if it is for other systems."""
    matched = _REQUIREMENT.match(requirement)
    if matched is None:
        return None
    name, least, marker = matched.groups()
    elsewhere, extra = _NOT_ON.search(marker or ""), _EXTRA.search(marker or "")
    if elsewhere is not None and elsewhere[1] == system:
        return None
    return Need(name, least, extra[1] if extra else None)


def packages(needs: Sequence[Need]) -> Finding:
    """Whether the packages that are always needed are there."""
    found, faults = _looked_up(needs)
    if faults:
        remedy = f"pip install --upgrade {_quoted(faults)}"
        return Finding(name="packages", status="fail", text=_said(faults), remedy=remedy, details=found)
    text = f"all {len(needs)} that flowlattice needs"
    return Finding(name="packages", status="ok", text=text, details=found)


def extra_packages(extra: str, needs: Sequence[Need]) -> Finding:
    """Whether the packages of an extra are there."""
    name = f"extra {extra}"
    found, faults = _looked_up(needs)
    if faults:
        remedy = f"pip install --upgrade 'flowlattice[{extra}]'"
        return Finding(name=name, status="warn", text=_said(faults), remedy=remedy, details=found)
    text = ", ".join(f"{package} {version}" for package, version in found.items())
    return Finding(name=name, status="ok", text=text, details=found)


def capabilities() -> Iterator[Finding]:
    """The capability types that other distributions announce, one line a distribution."""
    for one in registry.announced():
        name, details = f"capabilities {one.distribution}", {"module": one.module}
        if one.problem is not None:
            remedy = f"flows cannot use {one.module} until its distribution is mended or another is removed"
            yield Finding(name=name, status="warn", text=one.problem, remedy=remedy, details=details)
        else:
            text = ", ".join(f"{type_} ({declared.name})" for type_, declared in one.types.items())
            yield Finding(name=name, status="ok", text=f"{one.module}: {text}", details=details)


def workspace() -> Finding:
    """Whether the library is there with which the agents keep their edits in git."""
    found, faults = _looked_up([Need("pygit2")])
    if not faults:
        return Finding(name="workspace", status="ok", text=f"git by pygit2 {found['pygit2']}", details=found)
    text = "pygit2, which keeps the agents' edits in git, is missing"
    return Finding(name="workspace", status="warn", text=text, remedy="pip install 'flowlattice[agents]'")


def data(name: str, package: str) -> Finding:
    """Whether a folder of data is there and holds files."""
    # Flows are compiled and served without the agents' data.
    gravest: Status = "fail" if package == NAME else "warn"
    try:
        folder = data_folder(package, name)
    except EngineUnavailable as error:
        remedy = f"install {NAME} again; the folder comes with it"
        return Finding(name=name, status=gravest, text=str(error), remedy=remedy)
    count = sum(file.is_file() for file in folder.rglob("*"))
    details = {"path": str(folder), "files": str(count)}
    if count:
        return Finding(name=name, status="ok", text=f"{count} files in {folder}", details=details)
    remedy = f"install {NAME} again; the files come with it"
    return Finding(name=name, status=gravest, text=f"{folder} is empty", remedy=remedy, details=details)


def _looked_up(needs: Sequence[Need]) -> tuple[dict[str, str], dict[str, str]]:
    """The versions of the packages that are fit, and what is wrong with the others, by what was wanted."""
    found: dict[str, str] = {}
    faults: dict[str, str] = {}
    for need in needs:
        installed = _installed(need.name)
        if installed is None:
            faults[need.wanted] = f"{need.wanted} is missing"
        elif need.least is not None and _release(installed.version) < _release(need.least):
            faults[need.wanted] = f"{need.name} {installed.version} is older than {need.least}"
        elif not _is_importable(installed):
            faults[need.wanted] = f"{need.name} {installed.version} is recorded, but its files are gone"
        else:
            found[need.name] = installed.version
    return found, faults


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version without zeros at the end, so that 14 and 14.0 are the same."""
    matched = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in matched[0].split(".")] if matched else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _is_importable(installed: Distribution) -> bool:
    """Whether the import system finds one of a package's top modules, without importing it."""
    return any(find_spec(name) is not None for name in _top_modules(installed))


def _top_modules(installed: Distribution) -> set[str]:
    files = [file for file in installed.files or () if file.suffix in (".py", ".so", ".pyd", ".pth")]
    tops = {file.parts[0].partition(".")[0] for file in files if ".." not in file.parts}
    return {top for top in tops if top.isidentifier() and top != "__pycache__"}


def _said(faults: dict[str, str]) -> str:
    return "; ".join(faults.values())


def _quoted(faults: dict[str, str]) -> str:
    return " ".join(f"'{wanted}'" for wanted in faults)
