"""Builder: renders the spec, then mends what is reported: the kernel's own safe fixes first, a model for the rest.

It writes the flow file and the spec, nothing else: expectations, policies and certification are out of its reach, and a
run in which the model tries to edit them is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from flowlattice.certify import Certificate
from flowlattice.check import apply_fixes, check, with_edits
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.build import build
from flowlattice.ir.digest import digest_of, source_digest
from flowlattice_agents.editing import EditBase, without_spec
from flowlattice_agents.edits import apply_edits
from flowlattice_agents.errors import EditRejected, SpecError, WorkspaceError
from flowlattice_agents.fixes import FIXES, Fixing, judged
from flowlattice_agents.merging import Conflict, merged
from flowlattice_agents.models.base import Repair, Trouble
from flowlattice_agents.naming import name_in
from flowlattice_agents.obligations import check_context
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.review import Rejections
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.specs import edited_spec, spec_text
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

FOR_PEOPLE = frozenset({"DAG004", "EGRESS101", "BUD101", "DATA101", "IDEM020", "SECR201"})
"""Diagnostics that only an identity, a data class, a host or a budget mends: facts that a person states."""


@dataclass(frozen=True)
class Builder:
    """From a spec to sources that compile."""

    bench: Workbench

    def build(self, state: RunState) -> RunState:
        """Render the spec on the first attempt, mend what was reported on the later ones; every edit is a commit."""
        if not state.get("diagnostics_digest"):
            return self._first(state)
        return self._fix(state)

    def compile(self, state: RunState) -> RunState:
        """Build the graph in the sandbox and check it."""
        store, progress = self.bench.store, self.bench.progress
        self.bench.workspace.checkout(needed(state, "commit"))
        file = self.bench.workspace.folder / FLOW_FILE
        built = build(file, sandbox=self.bench.laboratory.work)
        found = list(built.diagnostics)
        if built.ir is not None:
            context = check_context(state, self.bench)
            found += with_edits(built.ir, check(built.ir, context), built.sources, context)
        errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        update: RunState = {
            "diagnostics_digest": store.put(DIAGNOSTICS.dump_json(found)),
            "errors": len(errors),
            "source_digest": source_digest(file),
            "ir_digest": None if built.ir is None else store.put(built.ir.to_json()),
            "findings_digest": None,
            "fixing_digest": None,
            **self._judge(state, errors),
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
        if state.get("attempt", 0) >= MAX_ATTEMPTS or state.get("arm") == "no-fix" or _needs_a_person(errors):
            return {**update, **self._gives_up(errors)}
        return update

    def answer(self, state: RunState) -> RunState:
        """Take up what a reviewer said about rejected hunks; it is checked, certified and reviewed like all else."""
        rejections = self.bench.store.model(Rejections, needed(state, "rejections_digest"))
        files = self.bench.workspace.files(needed(state, "commit"))
        said = tuple(f"the reviewer rejected {one.title}: {one.comment}" for one in rejections.entries if one.comment)
        source = files[FLOW_FILE]
        repair = self.bench.model.repair(Trouble(file=FLOW_FILE, text=source, flow=source, findings=said))
        if (foreign := _foreign(repair, FLOW_FILE, None)) is not None:
            return self._stops(foreign)
        if repair.gave_up is not None or not repair.edits:
            self.bench.progress.say("builder", "note", f"has no other proposal: {repair.gave_up or 'none is needed'}")
            return {}
        try:
            edited = {**files, FLOW_FILE: apply_edits(source, repair.edits)}
        except EditRejected as error:
            self.bench.progress.say("builder", "note", f"has no other proposal: {error}")
            return {}
        commit = self.bench.workspace.commit(edited, agent="builder", reason="Answer the review")
        self.bench.progress.say("builder", "note", "answers the review with another proposal")
        return {"commit": commit}

    def _first(self, state: RunState) -> RunState:
        written = state.get("written_digest")
        if written is None:
            spec = self.bench.store.model(FlowSpec, needed(state, "spec_digest"))
            return self._render(state, spec)
        source = self.bench.store.text(written)
        return self._begin(state, {FLOW_FILE: source}, None, "Write the flow file")

    def _render(self, state: RunState, spec: FlowSpec) -> RunState:
        base = self._base(state)
        try:
            source = _rendered(spec, base)
        except SpecError as error:
            return self._fails(f"cannot build the spec: {error}", str(error))
        except Conflict as conflict:
            place = " ".join(str(conflict).split())[:120]
            self.bench.progress.say(
                "builder", "note", f"the flow file was edited by hand where the change is ({place}); changes the file"
            )
            return self._set_aside(base, spec)
        files = {FLOW_FILE: source, SPEC_FILE: spec.to_yaml()}
        return self._begin(state, files, spec.name, f"Render {spec.name} {spec.version}")

    def _set_aside(self, base: EditBase | None, spec: FlowSpec) -> RunState:
        """Have the file itself changed; it has to answer what the changed spec demands."""
        store = self.bench.store
        return {
            "edit_digest": None if base is None else store.put_json(without_spec(base)),
            "examples_digest": store.put_json(spec.examples),
            "spec_digest": None,
        }

    def _begin(self, state: RunState, files: dict[str, str], name: str | None, reason: str) -> RunState:
        """Commit what is built first, on top of what was there."""
        base = self._base(state)
        named = name or name_in(files[FLOW_FILE]) or "flow"
        target = self.bench.target_for(named)
        try:
            found = snapshot(target, PUBLISHED)
        except WorkspaceError as error:
            return self._fails(f"stops: {error}", str(error))
        in_place = base is not None and _same(base.folder, target) and found[FLOW_FILE] == base.source
        if not in_place and edited_by_hand(found):
            told = f"{target} holds files that no run wrote as they are; name another folder with --out"
            return self._fails(f"stops: {told}", told)
        before = base.source if base else found[FLOW_FILE]
        if base is not None:
            self.bench.workspace.commit({FLOW_FILE: base.source}, agent="person", reason="The flow as it was")
        commit = self.bench.workspace.commit(files, agent="builder", reason=reason)
        if SPEC_FILE not in files and found[SPEC_FILE] is not None:
            told = f"{SPEC_FILE} does not describe the flow any more; it is removed when the flow is written"
            self.bench.progress.say("builder", "note", told)
        how = "renders" if SPEC_FILE in files else "takes"
        self.bench.progress.say("builder", "note", f"{how} {FLOW_FILE} ({_lines(files[FLOW_FILE])} lines)")
        return {
            "commit": commit,
            "attempt": 1,
            "named": named,
            "found_digest": self.bench.store.put_json(dict(found)),
            "base_digest": None if before is None else self.bench.store.put(before),
        }

    def _fix(self, state: RunState) -> RunState:
        found = DIAGNOSTICS.validate_json(self.bench.store.text(needed(state, "diagnostics_digest")))
        # Of the commit in the state: after a crash the last one may hold these fixes already.
        files = self.bench.workspace.files(needed(state, "commit"))
        own = [entry for entry in found if entry.file == FLOW_FILE and entry.fix and entry.fix.applicability == "safe"]
        if own:
            fixed = {**files, FLOW_FILE: apply_fixes(files[FLOW_FILE], own)}
            codes = tuple(dict.fromkeys(entry.code for entry in own))
            if fixed != files:
                return self._commit(state, fixed, codes, f"Fix {', '.join(codes)}", Fixing(by="kernel"))
        return self._mend(state, files, found)

    def _mend(self, state: RunState, files: dict[str, str], found: list[Diagnostic]) -> RunState:
        """Let the model edit the one file that is the flow's truth."""
        errors = [entry for entry in found if entry.severity == "error"]
        if state.get("arm") == "kernel-fixes":
            return self._gives_up(errors, state)
        is_spec = state.get("written_digest") is None
        spec = self.bench.store.model(FlowSpec, needed(state, "spec_digest")) if is_spec else None
        trouble = Trouble(
            file=SPEC_FILE if spec else FLOW_FILE,
            text=spec_text(spec) if spec else files[FLOW_FILE],
            flow=files[FLOW_FILE],
            diagnostics=tuple(errors),
            findings=self._findings(state),
            tried=tuple(edit.reason for edit in self.bench.workspace.log() if edit.reason.startswith("Mend ")),
        )
        spent = self.bench.spent()
        repair = self.bench.model.repair(trouble)
        if (foreign := _foreign(repair, trouble.file, spec)) is not None:
            return self._stops(foreign)
        if repair.gave_up is not None or not repair.edits:
            if repair.gave_up:
                self.bench.progress.say("builder", "note", f"gives up: {repair.gave_up}")
            return self._gives_up(errors, state)
        codes = tuple(dict.fromkeys(entry.code for entry in errors))
        fixing = Fixing(by="model", micro_usd=self.bench.spent() - spent)
        what = f"Mend {', '.join(codes) or 'what certification found'}"
        try:
            if spec is None:
                edited = {**files, FLOW_FILE: apply_edits(files[FLOW_FILE], repair.edits)}
                return self._commit(state, edited, codes, what, fixing)
            after = edited_spec(spec, repair.edits)
            source = _rendered(after, self._base(state))
        except (EditRejected, SpecError, Conflict) as error:
            return self._fails(f"cannot apply the model's edits: {error}", str(error))
        update = self._commit(state, {FLOW_FILE: source, SPEC_FILE: after.to_yaml()}, codes, what, fixing)
        return {**update, "spec_digest": self.bench.store.put_json(after)}

    def _commit(
        self, state: RunState, files: dict[str, str], codes: tuple[str, ...], reason: str, fixing: Fixing
    ) -> RunState:
        commit = self.bench.workspace.commit(files, agent="builder", reason=reason, answers=codes)
        whose = "the kernel's fixes" if fixing.by == "kernel" else "the model's edits"
        self.bench.progress.say("builder", "note", f"applies {whose}: {_lower(reason)}")
        attempt = state.get("attempt", 0) + 1
        return {"commit": commit, "attempt": attempt, "fixing_digest": self.bench.store.put_json(fixing)}

    def _judge(self, state: RunState, errors: list[Diagnostic]) -> RunState:
        store, known, fixing = self.bench.store, state.get("fixes_digest"), state.get("fixing_digest")
        after = judged(
            FIXES.validate_json(store.text(known)) if known else [],
            [error.code for error in errors],
            store.model(Fixing, fixing) if fixing else None,
            attempt=state.get("attempt", 0),
        )
        return {"fixes_digest": store.put(FIXES.dump_json(after))}

    def _findings(self, state: RunState) -> tuple[str, ...]:
        digest = state.get("findings_digest")
        found = self.bench.store.json(digest) if digest else []
        return tuple(map(str, found)) if isinstance(found, list) else ()

    def _base(self, state: RunState) -> EditBase | None:
        digest = state.get("edit_digest")
        return self.bench.store.model(EditBase, digest) if digest else None

    def _gives_up(self, errors: list[Diagnostic], state: RunState | None = None) -> RunState:
        if not errors:
            told = "; ".join(self._findings(state)) if state else ""
            return self._fails(f"cannot mend what certification found: {told}", told)
        codes = ", ".join(dict.fromkeys(error.code for error in errors))
        self.bench.progress.say("builder", "stopped", f"cannot compile this: {codes}")
        instead = next((f". Instead: {error.help}" for error in errors if error.code in FOR_PEOPLE and error.help), "")
        return {"outcome": "blocked", "reason": f"{codes}: {errors[0].message}{instead}"}

    def _stops(self, what: str) -> RunState:
        reason = f"the fix loop tried to edit {what}, which is not its to change; the run was stopped"
        self.bench.progress.say("builder", "stopped", reason)
        return {"outcome": "blocked", "reason": reason}

    def _fails(self, said: str, reason: str) -> RunState:
        self.bench.progress.say("builder", "stopped", said)
        return {"outcome": "failed", "reason": reason}


def _rendered(spec: FlowSpec, base: EditBase | None) -> str:
    """The flow file that a spec means; of a change, what it alters put into the person's file.

    Raises:
        SpecError: The spec cannot be rendered.
        Conflict: The person edited the file at the same place.
    """
    source = render_flow(spec)
    return source if base is None or base.spec is None else merged(render_flow(base.spec), base.source, source)


def _foreign(repair: Repair, file: str, spec: FlowSpec | None) -> str | None:
    """What a repair edits that it may not: another file, or in its own what judges it or a person states."""
    for edit in repair.edits:
        if edit.file != file:
            return edit.file
    if spec is None or not repair.edits:
        return None
    try:
        after = edited_spec(spec, repair.edits)
    except (EditRejected, SpecError):
        return None  # said when the edits are applied
    if after.examples != spec.examples:
        return f"the examples of {file}"
    return next((f"{what} of {file}" for what, fact in _stated(spec).items() if _stated(after)[what] != fact), None)


def _stated(spec: FlowSpec) -> dict[str, object]:
    """The facts that people state and no repair chooses."""
    fields = [(record.name, record.data, field.name, field.data) for record in spec.records for field in record.fields]
    calls = [(call.name, call.method, call.url, call.key, call.ttl_s) for route in spec.routes for call in route.calls]
    return {
        "the data classes": fields,
        "the hosts and keys": calls,
        "the routes": [(route.method, route.path, route.deadline_ms) for route in spec.routes],
        "the limits": (spec.rate_limit, spec.max_in_flight, spec.slos),
    }


def _needs_a_person(errors: list[Diagnostic]) -> bool:
    return any(error.code in FOR_PEOPLE and not (error.fix and error.fix.applicability == "safe") for error in errors)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _lower(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


def _lines(source: str) -> int:
    return len(source.splitlines())


def edited_by_hand(found: Mapping[str, str | None]) -> bool:
    """Whether a folder's files are there and are not, byte for byte, what a run put there together."""
    source, certificate, spec = found.get(FLOW_FILE), found.get(CERTIFICATE_FILE), found.get(SPEC_FILE)
    if source is None and spec is None:
        return False
    try:
        certified = Certificate.model_validate_json(certificate or "")
        is_spec_own = spec is None or FlowSpec.from_yaml(spec).to_yaml() == spec
    except (ValidationError, SpecError):
        return True
    return certified.source_digest != digest_of({FLOW_FILE: source or ""}) or not is_spec_own
