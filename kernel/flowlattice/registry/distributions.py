"""The distributions that a flow needs where it runs: flowlattice with what that needs, and what its files import."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from typing import Final

OWN: Final = "flowlattice"

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


@dataclass(frozen=True, order=True)
class Needed:
    """A distribution that is needed.

    Attributes:
        name: Its normalised name; where nothing that is installed provides an imported module, the module's.
        version: The installed version; none where it is not installed here.
        needs: The names of those that it needs itself.
    """

    name: str
    version: str | None
    needs: tuple[str, ...] = ()


def needed(sources: Mapping[str, bytes]) -> tuple[Needed, ...]:
    """All distributions that a flow needs as they are installed here, by name.

    Args:
        sources: The flow's files by their paths.
    """
    found: dict[str, Needed] = {}
    waiting = [(OWN, frozenset[str]()), *((name, frozenset[str]()) for name in imported(sources))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = item = waiting.pop()
        if item in seen:
            continue
        seen.add(item)
        installed = _installed(name)
        wanted = [] if installed is None else list(_requirements(installed, extras))
        before = found.get(name)
        needs = {one for one, _ in wanted} | set(before.needs if before else ())
        found[name] = Needed(name, installed.version if installed else None, tuple(sorted(needs)))
        waiting += wanted
    return tuple(sorted(found.values()))


def imported(sources: Mapping[str, bytes]) -> list[str]:
    """The distributions that a flow's files import, without flowlattice and the standard library."""
    modules = {name for file, content in sources.items() if file.endswith(".py") for name in _modules(content)}
    foreign = modules - sys.stdlib_module_names - {OWN}
    if not foreign:
        return []
    providers = packages_distributions()  # reads what is installed, so only where something is imported
    return sorted({_normal(name) for module in foreign for name in providers.get(module, [module])})


def _modules(content: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _requirements(one: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What it requires here; a requirement for other systems is told by not being installed."""
    for text in one.requires or ():
        requirement, _, marker = text.partition(";")
        extra = _EXTRA.search(marker)
        match = _REQUIREMENT.match(requirement.strip())
        if match is None or (extra is not None and _normal(extra[1]) not in extras):
            continue
        name = _normal(match[1])
        if _installed(name) is not None:
            yield name, frozenset(_normal(given) for given in (match[2] or "").split(",") if given.strip())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
