"""Every rule's page: its examples do what they say, and its fix answers what it found."""

import re

import pytest

from flowlattice.check import CheckContext, Facts, apply_fixes, check, rules, with_edits
from flowlattice.check.facts import Approval, Rate
from flowlattice.ir import TASK
from flowlattice.ir.build import build
from flowlattice.ir.model import AiBudget
from flowlattice.sandbox import Sandbox

# What a bad example cannot help showing besides its own code.
ALONGSIDE = {
    "DAG204": {"DAG104"},
    "EGRESS101": {"CAP101"},
    "EXACT002": {"DAG004"},
    "SAGA205": {"DAG004"},
}
# What has to be stated for a fix to be offered at all.
STATED = {
    "BUD101": Facts(budgets={"summarize": AiBudget(usd_per_day="5", tokens_per_day=100_000)}),
    "CTRL101": Facts(deadline_ms=250),
    "DAG320": Facts(rate=Rate(qps=10, burst=20)),
    "HITL101": Facts(approvals={"review": Approval(ttl_ms=86_400_000, on_timeout="reject")}),
}
# Local doubles stand in for capabilities in examples.
ALWAYS = {"CAP101"}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(TASK) as made:
        yield made


@pytest.fixture
def found_in(tmp_path, sandbox):
    def look(text, context=None):
        (tmp_path / "flow.py").write_text(text)
        built = build(tmp_path, sandbox=sandbox)
        if built.ir is None:
            return None, built.diagnostics
        return built.ir, check(built.ir, context or CheckContext())

    return look


def examples(rule, heading):
    section = rule.page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def example(rule, heading):
    return examples(rule, heading)[0]


def codes(found):
    return {diagnostic.code for diagnostic in found}


RULES = [pytest.param(rule, id=rule.code) for rule in rules()]


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_why_and_how(rule):
    assert rule.title
    assert len(rule.title) < 80
    assert [line for line in rule.page.splitlines() if line.startswith("## ")] == ["## Bad", "## Good", "## Fix"]
    assert len(rule.page.partition("\n\n")[2].partition("## Bad")[0]) > 100


@pytest.mark.parametrize("rule", RULES)
def test_the_bad_example_is_found(rule, found_in):
    for text in examples(rule, "Bad"):
        _, found = found_in(text)
        assert rule.code in codes(found)
        assert codes(found) <= {rule.code} | ALWAYS | ALONGSIDE.get(rule.code, set())
        assert all(diagnostic.file == "flow.py" and diagnostic.line >= 1 for diagnostic in found)


@pytest.mark.parametrize("rule", RULES)
def test_the_good_example_is_not(rule, found_in):
    _, found = found_in(example(rule, "Good"))
    assert codes(found) <= ALWAYS - {rule.code}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in rules() if rule.fix is not None])
def test_the_fix_answers_the_bad_example(rule, found_in):
    text = example(rule, "Bad")
    context = CheckContext(facts=STATED.get(rule.code, Facts()))
    flow, found = found_in(text, context)
    fixed = with_edits(flow, found, {"flow.py": text}, context)
    offered = [diagnostic for diagnostic in fixed if diagnostic.code == rule.code]
    assert all(diagnostic.fix is not None and diagnostic.fix.edits for diagnostic in offered)
    done = apply_fixes(text, offered, unsafe=True)
    assert done != text
    _, left = found_in(done)
    assert codes(left) <= ALWAYS
