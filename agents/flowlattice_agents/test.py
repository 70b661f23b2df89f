"""Test: says what the brief demands before it has seen what is built, and certifies the flow by running it.

The report of certification with its digest is the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from flowlattice.certify import Certificate, Certificates, Check, certify
from flowlattice.certify.parts import parts_of
from flowlattice.deployments import Deployment, Deployments, NotVerified
from flowlattice.ir.model import FlowIR
from flowlattice.policy import Decision
from flowlattice_agents.editing import EditBase, certificate_of
from flowlattice_agents.models.base import DISAGREEMENTS, Answer, Disagreement
from flowlattice_agents.obligations import examples_in
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.specs import other_answer, request_line, shown
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import FLOW_FILE, MAX_ATTEMPTS, Workbench, needed

_MARKS = {"passed": "ok", "failed": "FAILED", "not_applicable": "n/a", "could_not_run": "COULD NOT RUN"}


@dataclass(frozen=True)
class TestAgent:
    """From sources to a certificate."""

    __test__ = False  # a class of the product, not of the test suite
    bench: Workbench

    def expect(self, state: RunState) -> RunState:
        """Work out from the brief alone what must be answered; the PM settles what the spec answers otherwise."""
        store, progress = self.bench.store, self.bench.progress
        if state.get("expected"):
            return {"disagreements_digest": None}
        if state.get("edit_digest"):
            return {"expected": True, "disagreements_digest": None}
        spec = store.model(FlowSpec, needed(state, "spec_digest"))
        answers = [Answer(**answer) for answer in state.get("answers", [])]
        expected = self.bench.model.expect(store.text(needed(state, "brief_digest")), answers)
        known = {request_line(example) for example in spec.examples}
        others = [(one, other_answer(spec, one)) for one in expected]
        open_ = [Disagreement(number=n, expected=one, given=given) for n, (one, given) in enumerate(others, 1) if given]
        met = [one for one, given in others if given is None and request_line(one) not in known]
        if not expected:
            return {"expected": True, "disagreements_digest": None}
        agreed = spec.model_copy(update={"examples": (*spec.examples, *met)})
        progress.say(
            "test", "note", f"expects {len(expected)} answers; the spec gives {len(expected) - len(open_)} of them"
        )
        for one in open_:
            line = f"{request_line(one.expected)}: expects {shown(one.expected)}, the spec gives {one.given}"
            progress.say("test", "note", line)
        return {
            "spec_digest": store.put_json(agreed),
            "expected": not open_,
            "disagreements_digest": store.put(DISAGREEMENTS.dump_json(open_)) if open_ else None,
        }

    def certify(self, state: RunState) -> RunState:
        """Run every check; a failed one ends the run."""
        self.bench.workspace.checkout(needed(state, "commit"))
        self.bench.progress.say("test", "started", "runs the flow in the sandbox against its own schemas")
        ir = self.bench.store.model(FlowIR, needed(state, "ir_digest"))
        certificate = certify(
            self.bench.workspace.folder / FLOW_FILE,
            ir,
            source_digest=needed(state, "source_digest"),
            examples=examples_in(state, self.bench),
            laboratory=self.bench.laboratory,
            watch=self._show,
            base=self._base(state, ir),
            decision=self.bench.store.model(Decision, needed(state, "policy_digest")),
        )
        digest = self.bench.store.put_json(certificate)
        if certificate.passed:
            Certificates(self.bench.home).keep(certificate)
            count = sum(check.verdict == "passed" for check in certificate.checks)
            self.bench.progress.say(
                "test", "finished", f"certifies it: {count} checks passed ({certificate.digest[:12]})"
            )
            return {"certificate_digest": digest}
        failed = [check for check in certificate.checks if check.verdict in ("failed", "could_not_run")]
        names = ", ".join(check.name for check in failed)
        self.bench.progress.say("test", "stopped", f"does not certify it: {names}")
        detail = "; ".join([failed[0].summary, *failed[0].failures[:1]])
        reason = f"{names}: {detail}"
        broken = all(check.verdict == "failed" for check in failed)
        if broken and state.get("arm") in (None, "six", "single") and state.get("attempt", 0) < MAX_ATTEMPTS:
            found: list[JsonValue] = [
                f"{check.name}: {line}" for check in failed for line in (check.failures or (check.summary,))
            ]
            return {"certificate_digest": digest, "findings_digest": self.bench.store.put_json(found)}
        return {"certificate_digest": digest, "outcome": "failed", "reason": reason}

    def _base(self, state: RunState, ir: FlowIR) -> Certificate | None:
        """The certificate that what did not change is carried over from; none where everything must be tested."""
        base = self._earlier(state) or self._deployed(state, ir)
        if base is None:
            return None
        source = self.bench.workspace.files(needed(state, "commit"))[FLOW_FILE]
        now = parts_of({FLOW_FILE: source}, ir)
        again = sorted(name for name, part in now.items() if base.parts.get(name) != part)
        kept = f"{len(now) - len(again)} of {len(now)} parts are as they were certified in {base.digest[:12]}"
        what = f"only {', '.join(again)}" if again else "only what no part is named for"
        self.bench.progress.say("test", "note", f"tests again {what}; {kept}")
        return base

    def _earlier(self, state: RunState) -> Certificate | None:
        """What this run certified before a fix, a plan or a review changed something."""
        digest = state.get("certificate_digest")
        return self.bench.store.model(Certificate, digest) if digest else None

    def _deployed(self, state: RunState, ir: FlowIR) -> Certificate | None:
        """The certificate beside the flow that is edited.

        It is a file that anybody may have written: only one that a deployment of this home was attested with counts.
        """
        digest = state.get("edit_digest")
        base = certificate_of(self.bench.store.model(EditBase, digest)) if digest else None
        return base if base is not None and base.passed and self._is_attested(base, ir.name) else None

    def _is_attested(self, certificate: Certificate, name: str) -> bool:
        deployments = Deployments(self.bench.home)
        return any(_attests(deployments, one, certificate) for one in deployments.history(name))

    def _show(self, check: Check) -> None:
        lines = [f"{check.name}: {_MARKS[check.verdict]}, {check.summary}", *(f"  {line}" for line in check.failures)]
        lines += [f"  {check.carried}"] if check.carried else []
        self.bench.progress.say("test", "note", "\n".join(lines))


def _attests(deployments: Deployments, deployment: Deployment, certificate: Certificate) -> bool:
    """Whether a deployment that can be verified was attested with a certificate."""
    try:
        found = deployments.verified(deployment)
    except NotVerified:
        return False
    return (found.source_digest, found.certificate.digest) == (certificate.source_digest, certificate.digest)
