"""Building: from a path to IR or to the diagnostics that say why not. An author's code runs in a sandboxed process.

The steps: the sources are read and admitted (`language.admission`), then loaded and lowered in the sandbox. What comes
back was made beside untrusted code, so it is validated as data and believed no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue, ValidationError

from flowlattice.diagnostics import Diagnostic
from flowlattice.ir import TASK, failures
from flowlattice.ir.digest import SourceFile, file_digest, read_sources
from flowlattice.ir.model import FlowIR
from flowlattice.language.admission import admit_files
from flowlattice.language.sources import decoded, flow_file
from flowlattice.sandbox import Sandbox, SandboxError, SandboxTaskError, SandboxUnavailable

__all__ = ["TASK", "Built", "build"]


@dataclass(frozen=True, kw_only=True)
class Built:
    """What became of a flow.

    Attributes:
        file: The flow file.
        ir: Its IR; none if it could not be built, and `diagnostics` say why.
        diagnostics: What stopped it.
        sources: The texts of the flow's own files by their paths relative to its folder, for showing and fixing.
        beside: The paths of the files that belong to it and are no modules: plugins, fixtures, `connectors.toml`.
        notice: What the sandbox of this machine lacks, for people; none if it lacks nothing or was not used.
    """

    file: Path
    ir: FlowIR | None
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    notice: str | None = None


def build(path: Path, *, trusted: bool = False, sandbox: Sandbox | None = None) -> Built:
    """Build the IR of a flow.

    Args:
        path: A flow file, or a folder that holds `flow.py`.
        trusted: Load the code in this process, unread and unconfined: only for code that was approved.
        sandbox: A sandbox made for `TASK` to use, when many flows are built.

    Raises:
        UsageError: There is no flow.
        SandboxUnavailable: The sandboxed process could not be started.
    """
    file = flow_file(path)
    files, diagnostics = _read(file, admitted=trusted)
    sources = {name: _text(one) for name, one in sorted(files.items()) if one.is_module}
    if diagnostics:
        beside = tuple(sorted(files.keys() - sources.keys()))
        return Built(file=file, ir=None, diagnostics=diagnostics, sources=sources, beside=beside)
    if trusted:
        from flowlattice.ir.task import load_and_lower

        answer, notice = load_and_lower(str(file), _ignore), None
    else:
        try:
            answer, notice = _in_sandbox(file, sandbox)
        except SandboxUnavailable:
            raise
        except SandboxError as error:
            return Built(file=file, ir=None, diagnostics=(_unanswered(error, file.name),), sources=sources)
    built = _complete(_validated(answer, file, sources, notice), files)
    return replace(built, beside=tuple(sorted(files.keys() - sources.keys())))


def _read(file: Path, *, admitted: bool) -> tuple[dict[str, SourceFile], tuple[Diagnostic, ...]]:
    """A flow's files, and why they cannot be loaded; what was admitted before is only parsed."""
    try:
        files = read_sources(file)
    except OSError as error:
        return {}, (failures.unreadable(error, file.name),)
    problems = [failures.unreadable(f.problem, name) for name, f in sorted(files.items()) if f.problem is not None]
    if not problems and not admitted:
        contents = {name: f.content for name, f in files.items() if f.is_module}
        problems = [failures.refused(refusal) for refusal in admit_files(contents)]
    return files, tuple(problems)


def _text(file: SourceFile) -> str:
    return file.content.decode(errors="replace") if file.tree is None else decoded(file.content)


def _in_sandbox(file: Path, sandbox: Sandbox | None) -> tuple[JsonValue, str | None]:
    if sandbox is None:
        with Sandbox(TASK) as own:
            return _in_sandbox(file, own)
    result = sandbox.run(TASK, str(file), read=[file.parent])
    return result.value, result.protection.notice


def _validated(answer: JsonValue, file: Path, sources: Mapping[str, str], notice: str | None) -> Built:
    found = answer if isinstance(answer, dict) else {}
    try:
        if "failure" in found:
            failure = Diagnostic.model_validate(found["failure"])
            return Built(file=file, ir=None, diagnostics=(failure,), sources=sources, notice=notice)
        flow = FlowIR.model_validate(found.get("ir"))
    except ValidationError as error:
        reason = f"the sandboxed process answered what is no IR ({error.error_count()} faults)"
        return Built(file=file, ir=None, diagnostics=(failures.no_answer(reason, file.name),), sources=sources)
    return Built(file=file, ir=flow, sources=sources, notice=notice)


def _complete(built: Built, files: Mapping[str, SourceFile]) -> Built:
    """Hold the files that the flow says belong to it against those that an approval would cover."""
    known = {f"{name}@{file_digest(file.content)}" for name, file in files.items()}
    unknown = [artifact for artifact in (built.ir.artifacts if built.ir else ()) if artifact not in known]
    if not unknown:
        return built
    problems = tuple(failures.uncovered(artifact.partition("@")[0], built.file.name) for artifact in unknown)
    return replace(built, ir=None, diagnostics=problems)


def _unanswered(error: SandboxError, file: str) -> Diagnostic:
    if isinstance(error, SandboxTaskError):
        return failures.no_answer(f"building the graph ended in {error.type}: {error.message}", file)
    return failures.no_answer(f"building the graph gave no answer; {error}", file)


def _ignore(_event: JsonValue) -> None:
    """Nobody listens to a build in this process."""
