"""Publish a certified flow or connector: one version, once and for ever, with the evidence for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from flowlattice.commands._evidence import gathered, given_at
from flowlattice.commands._registry import key_option, registry_at, registry_option, signing_key
from flowlattice.console import PATH, Console, Exit, verb

if TYPE_CHECKING:
    from flowlattice.evidence import Evidence
    from flowlattice.registry import Artefact, Registry


@verb(
    examples="""
    flows publish orders/
    flows publish orders/ --env production --allow-hosts hosts.yaml
    flows publish connectors/stripe.py --registry /srv/registry --key release
    """
)
@click.argument("path", type=PATH)
@registry_option
@click.option("--env", "environment", help="Environment of bindings.toml that the policies decide for.")
@click.option("--allow-hosts", type=PATH, help="YAML list of the hosts that the organisation allows.")
@key_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    path: Path,
    place: str | None,
    environment: str | None,
    allow_hosts: Path | None,
    key: str | None,
) -> Exit:
    """Check and certify a flow, ask the policies, and put this version of it into the registry.

    What is put in are the sources, the IR, the schemas, the certificate, the policies' decision, a bill of materials
    (CycloneDX) and where it all came from, under one signed statement. A version is put in once; it has to say how
    much changed since the one before. Publishing the same sources again changes nothing.
    """
    from flowlattice.ir.build import build
    from flowlattice.ir.digest import source_files
    from flowlattice.registry import Version, artefact_of, revision_of

    signer, registry = signing_key(key), registry_at(place)
    given = given_at(path, environment)
    built = build(given.file)
    flow = built.ir
    if flow is not None and registry.published(flow, given.digest):  # said before anything is run
        known = registry.artefact(flow.name, Version(flow.version))
        found = registry.verified(flow.name, Version(flow.version), at=datetime.now(UTC))
        for problem in found.problems:
            console.warn(f"{known.title} does not hold any more: {problem}")
        said = _said(console, registry, known, is_new=False)
        return Exit.PROBLEMS if found.problems else said
    evidence = gathered(console, given, allow_hosts, "published", built=built)
    if evidence is None:
        return Exit.PROBLEMS
    if evidence.certificate.open_lines:
        return _unready(console, path, evidence)
    sources, now = source_files(given.file), datetime.now(UTC)
    artefact = artefact_of(evidence, sources, at=now, revision=revision_of(given.file.parent, sources))
    is_new = registry.publish(artefact, signer, at=now)
    return _said(console, registry, artefact, is_new=is_new)


def _unready(console: Console, path: Path, evidence: Evidence) -> Exit:
    """Say which lines of the checklists are open."""
    lines = evidence.certificate.open_lines
    if console.json:
        console.emit({"published": False, "open": [line.model_dump(mode="json") for line in lines]})
    for line in lines:
        console.progress(f"{evidence.ir.name}: open: {line.title}: {line.evidence}")
    console.progress(f"not published; flows certify {path} shows both checklists")
    return Exit.PROBLEMS


def _said(console: Console, registry: Registry, artefact: Artefact, *, is_new: bool) -> Exit:
    said = artefact.attestation
    if console.json:
        digests: dict[str, JsonValue] = {"source_digest": said.source_digest, "certificate": said.certificate.digest}
        console.emit({"name": said.flow, "version": said.version, "new": is_new, "registry": registry.place, **digests})
        return Exit.OK
    what = "is published" if is_new else "was published before, of the same sources"
    console.result(f"{artefact.title} {what}: {len(artefact.files)} files in {registry.place}")
    if is_new:
        console.progress(f"flows registry verify {artefact.title} verifies it")
    return Exit.OK
