"""Mistakes in the examples are noticed: by a diagnostic that is declared for them, or by the semantic diff.

`flows bench mutants` makes all of them; here each kind is made once.
"""

from __future__ import annotations

import ast

import pytest

from flowlattice.bench.mutants import OPERATORS, MutationReport, Operator, examples, mutate
from flowlattice.bench.mutants.source import Module
from flowlattice.check import rules
from flowlattice.errors import UsageError
from tests.support.docblocks import ROOT

FLOWS = examples(ROOT / "examples")


@pytest.fixture(scope="module")
def report() -> MutationReport:
    return mutate(FLOWS, in_all=1)


def test_every_mistake_is_noticed(report: MutationReport) -> None:
    assert [f"{one.example}: {one.operator}: {one.what}: {one.codes}" for one in report.missed] == []


def test_every_operator_finds_an_occasion(report: MutationReport) -> None:
    assert {operator.name for operator in OPERATORS} - {one.operator for one in report.outcomes} == set()


def test_what_is_shown_is_said_in_a_sentence(report: MutationReport) -> None:
    shown = [one for one in report.outcomes if one.outcome == "shown"]
    assert shown
    assert all(one.change for one in shown)


def test_the_codes_that_operators_declare_are_codes_of_rules() -> None:
    known = {rule.code for rule in rules()}
    assert {code for operator in OPERATORS for code in operator.codes} - known == set()


@pytest.mark.parametrize("operator", OPERATORS, ids=[operator.name for operator in OPERATORS])
def test_an_operator_says_what_it_does(operator: Operator) -> None:
    assert operator.description.endswith(".")
    assert operator.name == operator.mutate.__name__


def test_nobody_notices_what_no_operator_declares() -> None:
    quiet = Operator(
        name="say_pass",
        description="Nothing changes.",
        codes=frozenset(),
        mutate=lambda module: iter([module.at_end("pass", "says pass")]),
    )
    (outcome,) = mutate(FLOWS[:1], operators=[quiet]).outcomes
    assert (outcome.outcome, outcome.codes, outcome.change) == ("missed", (), "")


def test_an_error_that_is_not_declared_is_missed() -> None:
    broken = Operator(
        name="break_it",
        description="The file is no Python.",
        codes=frozenset({"DAG201"}),
        mutate=lambda module: iter([module.at_end("(", "breaks the file")]),
    )
    (outcome,) = mutate(FLOWS[:1], operators=[broken]).outcomes
    assert (outcome.outcome, outcome.codes) == ("missed", ("LOAD001",))


def test_mutations_keep_the_rest_of_a_file() -> None:
    text = 'import a\n\n\ndef f(ü: int) -> None:\n    """Say."""\n    b("é", c=1)  # kept\n'
    module = Module(name="flow.py", text=text, is_flow=True)
    (call,) = module.calls("b")
    changed = module.change(call, lambda one: one.keywords.clear(), "takes c away", needs=("ms", ".math"))
    assert changed.text == text.replace('b("é", c=1)', "b('é')").replace(
        "import a", "import math\nfrom flowlattice import ms\nimport a"
    )
    assert ast.parse(changed.text)
    assert (changed.line, changed.file) == (6, "flow.py")


def test_a_folder_without_examples_is_named(tmp_path) -> None:
    with pytest.raises(UsageError, match="no examples there; they are in a checkout of the source"):
        examples(tmp_path)
