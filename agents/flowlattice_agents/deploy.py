"""Deploy: asks for approval of what was certified, puts it on the web host, probes it, rolls back if a probe fails.

`review` asks and has no side effect before the answer. `deploy` may be repeated after a crash: the person's folder,
the deployment record and the probe end up the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from langgraph.types import interrupt
from pydantic import JsonValue

from flowlattice.certify import Certificate, Sample
from flowlattice.deployments import Approval, Deployments, approved_digest
from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.process import ServedFlow
from flowlattice.ir.digest import digest_of
from flowlattice.ir.model import FlowIR
from flowlattice_agents.deployed import Deployed
from flowlattice_agents.errors import WorkspaceError
from flowlattice_agents.meaning import meaning_of
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import CERTIFICATE_FILE, FLOW_FILE, Workbench, needed
from flowlattice_agents.workspace import check_publishable, publish


@dataclass(frozen=True)
class Deployer:
    """From a certificate to a live endpoint."""

    bench: Workbench

    def review(self, state: RunState) -> RunState:
        """Ask a person to approve; the approval names the digest of everything that was looked at."""
        digest = approved_digest(parts_of(state))
        ir = self.bench.store.model(FlowIR, needed(state, "ir_digest"))
        certificate = self._certificate(state)
        decision = interrupt(
            {
                "kind": "approval",
                "text": f"Approve {ir.name} {ir.version} ({digest[:12]}) for deployment?",
                "digest": digest,
                "diff": self._diff(state),
                "meaning": list(meaning_of(ir)),
                "certificate": [f"{check.name}: {check.summary}" for check in certificate.checks],
            }
        )
        given = cast(dict[str, JsonValue], decision)
        if not given.get("approved"):
            self.bench.progress.say("deploy", "stopped", "is not approved; nothing was deployed")
            reason = str(given.get("comment") or "the deployment was not approved")
            return {"outcome": "blocked", "reason": reason}
        by = str(given.get("by"))
        self.bench.progress.say("deploy", "note", f"approved by {by}: digest {digest[:12]}")
        approval = Approval(
            digest=digest,
            approved_by=by,
            at=datetime.fromisoformat(str(given["at"])),
            run=self.bench.store.run,
            parts=parts_of(state),
        )
        return {"approval_digest": self.bench.store.put_json(approval)}

    def deploy(self, state: RunState) -> RunState:
        """Record the deployment, probe it, and write the accepted files into the person's folder."""
        store, progress = self.bench.store, self.bench.progress
        approval = store.model(Approval, needed(state, "approval_digest"))
        if approval.digest != approved_digest(parts_of(state)):
            progress.say("deploy", "stopped", "refuses: what was approved has changed since")
            return {"outcome": "blocked", "reason": "the approval is void: what was approved has changed since"}
        sources = self.bench.workspace.files()
        if digest_of({FLOW_FILE: sources.get(FLOW_FILE, "")}) != needed(state, "source_digest"):
            progress.say("deploy", "stopped", "refuses: the sources are not those that were approved")
            return {"outcome": "blocked", "reason": "the approval is void: the workspace's sources have changed since"}
        ir = store.model(FlowIR, needed(state, "ir_digest"))
        files = {**sources, CERTIFICATE_FILE: store.text(needed(state, "certificate_digest")) + "\n"}
        target, found = self.bench.target_for(ir.name), self._found(state)
        try:
            check_publishable(files, target, expected=found)
            update = self._go_live(state, ir, approval)
            if update["outcome"] == "deployed":
                publish(files, target, expected=found)
                update["flow_path"] = str(target / FLOW_FILE)
        except WorkspaceError as error:
            progress.say("deploy", "stopped", f"stops: {error}")
            return {"outcome": "failed", "reason": str(error)}
        return update

    def _go_live(self, state: RunState, ir: FlowIR, approval: Approval) -> RunState:
        """Record the deployment and probe it; take it back if it does not answer as it was certified to."""
        progress, certificate = self.bench.progress, self._certificate(state)
        deployments = Deployments(self.bench.home)
        deployment = deployments.record(
            name=ir.name,
            source_folder=self.bench.workspace.folder,
            digest=needed(state, "source_digest"),
            profile=ir.profile,
            environment=self.bench.environment,
            approval=approval,
        )
        url, failure = self._probed(deployments.folder(deployment), ir.name, certificate)
        if failure is not None:
            previous = deployments.rollback(ir.name)
            back = f"; rolled back to {previous.digest[:12]}" if previous else "; withdrawn"
            progress.say("deploy", "stopped", f"fails its probe: {failure}{back}")
            return {"outcome": "failed", "reason": f"probe failed: {failure}"}
        sample = certificate.samples[0] if certificate.samples else None
        deployed = Deployed(
            name=ir.name, digest=deployment.digest, url=url, probes=len(certificate.samples), sample=sample
        )
        progress.say("deploy", "finished", f"is live: {len(certificate.samples)} probes answered as certified")
        return {"outcome": "deployed", "reason": None, "deployment_digest": self.bench.store.put_json(deployed)}

    def _probed(self, folder: Path, name: str, certificate: Certificate) -> tuple[str, str | None]:
        """The URL it was served at, and what was wrong; none if nothing was."""
        try:
            with ServedFlow(folder) as served:
                self.bench.progress.say("deploy", "note", f"serves {name} at {served.url}")
                failures = [line for sample in certificate.samples for line in probe(served, sample)]
                return served.url, next(iter(failures), None)
        except EngineUnavailable as error:
            return "", str(error)

    def _certificate(self, state: RunState) -> Certificate:
        return self.bench.store.model(Certificate, needed(state, "certificate_digest"))

    def _diff(self, state: RunState) -> str:
        before = self._found(state).get(FLOW_FILE)
        return self.bench.workspace.diff({FLOW_FILE: before} if before else {}, only=FLOW_FILE)

    def _found(self, state: RunState) -> dict[str, str | None]:
        """What the person's folder held when the run began."""
        return cast(dict[str, str | None], self.bench.store.json(needed(state, "found_digest")))


def probe(served: ServedFlow, sample: Sample) -> list[str]:
    """Send a certified sample to the live host; what is different from the certified answer."""
    status, answer = served.request(sample.method, sample.target, body=sample.body, content_type=sample.content_type)
    if status != sample.status:
        return [f"{sample.method} {sample.target} answers {status}, certified was {sample.status}"]
    if sample.repeats and answer != sample.answer:
        return [f"{sample.method} {sample.target} answers another body than the certified one"]
    return []


def parts_of(state: RunState) -> dict[str, str]:
    """The digests of everything an approval is bound to: source, IR, certificate, policy decision."""
    return {key: needed(state, key) for key in ("source_digest", "ir_digest", "certificate_digest", "policy_digest")}
