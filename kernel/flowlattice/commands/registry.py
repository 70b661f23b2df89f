"""List, show, verify and compare what is published; deprecate or yank a version."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from flowlattice.commands._registry import key_option, registry_at, registry_option, signing_key
from flowlattice.console import Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.registry import Artefact, Registry, Verification, Version
    from flowlattice.registry.events import Kind

command = click.Group(
    "registry",
    help="List, show, verify and compare what is published; deprecate or yank a version.",
    no_args_is_help=True,
)


@verb(
    name="list",
    examples="""
    flows registry list
    flows registry list orders --json
    """,
)
@click.argument("name", required=False)
@registry_option
def list_(console: Console, name: str | None, place: str | None) -> Exit:
    """List the versions that are published, of one flow or of all, and what became of each.

    What no key that is trusted here has signed, or what was changed, is listed as untrusted; verify says why.
    """
    registry = registry_at(place)
    rows = [
        (flow, str(version), _status(registry, flow, version))
        for flow in registry.names()
        if name in (None, flow)
        for version in registry.versions(flow)
    ]
    if name is not None and not rows:
        raise UsageError(f"{name} is not published in {registry.place}; flows registry list lists what is")
    if console.json:
        console.emit([{"name": flow, "version": version, "status": status} for flow, version, status in rows])
        return Exit.OK
    for flow, version, status in rows:
        console.result(f"{flow}@{version}  {status}")
    if not rows:
        console.progress(f"nothing is published in {registry.place}; flows publish PATH publishes")
    return Exit.OK


@verb(
    name="show",
    examples="""
    flows registry show orders
    flows registry show orders@1.2.0 --json
    flows registry show orders@1.2.0 --file sbom.cdx.json
    """,
)
@click.argument("what", metavar="NAME[@VERSION]")
@click.option("--file", "file", metavar="NAME", help="Print a file of the artefact as it is.")
@registry_option
def show(console: Console, what: str, file: str | None, place: str | None) -> Exit:
    """Show a version: what was checked and decided, who signed it, its files by digest; by default the highest release.

    What is shown is whole and signed by a trusted key; whether it may be used is what flows registry verify says.
    """
    registry = registry_at(place)
    flow, version = _meant(registry, what)
    artefact = registry.artefact(flow, version)
    if file is not None:
        _print_file(artefact, file)
        return Exit.OK
    found = registry.verified(flow, version, at=datetime.now(UTC))
    if console.json:
        console.emit(_as_json(found, artefact))
        return Exit.OK
    for line in _lines(found, artefact):
        console.result(line)
    return Exit.OK


@verb(
    name="verify",
    examples="""
    flows registry verify orders
    flows registry verify orders@1.2.0 --json
    """,
)
@click.argument("what", metavar="NAME[@VERSION]")
@registry_option
def verify(console: Console, what: str, place: str | None) -> Exit:
    """Verify a version, or all versions of a flow: every byte, the signature, the checks, waivers, and that it stands.

    It ends with 1 if anything speaks against one: a byte that changed, a key that is not trusted, a check that is
    missing or failed, a waiver that expired, or that the version was yanked.
    """
    from flowlattice.registry import Unpublished, named

    registry = registry_at(place)
    flow, version = named(what)
    versions = registry.versions(flow) if version is None else [version]
    if not versions:
        raise Unpublished(f"{flow} is not published in {registry.place}; flows registry list lists what is")
    found = [registry.verified(flow, one, at=datetime.now(UTC)) for one in versions]
    if console.json:
        console.emit([_verdict(one) for one in found])
    else:
        for one in found:
            title = f"{one.flow}@{one.version}"
            signer = ", ".join(one.signers)
            console.result(f"{title} holds, signed by {signer}" if one.holds else f"{title} does not hold")
            for text in (*one.problems, *one.notes):
                console.result(f"  {text}")
    return Exit.OK if all(one.holds for one in found) else Exit.PROBLEMS


@verb(
    name="diff",
    examples="""
    flows registry diff orders@1.2.0 orders@1.3.0
    flows registry diff orders@1.2.0 orders --json
    """,
)
@click.argument("old", metavar="NAME@VERSION")
@click.argument("new", metavar="NAME[@VERSION]")
@registry_option
def diff(console: Console, old: str, new: str, place: str | None) -> Exit:
    """Say what changes in meaning from one version to another, and which version each change needs."""
    from flowlattice.ir.comparison import compare
    from flowlattice.registry.semver import level_of

    registry = registry_at(place)
    before, after = (registry.artefact(*_meant(registry, what)) for what in (old, new))
    changes = [(level_of(change), change) for change in compare(before.ir, after.ir)]
    files = sorted(n for n in {**before.sources, **after.sources} if before.sources.get(n) != after.sources.get(n))
    if console.json:
        listed: list[JsonValue] = [{"level": level, **change.model_dump(mode="json")} for level, change in changes]
        console.emit({"before": before.title, "after": after.title, "changes": listed, "files": [*files]})
        return Exit.OK
    for level, change in changes:
        console.result(f"{level:<5}  {change.text}")
    for name in files:
        console.result(f"file   {name} is not as it was")
    if not changes and not files:
        console.result("the two are the same")
    return Exit.OK


@verb(name="deprecate", examples='flows registry deprecate orders@1.2.0 --reason "use 1.3"')
@click.argument("what", metavar="NAME@VERSION")
@click.option("--reason", required=True, help="Why, for those who use it.")
@registry_option
@key_option
def deprecate(console: Console, what: str, reason: str, place: str | None, key: str | None) -> Exit:
    """Say that a version should not be used any more; it still can be. The event is signed and stays for ever."""
    return _decide(console, "deprecate", what, reason, place, key)


@verb(name="yank", examples='flows registry yank orders@1.2.0 --reason "loses orders"')
@click.argument("what", metavar="NAME@VERSION")
@click.option("--reason", required=True, help="Why, for those who use it.")
@registry_option
@key_option
def yank(console: Console, what: str, reason: str, place: str | None, key: str | None) -> Exit:
    """Withdraw a version: nobody gets it unless they name it and say that they know. The event stays for ever."""
    return _decide(console, "yank", what, reason, place, key)


for _verb in (list_, show, verify, diff, deprecate, yank):
    command.add_command(_verb)


def _status(registry: Registry, flow: str, version: Version) -> str:
    """What became of a version; `untrusted` where that cannot be told, which verify explains."""
    from flowlattice.registry import Damaged

    try:
        return registry.status(flow, version)
    except Damaged:
        return "untrusted"


def _meant(registry: Registry, what: str) -> tuple[str, Version]:
    """The flow and the version that are meant; a yanked one can be looked at where it is named."""
    from flowlattice.registry import named

    flow, version = named(what)
    return flow, registry.resolved(flow, version, yanked=True)


def _decide(  # noqa: PLR0913, PLR0917 - what is decided about what, why, where, and who signs
    console: Console, kind: Kind, what: str, reason: str, place: str | None, key: str | None
) -> Exit:
    from flowlattice.registry import named

    flow, version = named(what)
    if version is None:
        raise UsageError(f"{what}: name the version, {flow}@VERSION")
    if not reason.strip() or not reason.isprintable():
        raise UsageError("--reason: say why, on one line")
    event = registry_at(place).decide(
        kind, flow, version, reason=reason.strip(), by=getpass.getuser(), at=datetime.now(UTC), key=signing_key(key)
    )
    if console.json:
        console.emit(event)
    else:
        done = "deprecated" if kind == "deprecate" else "yanked"
        console.result(f"{flow}@{version} is {done}: {event.reason}")
    return Exit.OK


def _print_file(artefact: Artefact, name: str) -> None:
    if name not in artefact.files:
        raise UsageError(f"{artefact.title} has no file {name}; it has {', '.join(sorted(artefact.files))}")
    sys.stdout.flush()
    sys.stdout.buffer.write(artefact.files[name])


def _verdict(found: Verification) -> dict[str, JsonValue]:
    return {
        "name": found.flow,
        "version": found.version,
        "holds": found.holds,
        "status": found.status,
        "problems": [*found.problems],
        "notes": [*found.notes],
        "signers": [*found.signers],
    }


def _as_json(found: Verification, artefact: Artefact) -> dict[str, JsonValue]:
    files: dict[str, JsonValue] = {name: sha256(c).hexdigest() for name, c in sorted(artefact.files.items())}
    events: list[JsonValue] = [event.model_dump(mode="json") for event in found.events]
    attestation = artefact.attestation.model_dump(mode="json")
    return {**_verdict(found), "attestation": attestation, "files": files, "events": events}


def _lines(found: Verification, artefact: Artefact) -> Iterator[str]:
    said = artefact.attestation
    yield f"{artefact.title}  {said.profile}  {found.status}{'' if found.holds else '  DOES NOT HOLD'}"
    yield from (f"  ! {problem}" for problem in found.problems)
    yield from (f"  {note}" for note in found.notes)
    made = said.provenance
    yield f"  published {said.at:%Y-%m-%d %H:%M} UTC with flowlattice {made.flowlattice} on Python {made.python}"
    yield from (f"  of the commit {commit}" for commit in (made.revision,) if commit)
    yield f"  signed by {', '.join(found.signers)}"
    yield f"  sources {said.source_digest}"
    yield f"  certificate {said.certificate.digest}"
    yield from (f"    {name}: {verdict}" for name, verdict in sorted(said.certificate.checks.items()))
    yield f"  decision {said.decision.digest} for {said.decision.environment}"
    yield from (
        f"    waiver {w.id} of {w.policy} by {w.owner} until {w.expires:%Y-%m-%d}" for w in said.decision.waivers
    )
    yield f"  {len(artefact.files)} files"
    yield from (f"    {sha256(content).hexdigest()}  {name}" for name, content in sorted(artefact.files.items()))
    yield from (f"  {e.at:%Y-%m-%d} {e.kind} by {e.by}: {e.reason}" for e in found.events)
