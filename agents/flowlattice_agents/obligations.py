"""What a text of a flow breaks, tried beside the workspace: diagnostics, policies, checks of the certification.

A step that only asks "what if" uses this; what it finds is kept nowhere and no certificate comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import TypeAdapter

from flowlattice.certify import Example, ExampleRequest, certify
from flowlattice.check import CheckContext, Facts, check
from flowlattice.ir.build import Built, build
from flowlattice.ir.digest import source_digest
from flowlattice.ir.model import FlowIR
from flowlattice_agents.decisions import decision_on
from flowlattice_agents.facts import facts_of
from flowlattice_agents.spec import Example as Stated
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import FLOW_FILE, Workbench, needed

EXAMPLES: TypeAdapter[list[Stated]] = TypeAdapter(list[Stated])

Stage = Literal["compile", "policy", "test"]


@dataclass(frozen=True)
class Obligations:
    """What the sources of a run have to keep."""

    bench: Workbench
    state: RunState

    def broken(self, source: str, *, last: Stage) -> Mapping[str, str]:
        """What a text breaks, by code, policy or check, each in a sentence; of the first stage that finds something.

        Args:
            source: The flow file's text.
            last: The stage to go as far as.
        """
        with TemporaryDirectory(prefix="flowlattice-") as folder:
            file = Path(folder) / FLOW_FILE
            file.write_text(source, encoding="utf-8")
            built = build(file, sandbox=self.bench.laboratory.work)
            found = self._compiled(built)
            if not found and last != "compile" and built.ir is not None:
                found = self._judged(built.ir)
            if not found and last == "test" and built.ir is not None:
                found = self._certified(file, built.ir)
        return found

    def _compiled(self, built: Built) -> Mapping[str, str]:
        context = check_context(self.state, self.bench)
        found = [*built.diagnostics, *(check(built.ir, context) if built.ir is not None else ())]
        return {entry.code: f"{entry.code}: {entry.message}" for entry in found if entry.severity == "error"}

    def _judged(self, ir: FlowIR) -> Mapping[str, str]:
        decision = decision_on(ir, self.bench.ruleset, self.state)
        return {entry.policy: f"{entry.policy}: {entry.message}" for entry in decision.denials}

    def _certified(self, file: Path, ir: FlowIR) -> Mapping[str, str]:
        certificate = certify(
            file,
            ir,
            source_digest=source_digest(file),
            examples=examples_in(self.state, self.bench),
            laboratory=self.bench.laboratory,
            watch=lambda _: None,
        )
        failed = [entry for entry in certificate.checks if entry.verdict in ("failed", "could_not_run")]
        return {entry.name: "; ".join([f"{entry.name}: {entry.summary}", *entry.failures[:1]]) for entry in failed}


def check_context(state: RunState, bench: Workbench) -> CheckContext:
    """The hosts that are allowed, and what the spec states: what lacks it is found, and fixes that do it are safe."""
    digest = state.get("spec_digest")
    facts = facts_of(bench.store.model(FlowSpec, digest)) if digest else Facts()
    return CheckContext(allowed_hosts=frozenset(state.get("allowed_hosts", [])), facts=facts)


def ir_of(source: str, bench: Workbench) -> FlowIR | None:
    """The IR of a text, built in the sandbox; none if it cannot be built."""
    with TemporaryDirectory(prefix="flowlattice-") as folder:
        file = Path(folder) / FLOW_FILE
        file.write_text(source, encoding="utf-8")
        return build(file, sandbox=bench.laboratory.work).ir


def examples_in(state: RunState, bench: Workbench) -> tuple[Example, ...]:
    """What the flow of a run has to answer, as certification takes it."""
    given = state.get("examples_digest")
    if given is not None:
        return examples_of(EXAMPLES.validate_json(bench.store.text(given)))
    return examples_of(bench.store.model(FlowSpec, needed(state, "spec_digest")).examples)


def examples_of(given: Sequence[Stated]) -> tuple[Example, ...]:
    """The brief's examples as certification takes them."""
    return tuple(
        Example(
            request=ExampleRequest(**example.request.model_dump()),
            status=example.status,
            json_body=example.json_body,
            text=example.text,
            headers=example.headers,
        )
        for example in given
    )


def base_source(state: RunState, bench: Workbench) -> str:
    """The flow file as it was when the run began; empty if there was none."""
    digest = state.get("base_digest")
    return "" if digest is None else bench.store.text(digest)
