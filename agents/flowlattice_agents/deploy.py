"""Deploy: asks for approval of what was certified, puts it on the web host, probes it, rolls back if a probe fails.

`review` asks and has no side effect before the answer. `deploy` may be repeated after a crash: the person's folder,
the deployment record and the probe end up the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from langgraph.types import interrupt
from pydantic import JsonValue

from flowlattice.certify import Certificate, Sample
from flowlattice.deployments import Approval, Deployments, approved_digest
from flowlattice.hosts.process import ServedFlow
from flowlattice.ir.model import FlowIR
from flowlattice_agents.deployed import Deployed
from flowlattice_agents.errors import WorkspaceError
from flowlattice_agents.meaning import meaning_of
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import CERTIFICATE_FILE, FLOW_FILE, Workbench, needed
from flowlattice_agents.workspace import publish


@dataclass(frozen=True)
class Deployer:
    """From a certificate to a live endpoint."""

    bench: Workbench

    def review(self, state: RunState) -> RunState:
        """Ask a person to approve; the approval names the digest of everything that was looked at."""
        digest = approved_digest(parts_of(state))
        ir = self.bench.store.model(FlowIR, needed(state, "ir_digest"))
        certificate = self.bench.store.model(Certificate, needed(state, "certificate_digest"))
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
        """Write the accepted files, record the deployment, probe it."""
        store, progress = self.bench.store, self.bench.progress
        approval = store.model(Approval, needed(state, "approval_digest"))
        if approval.digest != approved_digest(parts_of(state)):
            progress.say("deploy", "stopped", "refuses: what was approved has changed since")
            return {"outcome": "blocked", "reason": "the approval is void: what was approved has changed since"}
        ir = store.model(FlowIR, needed(state, "ir_digest"))
        certificate = store.model(Certificate, needed(state, "certificate_digest"))
        target = self.bench.target_for(ir.name)
        files = {
            **self.bench.workspace.files(),
            CERTIFICATE_FILE: store.text(needed(state, "certificate_digest")) + "\n",
        }
        try:
            publish(files, target, expected=self._found(state))
        except WorkspaceError as error:
            progress.say("deploy", "stopped", f"stops: {error}")
            return {"outcome": "failed", "reason": str(error)}
        return self._serve(state, ir, certificate, approval) | {"flow_path": str(target / FLOW_FILE)}

    def _serve(self, state: RunState, ir: FlowIR, certificate: Certificate, approval: Approval) -> RunState:
        progress = self.bench.progress
        deployments = Deployments(self.bench.home)
        deployment = deployments.record(
            name=ir.name,
            source_folder=self.bench.workspace.folder,
            digest=needed(state, "source_digest"),
            profile=ir.profile,
            environment=self.bench.environment,
            approval=approval,
        )
        with ServedFlow(deployments.folder(deployment)) as served:
            progress.say("deploy", "note", f"serves {ir.name} at {served.url}")
            failures = [line for sample in certificate.samples for line in probe(served, sample)]
            url = served.url
        if failures:
            previous = deployments.rollback(ir.name)
            back = f"; rolled back to {previous.digest[:12]}" if previous else "; withdrawn"
            progress.say("deploy", "stopped", f"fails its probe: {failures[0]}{back}")
            return {"outcome": "failed", "reason": f"probe failed: {failures[0]}"}
        sample = certificate.samples[0] if certificate.samples else None
        deployed = Deployed(
            name=ir.name, digest=deployment.digest, url=url, probes=len(certificate.samples), sample=sample
        )
        progress.say("deploy", "finished", f"is live: {len(certificate.samples)} probes answered as certified")
        return {"outcome": "deployed", "reason": None, "deployment_digest": self.bench.store.put_json(deployed)}

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
