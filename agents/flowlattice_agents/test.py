"""Test: certifies the flow by running it in the sandbox; the report with its digest is the certificate."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.certify import Check, Example, ExampleRequest, certify
from flowlattice.ir.model import FlowIR
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import FLOW_FILE, Workbench, needed

_MARKS = {"passed": "ok", "failed": "FAILED", "not_applicable": "n/a", "could_not_run": "COULD NOT RUN"}


@dataclass(frozen=True)
class TestAgent:
    """From sources to a certificate."""

    __test__ = False  # a class of the product, not of the test suite
    bench: Workbench

    def certify(self, state: RunState) -> RunState:
        """Run every check; a failed one ends the run."""
        self.bench.workspace.checkout(needed(state, "commit"))
        spec = self.bench.store.model(FlowSpec, needed(state, "spec_digest"))
        self.bench.progress.say("test", "started", "runs the flow in the sandbox against its own schemas")
        certificate = certify(
            self.bench.workspace.folder / FLOW_FILE,
            self.bench.store.model(FlowIR, needed(state, "ir_digest")),
            source_digest=needed(state, "source_digest"),
            examples=examples_of(spec),
            laboratory=self.bench.laboratory,
            watch=self._show,
        )
        digest = self.bench.store.put_json(certificate)
        if certificate.passed:
            count = sum(check.verdict == "passed" for check in certificate.checks)
            self.bench.progress.say(
                "test", "finished", f"certifies it: {count} checks passed ({certificate.digest[:12]})"
            )
            return {"certificate_digest": digest}
        failed = [check for check in certificate.checks if check.verdict in ("failed", "could_not_run")]
        names = ", ".join(check.name for check in failed)
        self.bench.progress.say("test", "stopped", f"does not certify it: {names}")
        detail = "; ".join([failed[0].summary, *failed[0].failures[:1]])
        return {"certificate_digest": digest, "outcome": "failed", "reason": f"{names}: {detail}"}

    def _show(self, check: Check) -> None:
        lines = [f"{check.name}: {_MARKS[check.verdict]}, {check.summary}", *(f"  {line}" for line in check.failures)]
        self.bench.progress.say("test", "note", "\n".join(lines))


def examples_of(spec: FlowSpec) -> tuple[Example, ...]:
    """The brief's examples as certification takes them."""
    return tuple(
        Example(
            request=ExampleRequest(**example.request.model_dump()),
            status=example.status,
            json_body=example.json_body,
            text=example.text,
            headers=example.headers,
        )
        for example in spec.examples
    )
