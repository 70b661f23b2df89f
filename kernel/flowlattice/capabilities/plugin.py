"""Code that runs in a confined Python process of its own, with libraries that a flow file may not import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from pydantic import JsonValue

from flowlattice.capabilities.base import Detail, Promise, capability
from flowlattice.durations import in_ms
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True, kw_only=True)
class Sandboxed(Detail):
    """Which file's functions are called, and what their process may do and use.

    Attributes:
        file: The file, relative to the flow's folder.
        network: Whether it may reach anything.
        cpu: Processor time of one call; none for the host's own bound.
        memory: The most bytes it may hold; none for the host's own bound.
        deterministic: That its functions give the same for the same, which nobody can read off them; a voucher.
    """

    file: str
    network: Literal["deny", "allow"] = "deny"
    cpu: timedelta | None = None
    memory: int | None = None
    deterministic: bool = False

    def facts(self) -> Mapping[str, JsonValue]:
        """The file and the bounds; processor time in milliseconds, memory in bytes."""
        return {
            "file": self.file,
            "network": self.network,
            "cpu_ms": in_ms(self.cpu),
            "memory_bytes": self.memory,
            "deterministic": self.deterministic,
        }


def sandboxed(
    file: str,
    *,
    network: Literal["deny", "allow"] = "deny",
    cpu: timedelta | None = None,
    memory: int | None = None,
    deterministic: bool = False,
) -> Sandboxed:
    """The file that a `PluginPython` calls and how it is confined.

    `py: Annotated[PluginPython, sandboxed("plugins/clean.py", cpu=minutes(2), deterministic=True)]`

    Args:
        file: The file with the functions, relative to the flow's folder; it is part of the flow.
        network: Whether it may reach anything.
        cpu: Processor time of one call.
        memory: The most bytes it may hold, `gib(1)`.
        deterministic: You vouch that its functions give the same for the same; the flow's IR says that you do.
    """
    return Sandboxed(file=file, network=network, cpu=cpu, memory=memory, deterministic=deterministic)


def _promise(details: Sequence[Detail]) -> Promise:
    """Pure where the network is denied, as it is unless allowed, and then strict if that is vouched for."""
    confined = next((detail for detail in details if isinstance(detail, Sandboxed)), None)
    if confined is None:
        because = "it does not say what it calls and how that is sandboxed"
        return Promise(effects=Effects.EFFECTFUL, determinism=Determinism.BEST_EFFORT, because=because)
    if confined.network == "allow":
        because = "its network is allowed"
        return Promise(effects=Effects.EFFECTFUL, determinism=Determinism.BEST_EFFORT, because=because)
    if not confined.deterministic:
        because = "nobody vouches that it is deterministic"
        return Promise(effects=Effects.PURE, determinism=Determinism.BEST_EFFORT, because=because)
    return Promise(effects=Effects.PURE, determinism=Determinism.STRICT, vouched=f"{confined.file} is deterministic")


@capability(
    "plugin.python",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    details=[Sandboxed],
    refine=_promise,
)
class PluginPython(Protocol):
    """Calling functions of a plugin file, each call in a process that can do nothing else.

    Without a `sandboxed` nothing is known of what it calls.
    """

    async def call(self, function: str, value: JsonValue) -> JsonValue:
        """What a function of the file gives for a value.

        Args:
            function: The function's name.
            value: Its one argument, as JSON.
        """
