"""What a flow needs of its surroundings, one line a binding, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowlattice.bindings.entries import BaseEntry, Entry, LocalEntry, SecretEntry
from flowlattice.bindings.file import BINDINGS_FILE, EnvironmentText
from flowlattice.bindings.serving import is_served
from flowlattice.capabilities import registry
from flowlattice.health.finding import Finding, Status
from flowlattice.health.reach import connections, storage
from flowlattice.ir.model import CapabilityUse, FlowIR

_HERE: Final = frozenset({"web", "dev"})


@dataclass(frozen=True)
class Need:
    """A binding and all that the nodes of a flow ask of it."""

    binding: str
    uses: tuple[CapabilityUse, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The capabilities, sorted."""
        return tuple(sorted({use.name for use in self.uses}))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it may reach, sorted."""
        return tuple(sorted({host for use in self.uses for host in use.egress}))

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that a credential has to have, sorted."""
        return tuple(sorted({scope for use in self.uses for scope in use.scopes}))

    @property
    def backends(self) -> tuple[str, ...]:
        """The kinds of backend that serve all of it; none where the host itself does."""
        kinds = [declared.backends for name in self.names if (declared := registry.named(name)) is not None]
        return tuple(kind for kind in kinds[0] if all(kind in others for others in kinds)) if kinds else ()

    @property
    def said(self) -> str:
        """What is needed, in words."""
        to = f" to {', '.join(self.hosts)}" if self.hosts else ""
        scopes = f" with {', '.join(self.scopes)}" if self.scopes else ""
        return f"{', '.join(self.names)}{to}{scopes}"


def needs(flow: FlowIR) -> tuple[Need, ...]:
    """What a flow's nodes ask for, in the order they ask, and then the stores that its edges spill to."""
    found: dict[str, list[CapabilityUse]] = {}
    spills = [edge.buffer.spill_blob for edge in flow.edges if edge.buffer.spill_blob is not None]
    for use in [
        *(use for node in flow.nodes for use in node.capabilities),
        *(CapabilityUse(name="blob.write", binding=blob) for blob in spills),
    ]:
        found.setdefault(use.binding, []).append(use)
    return tuple(Need(binding, tuple(uses)) for binding, uses in found.items())


def met(flow: FlowIR, environment: EnvironmentText | None, base: Path, *, connect: bool = False) -> Iterator[Finding]:
    """Whether what a flow needs is there.

    Args:
        flow: The flow.
        environment: What binds it; none for local doubles.
        base: The folder that paths in the environment start from.
        connect: Whether to try to connect to servers; otherwise nothing leaves this machine.
    """
    # What this process does not serve is missing for a flow that runs here, and another host's for the others.
    unserved: Status = "fail" if flow.profile in _HERE else "warn"
    for need in needs(flow):
        details = _details(need)
        if not all(is_served(name, None) for name in need.names):
            remedy = "the flow can be checked and planned; it cannot run here"
            text = f"{need.said}: no host that runs in this process serves it"
            yield Finding(name=need.binding, status=unserved, text=text, remedy=remedy, details=details)
        elif not need.backends:
            yield Finding(name=need.binding, status="ok", text=f"{need.said}: the host's own", details=details)
        elif environment is None:
            remedy = f"bind it in {BINDINGS_FILE} and name the environment with --env"
            text = f"{need.said}: a local double stands in"
            yield Finding(name=need.binding, status="warn", text=text, remedy=remedy, details=details)
        else:
            yield _bound(need, environment, base, unserved, connect=connect)


def _bound(need: Need, environment: EnvironmentText, base: Path, unserved: Status, *, connect: bool) -> Finding:
    entry, details = environment.entries.get(need.binding), _details(need)
    where = f"[{environment.name}.{need.binding}]"
    if entry is None or (not isinstance(entry, LocalEntry) and entry.backend not in need.backends):
        text = f"{need.said}: {'not bound' if entry is None else f'bound to {entry.backend}'} in {environment.name}"
        remedy = f'add {where} with backend = "{need.backends[0]}" to {BINDINGS_FILE}'
        return Finding(name=need.binding, status="fail", text=text, remedy=remedy, details=details)
    details = {**details, "backend": entry.backend, **({"region": entry.region} if entry.region else {})}
    if isinstance(entry, LocalEntry):
        text = f"{need.said}: a local double, as {where} asks for"
        return Finding(name=need.binding, status="warn", text=text, details=details)
    fault = _fault(need, entry, base, connect=connect)
    if fault is None and not all(is_served(name, entry.backend) for name in need.names):
        text = f"{need.said}: on {entry.backend}, but no host that runs in this process serves it there"
        remedy = 'backend = "local" stands in for it here'
        return Finding(name=need.binding, status=unserved, text=text, remedy=remedy, details=details)
    if fault is None:
        return Finding(name=need.binding, status="ok", text=f"{need.said}: on {entry.backend}", details=details)
    said, remedy = fault
    text = f"{need.said}: on {entry.backend}, but {said}"
    return Finding(name=need.binding, status="fail", text=text, remedy=remedy, details=details)


def _fault(need: Need, entry: Entry, base: Path, *, connect: bool) -> tuple[str, str] | None:
    """What is wrong with what a binding is bound to, and what helps."""
    return (
        _without_value(entry)
        or _without_scope(need, entry)
        or storage(entry, need.names, base)
        or (connections(entry, need.hosts) if connect else None)
    )


def _without_value(entry: BaseEntry) -> tuple[str, str] | None:
    missing = [source.name for source in entry.references().values() if not source.is_there()]
    if not missing:
        return None
    ways = [f"put it into {name}" if name.startswith("/") else f"set the variable {name}" for name in missing]
    return f"{', '.join(missing)} has no value", "; ".join(ways)


def _without_scope(need: Need, entry: Entry) -> tuple[str, str] | None:
    if not isinstance(entry, SecretEntry) or entry.scopes is None:
        return None
    lacking = [scope for scope in need.scopes if scope not in entry.scopes]
    return (f"it lacks {', '.join(lacking)}", "have the provider grant it, and list it in scopes") if lacking else None


def _details(need: Need) -> dict[str, str]:
    """The facts by name; what there is none of is left out."""
    facts = {
        "capabilities": need.names,
        "hosts": need.hosts,
        "scopes": need.scopes,
        "backends": need.backends,
    }
    return {name: ", ".join(values) for name, values in facts.items() if values}
