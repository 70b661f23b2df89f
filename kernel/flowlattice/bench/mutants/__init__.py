"""Mutation of the examples: every kind of mistake that we can think of, made in every place, and who notices.

A mutant is a copy of an example with one mistake. It is `caught` if a diagnostic that its operator declares is new,
`shown` if it is a flow without new errors whose change of meaning the semantic diff says, and `missed` otherwise.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from flowlattice.bench.mutants.operators import OPERATORS, Operator
from flowlattice.bench.mutants.source import Module, Mutation, modules
from flowlattice.check import check
from flowlattice.diagnostics import Diagnostic
from flowlattice.errors import UsageError
from flowlattice.ir.build import TASK, Built, build
from flowlattice.ir.comparison import compare
from flowlattice.language.sources import FLOW_FILE
from flowlattice.sandbox import Sandbox

__all__ = ["OPERATORS", "Example", "MutationReport", "Operator", "Outcome", "examples", "mutate"]

OutcomeName = Literal["caught", "shown", "missed"]
MOST: Final = 1
"""How many mutants one operator makes of one file unless more are asked for."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A flow that is mutated."""

    name: str
    file: Path


class Outcome(BaseModel):
    """What became of a mutant.

    Attributes:
        operator: What made it.
        example: Of which flow.
        file: In which file of it.
        line: Where in the file, from 1.
        what: What was done.
        outcome: Whether and how it was noticed.
        codes: The codes that are new.
        change: The first sentence of the semantic diff; empty for a mutant that is no flow.
    """

    model_config = ConfigDict(frozen=True)

    operator: str
    example: str
    file: str
    line: int
    what: str
    outcome: OutcomeName
    codes: tuple[str, ...]
    change: str


class MutationReport(BaseModel):
    """All mutants."""

    model_config = ConfigDict(frozen=True)

    outcomes: tuple[Outcome, ...]

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """Those that nobody noticed."""
        return tuple(one for one in self.outcomes if one.outcome == "missed")

    def counts(self) -> Mapping[OutcomeName, int]:
        """How many there are of each outcome."""
        counted = Counter(one.outcome for one in self.outcomes)
        return {"caught": counted["caught"], "shown": counted["shown"], "missed": counted["missed"]}


def examples(folder: Path) -> tuple[Example, ...]:
    """The flows of a folder of examples, sorted.

    Raises:
        UsageError: There are none.
    """
    files = [file for file in sorted(folder.glob("s[0-9]*/*.py")) if "= Flow(" in file.read_text(encoding="utf-8")]
    if not files:
        raise UsageError(f"{folder}: no examples there; they are in a checkout of the source, not in an installation")
    return tuple(
        Example(name=file.parent.name if file.name == "flow.py" else f"{file.parent.name}/{file.stem}", file=file)
        for file in files
    )


def mutate(
    flows: Sequence[Example],
    *,
    operators: Sequence[Operator] = OPERATORS,
    most: int = MOST,
    in_all: int | None = None,
    watch: Callable[[Outcome], None] | None = None,
) -> MutationReport:
    """Make mutants of flows and see who notices.

    Args:
        flows: What is mutated.
        operators: What mistakes are made.
        most: How many mutants one operator makes of one file.
        in_all: How many it makes of all files together; as many as it can by default.
        watch: Told of each.
    """
    found: list[Outcome] = []
    with Sandbox(TASK) as sandbox:
        for example in flows:
            made = Counter(outcome.operator for outcome in found)
            open_ = [one for one in operators if in_all is None or made[one.name] < in_all]
            for outcome in _mutants(example, open_, most, sandbox) if open_ else ():
                found.append(outcome)
                if watch is not None:
                    watch(outcome)
    return MutationReport(outcomes=tuple(found))


def _mutants(example: Example, operators: Sequence[Operator], most: int, sandbox: Sandbox) -> Iterator[Outcome]:
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name) / example.file.parent.name
        shutil.copytree(example.file.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        laboratory = _Laboratory(example, folder, sandbox)
        for module in modules(laboratory.original.sources, example.file.name):
            if not (module.is_flow or example.file.name == FLOW_FILE):
                continue  # a second flow shares its records with the first, which may use others of them
            for operator in operators:
                for mutation in islice(_changed(operator, module), most):
                    yield laboratory.outcome(operator, mutation)


def _changed(operator: Operator, module: Module) -> Iterator[Mutation]:
    return (mutation for mutation in operator.mutate(module) if mutation.text != module.text)


class _Laboratory:
    """A copy of an example in which one file at a time is another one."""

    def __init__(self, example: Example, folder: Path, sandbox: Sandbox) -> None:
        self._example = example
        self._folder = folder
        self._sandbox = sandbox
        self.original = self._built()
        self._known = _reported(_diagnostics(self.original))

    def _built(self) -> Built:
        return build(self._folder / self._example.file.name, sandbox=self._sandbox)

    def outcome(self, operator: Operator, mutation: Mutation) -> Outcome:
        """What becomes of one mutant."""
        file = self._folder / mutation.file
        before = file.read_text(encoding="utf-8")
        file.write_text(mutation.text, encoding="utf-8")
        try:
            mutant = self._built()
        finally:
            file.write_text(before, encoding="utf-8")
        new = [found for found in _diagnostics(mutant) if (found.code, found.message) not in self._known]
        change = ""
        if mutant.ir is not None and self.original.ir is not None:
            change = next((one.text for one in compare(self.original.ir, mutant.ir)), "")
        return Outcome(
            operator=operator.name,
            example=self._example.name,
            file=mutation.file,
            line=mutation.line,
            what=mutation.what,
            outcome=_judged(operator, new, change),
            codes=tuple(sorted({found.code for found in new})),
            change=change,
        )


def _judged(operator: Operator, new: Sequence[Diagnostic], change: str) -> OutcomeName:
    if any(found.code in operator.codes for found in new):
        return "caught"
    # An error that nobody foresaw is no proof that this mistake is understood.
    is_valid = not any(found.severity == "error" for found in new)
    return "shown" if is_valid and change else "missed"


def _diagnostics(built: Built) -> tuple[Diagnostic, ...]:
    return built.diagnostics if built.ir is None else check(built.ir)


def _reported(found: Sequence[Diagnostic]) -> set[tuple[str, str]]:
    return {(one.code, one.message) for one in found}
