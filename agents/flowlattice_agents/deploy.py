"""Deploy: asks for approval of what was certified, records it, probes it on the web host, and makes it current.

`review` asks and has no side effect before the answer. `deploy` may be repeated after a crash: the person's folder,
the deployment record and the probe end up the same.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import cast

from langgraph.types import interrupt
from pydantic import JsonValue, TypeAdapter

from flowlattice.certify import Certificate, Check, Sample
from flowlattice.deployments import (
    LOCAL,
    Approval,
    DeployedElsewhere,
    Deployments,
    NotVerified,
    approved_digest,
    attested_part,
)
from flowlattice.errors import EngineUnavailable
from flowlattice.evidence import Evidence
from flowlattice.hosts.process import ServedFlow
from flowlattice.ir.comparison import Change, compare
from flowlattice.ir.digest import digest_of
from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision
from flowlattice_agents.decisions import waived
from flowlattice_agents.deployed import Deployed
from flowlattice_agents.editing import EditBase, demanded_of
from flowlattice_agents.errors import WorkspaceError
from flowlattice_agents.obligations import EXAMPLES, base_source
from flowlattice_agents.review import Impact, Review, Revision, code_changes, example_changes, named
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import CERTIFICATE_FILE, FLOW_FILE, SPEC_FILE, Workbench, needed
from flowlattice_agents.workspace import check_publishable, publish

PROBING_S = 30.0
IMPACTS: TypeAdapter[tuple[Impact, ...]] = TypeAdapter(tuple[Impact, ...])


@dataclass(frozen=True)
class Deployer:
    """From a certificate to a live endpoint."""

    bench: Workbench

    def review(self, state: RunState) -> RunState:
        """Ask a person to approve; the approval names the digest of everything that was looked at."""
        review = self._review(state)
        given = cast(dict[str, JsonValue], interrupt(review.model_dump(mode="json")))
        if isinstance(given.get("revise"), dict):
            return self._sent_back(given)
        if not given.get("approved"):
            self.bench.progress.say("deploy", "stopped", "is not approved; nothing was deployed")
            reason = str(given.get("comment") or "the deployment was not approved")
            return {"outcome": "blocked", "reason": reason, "revision_digest": None}
        digest = review.digest
        by = str(given.get("by"))
        comment = f": {given['comment']}" if given.get("comment") else ""
        self.bench.progress.say("deploy", "note", f"approved by {by}: {named(review)}{comment}")
        approval = Approval(
            digest=digest,
            approved_by=by,
            at=datetime.fromisoformat(str(given["at"])),
            run=self.bench.store.run,
            parts=parts_of(state, self.bench),
        )
        return {"approval_digest": self.bench.store.put_json(approval), "revision_digest": None}

    def _review(self, state: RunState) -> Review:
        store = self.bench.store
        ir, certificate = store.model(FlowIR, needed(state, "ir_digest")), self._certificate(state)
        was, broken = state.get("before_ir_digest"), state.get("broken_digest")
        before, after = base_source(state, self.bench), self.bench.workspace.files().get(FLOW_FILE, "")
        changes = [
            *self._demands(state),
            *compare(None if was is None else store.model(FlowIR, was), ir),
            *code_changes(before, after),
        ]
        digest = approved_digest(parts_of(state, self.bench))
        decision = store.model(Decision, needed(state, "policy_digest"))
        return Review(
            text=f"Approve {ir.name} {ir.version} for deployment?",
            digest=digest,
            sources=needed(state, "source_digest"),
            diff=self._diff(state),
            before=before,
            after=after,
            meaning=tuple(change.text for change in changes),
            changes=tuple(changes),
            certificate=tuple(_said(check) for check in certificate.checks),
            impacts=self._impacts(state),
            waivers=tuple(waived(decision)),
            broken=cast(tuple[str, ...], store.json(broken)) if broken else (),
        )

    def _impacts(self, state: RunState) -> tuple[Impact, ...]:
        kept = state.get("impacts_digest")
        return IMPACTS.validate_json(self.bench.store.text(kept)) if kept else ()

    def _demands(self, state: RunState) -> Iterator[Change]:
        """What the flow had to answer before it was changed and has to no more."""
        edited, agreed = state.get("edit_digest"), state.get("spec_digest")
        was = demanded_of(self.bench.store.model(EditBase, edited)) if edited else ()
        if agreed:
            yield from example_changes(was, self.bench.store.model(FlowSpec, agreed).examples)
        elif given := state.get("examples_digest"):
            yield from example_changes(was, EXAMPLES.validate_json(self.bench.store.text(given)))

    def _sent_back(self, given: dict[str, JsonValue]) -> RunState:
        revise = cast(dict[str, JsonValue], given["revise"])
        revision = Revision.model_validate({**revise, "by": given.get("by", ""), "at": given.get("at", "")})
        self.bench.progress.say(
            "deploy", "note", f"sent back by {revision.by}: {len(revision.rejected)} hunks rejected"
        )
        return {"revision_digest": self.bench.store.put_json(revision), "broken_digest": None}

    def deploy(self, state: RunState) -> RunState:
        """Record the deployment, probe it, and write the accepted files into the person's folder."""
        store, progress = self.bench.store, self.bench.progress
        approval = store.model(Approval, needed(state, "approval_digest"))
        is_same = approval.has(_kept(state, self.bench)) and approval.has(parts_of(state, self.bench))
        if not is_same:
            progress.say("deploy", "stopped", "refuses: what was approved has changed since")
            return {"outcome": "blocked", "reason": "the approval is void: what was approved has changed since"}
        sources = self.bench.workspace.files()
        if digest_of({FLOW_FILE: sources.get(FLOW_FILE, "")}) != needed(state, "source_digest"):
            progress.say("deploy", "stopped", "refuses: the sources are not those that were approved")
            return {"outcome": "blocked", "reason": "the approval is void: the workspace's sources have changed since"}
        ir = store.model(FlowIR, needed(state, "ir_digest"))
        files = {**sources, CERTIFICATE_FILE: store.text(needed(state, "certificate_digest")) + "\n"}
        target, found = self.bench.target_for(state.get("named") or ir.name), self._found(state)
        stale = tuple(name for name in (SPEC_FILE,) if name not in files and found.get(name) is not None)
        try:
            check_publishable(files, target, expected=found, removed=stale)
            update = self._go_live(state, ir, approval)
            if update["outcome"] == "deployed":
                publish(files, target, expected=found, removed=stale)
                update |= {"flow_path": str(target / FLOW_FILE), "removed": list(stale)}
        except WorkspaceError as error:
            progress.say("deploy", "stopped", f"stops: {error}")
            return {"outcome": "failed", "reason": str(error)}
        except NotVerified as error:
            progress.say("deploy", "stopped", f"refuses: {error}")
            return {"outcome": "blocked", "reason": str(error)}
        except DeployedElsewhere as error:
            publish(files, target, expected=found, removed=stale)
            reason = f"it is deployed in {error.environment}; put it there with: {_by_hand(target, error)}"
            progress.say("deploy", "finished", f"leaves {ir.name} as it is deployed: {reason}")
            return {"outcome": "certified", "reason": reason, "flow_path": str(target / FLOW_FILE), "removed": [*stale]}
        return update

    def _go_live(self, state: RunState, ir: FlowIR, approval: Approval) -> RunState:
        """Record the deployment and probe it; take it back if it does not answer as it was certified to."""
        progress, certificate = self.bench.progress, self._certificate(state)
        deployments = Deployments(self.bench.home)
        recorded = deployments.record(
            name=ir.name,
            source_folder=self.bench.workspace.folder,
            digest=needed(state, "source_digest"),
            profile=ir.profile,
            environment=self.bench.environment,
            approval=approval,
            attestation=evidence_of(state, self.bench).signed(approval, self.bench.home),
            run=self.bench.store.run,
        )
        if recorded.state == "withdrawn":
            return self._taken_back(ir)
        url, failure = self._probed(deployments.folder(recorded), ir.name, certificate)
        if failure is not None:
            deployments.withdraw(recorded)
            progress.say("deploy", "stopped", f"fails its probe: {failure}; withdrawn")
            return {"outcome": "failed", "reason": f"probe failed: {failure}"}
        deployment = deployments.activate(recorded)
        if deployment.state == "withdrawn":
            return self._taken_back(ir)
        sample = certificate.samples[0] if certificate.samples else None
        deployed = Deployed(
            name=ir.name,
            digest=deployment.digest,
            url=url,
            probes=len(certificate.samples),
            sample=sample,
            doubles=_doubles(ir) if self.bench.environment == LOCAL else (),
        )
        progress.say("deploy", "finished", f"is live: {len(certificate.samples)} probes answered as certified")
        superseded = deployment.state == "superseded"
        return {
            "outcome": "deployed",
            "reason": f"a later deployment of {ir.name} has taken its place since" if superseded else None,
            "deployment_digest": self.bench.store.put_json(deployed),
        }

    def _taken_back(self, ir: FlowIR) -> RunState:
        reason = f"the deployment of {ir.name} was rolled back since; start a new run to deploy it again"
        self.bench.progress.say("deploy", "stopped", reason)
        return {"outcome": "blocked", "reason": reason}

    def _probed(self, folder: Path, name: str, certificate: Certificate) -> tuple[str, str | None]:
        """The URL it was served at, and what was wrong; none if nothing was."""
        until = time.monotonic() + PROBING_S
        try:
            with ServedFlow(folder) as served:
                self.bench.progress.say("deploy", "note", f"serves {name} at {served.url}")
                failures = (line for sample in certificate.samples for line in probe(served, sample, until))
                return served.url, next(failures, None)
        except EngineUnavailable as error:
            return "", str(error)

    def _certificate(self, state: RunState) -> Certificate:
        return self.bench.store.model(Certificate, needed(state, "certificate_digest"))

    def _diff(self, state: RunState) -> str:
        digest = state.get("base_digest")
        before = self.bench.store.text(digest) if digest else None
        return self.bench.workspace.diff({FLOW_FILE: before} if before else {}, only=FLOW_FILE)

    def _found(self, state: RunState) -> dict[str, str | None]:
        """What the person's folder held when the run began."""
        return cast(dict[str, str | None], self.bench.store.json(needed(state, "found_digest")))


def _said(check: Check) -> str:
    """What a check found, and what of it is carried over."""
    return f"{check.name}: {check.summary}" + (f" ({check.carried})" if check.carried else "")


def _by_hand(folder: Path, elsewhere: DeployedElsewhere) -> str:
    return f"flows deploy {shlex.quote(str(folder))} --env {shlex.quote(elsewhere.environment)} --approve"


def probe(served: ServedFlow, sample: Sample, until: float) -> Iterator[str]:
    """Send a certified sample to the live host; what is different from the certified answer.

    Args:
        served: The live host.
        sample: The sample.
        until: When to stop trying again after a 429, on the monotonic clock in seconds.
    """
    status, answer = _answered(served, sample, until)
    if status != sample.status:
        yield f"{sample.method} {sample.target} answers {status}, certified was {sample.status}"
    elif sample.repeats and answer != sample.answer:
        yield f"{sample.method} {sample.target} answers another body than the certified one"


def _answered(served: ServedFlow, sample: Sample, until: float) -> tuple[int, str]:
    """The answer to a sample; a flow may have more routes than its rate limit lets in at once."""
    while True:
        status, headers, text = served.exchange(
            sample.method, sample.target, body=sample.body, content_type=sample.content_type, headers=sample.headers
        )
        told = str(headers.get("retry-after", ""))
        wait = int(told) if told.isdecimal() else 1
        is_limited = status == HTTPStatus.TOO_MANY_REQUESTS != sample.status
        if not is_limited or time.monotonic() + wait > until:
            return status, text
        time.sleep(wait)


def parts_of(state: RunState, bench: Workbench) -> dict[str, str]:
    """Everything an approval is bound to: digests of source, IR, certificate, policy decision and budget, and where.

    They are digests in the run's store; one more is of what is attested, which the approval of every deployment has.
    """
    return {**_kept(state, bench), **attested_part(evidence_of(state, bench).attestation())}


def _kept(state: RunState, bench: Workbench) -> dict[str, str]:
    keys = ("source_digest", "ir_digest", "certificate_digest", "policy_digest", "budget_digest")
    return {**{key: needed(state, key) for key in keys}, "environment": bench.environment}


def evidence_of(state: RunState, bench: Workbench) -> Evidence:
    """What speaks for the flow of a run."""
    return Evidence(
        ir=bench.store.model(FlowIR, needed(state, "ir_digest")),
        source_digest=needed(state, "source_digest"),
        certificate=bench.store.model(Certificate, needed(state, "certificate_digest")),
        decision=bench.store.model(Decision, needed(state, "policy_digest")),
        builder="flows author",
    )


def _doubles(ir: FlowIR) -> tuple[str, ...]:
    """The bindings that would reach other hosts, were they not local doubles."""
    uses = {f"{use.binding} ({use.name})" for node in ir.nodes for use in node.capabilities if use.egress}
    return tuple(sorted(uses))
