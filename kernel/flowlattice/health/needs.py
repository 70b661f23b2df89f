"""What a flow needs of its surroundings, one line a binding, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowlattice.bindings.entries import Entry, LocalEntry, SecretEntry
from flowlattice.bindings.file import BINDINGS_FILE, EnvironmentText
from flowlattice.bindings.serving import is_served
from flowlattice.check.finding import printable
from flowlattice.health.finding import Finding, Status
from flowlattice.health.ledger import BUDGET, ledger
from flowlattice.health.models import language_models
from flowlattice.health.reach import connections, storage, without_value
from flowlattice.ir.bindings import VARIABLES, capability_backends, common, table, trigger_backends, trigger_words
from flowlattice.ir.ceilings import flow_budget
from flowlattice.ir.model import AiBudget, CapabilityUse, FlowIR, Node

_HERE: Final = frozenset({"web", "dev"})
_ELSEWHERE: Final = "the flow can be checked and planned; it cannot run here"
_APART: Final = "give one of them another name: each needs a backend of another kind"


@dataclass(frozen=True)
class Need:
    """A binding and all that the nodes and triggers of a flow ask of it.

    Attributes:
        binding: Its name.
        uses: The capabilities that nodes ask for under it.
        triggers: The triggers that are bound to it.
        unpriced: Models whose use money bounds, and of which the flow does not say what they cost.
    """

    binding: str
    uses: tuple[CapabilityUse, ...] = ()
    triggers: tuple[Node, ...] = ()
    unpriced: tuple[str, ...] = ()

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
        return common(self._kinds)

    @property
    def is_own(self) -> bool:
        """Whether the host itself serves it, so that nothing has to be bound."""
        return not any(self._kinds)

    @property
    def said(self) -> str:
        """What is needed, in words."""
        to = f" to {', '.join(self.hosts)}" if self.hosts else ""
        scopes = f" with {', '.join(self.scopes)}" if self.scopes else ""
        asked = f"{', '.join(self.names)}{to}{scopes}" if self.uses else ""
        started = (f"{trigger_words(node)} of {_of(node)}" for node in self.triggers)
        return printable(", ".join(filter(None, [asked, *started])))

    @property
    def _kinds(self) -> list[tuple[str, ...]]:
        return [*map(capability_backends, self.names), *map(trigger_backends, self.triggers)]

    def is_served(self, backend: str | None) -> bool:
        """Whether a host that runs in this process serves all of it on a kind of backend, none for whichever it is."""
        return not self.triggers and all(is_served(name, backend) for name in self.names)


def needs(flow: FlowIR) -> tuple[Need, ...]:
    """What a flow's nodes and triggers ask for, in their order, and then the stores that its edges spill to."""
    uses: dict[str, list[CapabilityUse]] = {}
    triggers: dict[str, list[Node]] = {}
    spills = [edge.buffer.spill_blob for edge in flow.edges if edge.buffer.spill_blob is not None]
    for node in flow.nodes:
        if trigger_backends(node):
            triggers.setdefault(node.name, []).append(node)
            uses.setdefault(node.name, [])
        for use in node.capabilities:
            uses.setdefault(use.binding, []).append(use)
    for blob in spills:
        uses.setdefault(blob, []).append(CapabilityUse(name="blob.write", binding=blob))
    return tuple(
        Need(name, tuple(asked), tuple(triggers.get(name, ())), tuple(_unpriced(flow, name)))
        for name, asked in uses.items()
    )


def _unpriced(flow: FlowIR, binding: str) -> Iterator[str]:
    whole = flow_budget(flow) or AiBudget()
    for node in flow.nodes:
        own = None if node.ai is None else node.ai.budget or AiBudget()
        if own is None or not any(
            (own.usd_per_day, own.usd_per_run, own.usd_per_tenant_day, whole.usd_per_day, whole.usd_per_run)
        ):
            continue
        for use in node.capabilities:
            if use.binding == binding and use.name == "ai.read" and use.facts.get("usd_per_million") is None:
                yield str(use.facts.get("model") or "")


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
        if not all(is_served(name, None) for name in need.names):
            text = f"{need.said}: no host that runs in this process serves it"
            yield _found(need, unserved, text, _ELSEWHERE)
        elif need.names == (BUDGET,) and environment is not None:
            yield _found(need, *ledger(environment, base, connect=connect))
        elif need.is_own:
            yield _found(need, "ok", f"{need.said}: the host's own")
        elif environment is None:
            text = f"{need.said}: {'a local double stands in' if need.uses else 'bound to nothing'}"
            remedy = f"bind it in {BINDINGS_FILE} and name the environment with --env"
            yield _found(need, "warn", text, remedy if need.backends else _APART)
        else:
            yield _bound(need, environment, base, unserved, connect=connect)
    if environment is not None and flow_budget(flow) is not None and not any(node.uses(BUDGET) for node in flow.nodes):
        yield _found(Need(BUDGET), *ledger(environment, base, connect=connect))


def _bound(need: Need, environment: EnvironmentText, base: Path, unserved: Status, *, connect: bool) -> Finding:
    entry, where = environment.entries.get(need.binding), table(environment.name, need.binding)
    if need.binding == VARIABLES:
        text = f"{need.said}: cannot be bound, for {VARIABLES} is the table of variables"
        return _found(need, "fail", text, "give it another name")
    if not need.backends:
        return _found(need, "fail", f"{need.said}: no one backend serves all of it", _APART)
    if entry is None or (not isinstance(entry, LocalEntry) and entry.backend not in need.backends):
        text = f"{need.said}: {'not bound' if entry is None else f'bound to {entry.backend}'} in {environment.name}"
        return _found(need, "fail", text, f'add {where} with backend = "{need.backends[0]}" to {BINDINGS_FILE}')
    if isinstance(entry, LocalEntry):
        local = "a local double" if need.uses else "nothing comes in by it"
        return _found(need, "warn", f"{need.said}: {local}, as {where} asks for", entry=entry)
    fault = _fault(need, entry, base, connect=connect)
    if fault is not None:
        said, remedy = fault
        return _found(need, "fail", f"{need.said}: on {entry.backend}, but {said}", remedy, entry)
    if not need.is_served(entry.backend):
        text = f"{need.said}: on {entry.backend}, but no host that runs in this process serves it there"
        remedy = _ELSEWHERE if need.triggers else 'backend = "local" stands in for it here'
        return _found(need, unserved, text, remedy, entry)
    return _found(need, "ok", f"{need.said}: on {entry.backend}", entry=entry)


def _found(need: Need, status: Status, text: str, remedy: str | None = None, entry: Entry | None = None) -> Finding:
    """A finding about a need, with the facts by name; what there is none of is left out."""
    facts = {
        "capabilities": ", ".join(need.names),
        "triggers": ", ".join(map(trigger_words, need.triggers)),
        "hosts": ", ".join(need.hosts),
        "scopes": ", ".join(need.scopes),
        "backends": ", ".join(need.backends),
        "backend": "" if entry is None else entry.backend,
        "region": "" if entry is None else entry.region or "",
    }
    details = {name: value for name, value in facts.items() if value}
    return Finding(name=printable(need.binding), status=status, text=text, remedy=remedy, details=details)


def _fault(need: Need, entry: Entry, base: Path, *, connect: bool) -> tuple[str, str] | None:
    """What is wrong with what a binding is bound to, and what helps."""
    return (
        without_value(entry)
        or _without_scope(need, entry)
        or language_models(entry, need.unpriced)
        or storage(entry, need.names, base)
        or (connections(entry, need.hosts) if connect else None)
    )


def _without_scope(need: Need, entry: Entry) -> tuple[str, str] | None:
    if not isinstance(entry, SecretEntry) or entry.scopes is None:
        return None
    lacking = [scope for scope in need.scopes if scope not in entry.scopes]
    return (f"it lacks {', '.join(lacking)}", "have the provider grant it, and list it in scopes") if lacking else None


def _of(trigger: Node) -> str:
    """What a trigger listens to."""
    given = trigger.trigger
    return "" if given is None else given.topic or given.prefix or ""
