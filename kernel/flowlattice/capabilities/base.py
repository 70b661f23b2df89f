"""What a capability type is: a protocol that states, once, what using it does to a node's promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flowlattice.lattice import Determinism, Effects

T = TypeVar("T", bound=type)

_ATTRIBUTE = "__flowlattice_capability__"


@dataclass(frozen=True, kw_only=True)
class CapabilityType:
    """The one statement of a capability type.

    Attributes:
        name: Its name in the IR, `http.write`.
        effects: What asking for it makes of a node.
        determinism: What asking for it makes of a node.
        networked: Whether it reaches hosts, which the flow then has to declare.
    """

    name: str
    effects: Effects
    determinism: Determinism
    networked: bool = False


def capability(name: str, *, effects: Effects, determinism: Determinism, networked: bool = False) -> Callable[[T], T]:
    """Declare a protocol as a capability type that nodes ask for by annotation."""

    def declare(protocol: T) -> T:
        setattr(
            protocol,
            _ATTRIBUTE,
            CapabilityType(name=name, effects=effects, determinism=determinism, networked=networked),
        )
        return protocol

    return declare


def capability_type(annotation: object) -> CapabilityType | None:
    """The statement of a capability type, or none if the annotation is not one."""
    declared = getattr(annotation, _ATTRIBUTE, None)
    return declared if isinstance(declared, CapabilityType) else None
