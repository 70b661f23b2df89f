"""Which capability types there are: the kernel's own, and those of installed distributions.

A distribution announces a module of capability types by an entry point, and that module's public names may then be
imported by flows:

    [project.entry-points."flowlattice.capabilities"]
    sms = "acme_sms.capabilities"

A name in the IR belongs to one type. A module is refused as a whole if one of its types has a name that the kernel or
another distribution has too, so that nothing can pass for something else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Final

from flowlattice import capabilities
from flowlattice.capabilities.base import CapabilityType, capability_type

GROUP: Final = "flowlattice.capabilities"


@dataclass(frozen=True, kw_only=True)
class Announced:
    """A module that an installed distribution announces.

    Attributes:
        module: Its name.
        distribution: Whose it is.
        types: Its capability types by the names that flows import, sorted.
        problem: Why flows may not import it; none if they may.
    """

    module: str
    distribution: str
    types: Mapping[str, CapabilityType] = field(default_factory=dict)
    problem: str | None = None


@cache
def own_types() -> Mapping[str, CapabilityType]:
    """The kernel's capability types by the names that flows import."""
    found = ((name, capability_type(getattr(capabilities, name))) for name in capabilities.__all__)
    return MappingProxyType({name: declared for name, declared in found if declared is not None})


def announced() -> tuple[Announced, ...]:
    """The modules that installed distributions announce, each imported and judged, in the order of their names."""
    return _announced(tuple(sys.path))


@cache
def _announced(_path: tuple[str, ...]) -> tuple[Announced, ...]:
    """What is announced on a path, which does not change while a process runs; every rule asks, for every use."""
    points = sorted({(point.value.partition(":")[0], _owner(point)) for point in entry_points(group=GROUP)})
    taken = {declared.name: "flowlattice" for declared in own_types().values()}
    found = [_load(module, distribution) for module, distribution in points]
    claims: dict[str, set[str]] = {}
    for one in found:
        for declared in one.types.values():
            claims.setdefault(declared.name, set()).add(one.distribution)
    return tuple(_judged(one, taken, claims) for one in found)


def find(module: str) -> Announced | None:
    """An announced module with the judgement on it; none if nobody announces it."""
    if _is_foreign(module) or module not in _announced_modules(tuple(sys.path)):
        return None
    return next((one for one in announced() if one.module == module), None)


def named(name: str) -> CapabilityType | None:
    """The type of a name in the IR, the kernel's or an installed one; none if there is none.

    Installed distributions are looked at only for names that the kernel does not have.
    """
    own = next((declared for declared in own_types().values() if declared.name == name), None)
    return own if own is not None else next((found for found in _installed() if found.name == name), None)


def owner(name: str) -> str | None:
    """The distribution whose type has a name in the IR; none for the kernel's, and for names that nobody has."""
    for one in announced():
        if one.problem is None and any(declared.name == name for declared in one.types.values()):
            return one.distribution
    return None


def _installed() -> Iterator[CapabilityType]:
    for one in announced():
        if one.problem is None:
            yield from one.types.values()


@cache
def _announced_modules(_path: tuple[str, ...]) -> frozenset[str]:
    """The names of announced modules; nothing is imported. Asked for every import of a flow, so kept for each path."""
    return frozenset(point.value.partition(":")[0] for point in entry_points(group=GROUP))


def _is_foreign(module: str) -> bool:
    """Whether a module is the standard library's or the kernel's, which no distribution may announce as its own."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top == "flowlattice"


def _owner(point: object) -> str:
    distribution = getattr(point, "dist", None)
    return str(getattr(distribution, "name", None) or "an unnamed distribution")


def _load(module: str, distribution: str) -> Announced:
    if _is_foreign(module):
        problem = f"{distribution} announces {module}, which is not its own"
        return Announced(module=module, distribution=distribution, problem=problem)
    try:
        loaded = import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises is its problem, and is told
        problem = f"{module} of {distribution} cannot be imported ({type(error).__name__})"
        return Announced(module=module, distribution=distribution, problem=problem)
    return Announced(module=module, distribution=distribution, types=dict(sorted(_types_of(loaded))))


def _types_of(module: ModuleType) -> Iterator[tuple[str, CapabilityType]]:
    """The types that a module defines; one that it merely imports is another's."""
    for name, value in vars(module).items():
        declared = capability_type(value) if isinstance(value, type) and value.__module__ == module.__name__ else None
        if declared is not None and not name.startswith("_"):
            yield name, declared


def _judged(one: Announced, taken: Mapping[str, str], claims: Mapping[str, set[str]]) -> Announced:
    if one.problem is not None:
        return one
    for name, declared in one.types.items():
        others = ({taken[declared.name]} if declared.name in taken else set()) | claims[declared.name]
        others.discard(one.distribution)
        if others:
            problem = f"{one.module}.{name} calls itself {declared.name}, as {' and '.join(sorted(others))} does"
            return Announced(module=one.module, distribution=one.distribution, types=one.types, problem=problem)
    return one
