"""Builder: renders the spec, then fixes what the kernel reports, with the kernel's own safe fixes first.

It writes the flow file and the spec, nothing else: expectations, policies and certification are out of its reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from flowlattice.certify import Certificate
from flowlattice.check import CheckContext, apply_fixes, check, with_edits
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.build import build
from flowlattice.ir.digest import digest_of, source_digest
from flowlattice_agents.errors import SpecError, WorkspaceError
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.workbench import (
    CERTIFICATE_FILE,
    FLOW_FILE,
    MAX_ATTEMPTS,
    PUBLISHED,
    SPEC_FILE,
    Workbench,
    needed,
)
from flowlattice_agents.workspace import snapshot

DIAGNOSTICS: TypeAdapter[list[Diagnostic]] = TypeAdapter(list[Diagnostic])


@dataclass(frozen=True)
class Builder:
    """From a spec to sources that compile."""

    bench: Workbench

    def build(self, state: RunState) -> RunState:
        """Render the spec on the first attempt, apply safe fixes on the later ones; every edit is a commit."""
        if not state.get("diagnostics_digest"):
            return self._render(state)
        return self._fix(state)

    def compile(self, state: RunState) -> RunState:
        """Build the graph in the sandbox and check it."""
        store, progress = self.bench.store, self.bench.progress
        self.bench.workspace.checkout(needed(state, "commit"))
        file = self.bench.workspace.folder / FLOW_FILE
        built = build(file, sandbox=self.bench.laboratory.work)
        found = list(built.diagnostics)
        if built.ir is not None:
            context = CheckContext(allowed_hosts=frozenset(state.get("allowed_hosts", [])))
            found += with_edits(built.ir, check(built.ir, context), built.sources)
        errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        update: RunState = {
            "diagnostics_digest": store.put(DIAGNOSTICS.dump_json(found)),
            "errors": len(errors),
            "source_digest": source_digest(file),
            "ir_digest": None if built.ir is None else store.put(built.ir.to_json()),
        }
        for warning in found:
            if warning.severity == "warning":
                progress.say("builder", "note", f"warning {warning.code}: {warning.message}")
        if not errors:
            warned = f", {len(found)} warning{'s'[: len(found) != 1]}" if found else ""
            progress.say("builder", "finished", f"compiles: no error{warned}")
            return update
        for error in errors:
            progress.say("builder", "note", f"{error.code} {error.message} ({error.file}:{error.line})")
        fixable = [error for error in errors if error.fix is not None and error.fix.applicability == "safe"]
        if fixable and state.get("attempt", 0) < MAX_ATTEMPTS:
            return update
        codes = ", ".join(dict.fromkeys(error.code for error in errors))
        progress.say("builder", "stopped", f"cannot compile this: {codes}")
        return {**update, "outcome": "blocked", "reason": f"{codes}: {errors[0].message}"}

    def _render(self, state: RunState) -> RunState:
        spec = self.bench.store.model(FlowSpec, needed(state, "spec_digest"))
        try:
            source = render_flow(spec)
        except SpecError as error:
            self.bench.progress.say("builder", "stopped", f"cannot build the spec: {error}")
            return {"outcome": "failed", "reason": str(error)}
        target = self.bench.target_for(spec.name)
        try:
            found = snapshot(target, PUBLISHED)
        except WorkspaceError as error:
            self.bench.progress.say("builder", "stopped", f"stops: {error}")
            return {"outcome": "failed", "reason": str(error)}
        if edited_by_hand(found):
            reason = f"{target} holds files that no run wrote as they are; name another folder with --out"
            self.bench.progress.say("builder", "stopped", f"stops: {reason}")
            return {"outcome": "failed", "reason": reason}
        files = {FLOW_FILE: source, SPEC_FILE: spec.to_yaml()}
        commit = self.bench.workspace.commit(files, agent="builder", reason=f"Render {spec.name} {spec.version}")
        self.bench.progress.say("builder", "note", f"renders {FLOW_FILE} ({len(source.splitlines())} lines)")
        return {"commit": commit, "attempt": 1, "found_digest": self.bench.store.put_json(dict(found))}

    def _fix(self, state: RunState) -> RunState:
        found = DIAGNOSTICS.validate_json(self.bench.store.text(needed(state, "diagnostics_digest")))
        # Of the commit in the state: after a crash the last one may hold these fixes already.
        files = self.bench.workspace.files(needed(state, "commit"))
        fixed = apply_fixes(files[FLOW_FILE], [entry for entry in found if entry.file == FLOW_FILE])
        codes = tuple(dict.fromkeys(entry.code for entry in found if entry.fix and entry.fix.applicability == "safe"))
        commit = self.bench.workspace.commit(
            {**files, FLOW_FILE: fixed}, agent="builder", reason=f"Fix {', '.join(codes)}", answers=codes
        )
        self.bench.progress.say("builder", "note", f"applies the kernel's fixes for {', '.join(codes)}")
        return {"commit": commit, "attempt": state.get("attempt", 0) + 1}


def edited_by_hand(found: Mapping[str, str | None]) -> bool:
    """Whether a folder's files are there and are not, byte for byte, what a run put there together."""
    source, certificate, spec = found.get(FLOW_FILE), found.get(CERTIFICATE_FILE), found.get(SPEC_FILE)
    if source is None and spec is None:
        return False
    try:
        certified = Certificate.model_validate_json(certificate or "")
        agreed = FlowSpec.from_yaml(spec or "")
    except (ValidationError, SpecError):
        return True
    return certified.source_digest != digest_of({FLOW_FILE: source or ""}) or agreed.to_yaml() != spec
