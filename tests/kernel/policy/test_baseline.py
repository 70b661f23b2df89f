"""Policies: each judges its own cases as it says, and a rule that cannot be evaluated denies."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from flowlattice.errors import UsageError
from flowlattice.ir.lower import lower
from flowlattice.ir.model import CapabilityUse, FlowIR
from flowlattice.language.loading import load
from flowlattice.policy import Decision, Policy, PolicyTest, Ruleset, decide, load_policies, run_tests
from flowlattice.policy.costs import run_costs

ECHO = Path(__file__).parents[3] / "examples" / "s01_echo"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CASES = [(policy, test) for policy in load_policies() for test in policy.tests]


@pytest.mark.parametrize(("policy", "case"), CASES, ids=[f"{p.id}: {t.name}" for p, t in CASES])
def test_a_policy_judges_its_own_cases_as_it_says(policy: Policy, case: PolicyTest) -> None:
    assert dict(zip([t.name for t in policy.tests], [ok for _, ok in run_tests(policy)], strict=True))[case.name]


def test_every_policy_has_a_case_that_passes_and_one_that_does_not() -> None:
    for policy in load_policies():
        assert {test.passes for test in policy.tests} == {True, False}, policy.id


def judged(ir: FlowIR, *policies: Policy, hosts: tuple[str, ...] = ()) -> Decision:
    rules = policies or load_policies()
    return decide(Ruleset(policies=rules, base=rules), ir, allowed_hosts=hosts, at=NOW)


def test_the_echo_flow_is_allowed() -> None:
    assert judged(lower(load(ECHO))).findings == ()


def test_a_flow_without_a_rate_limit_is_denied_with_the_remedy() -> None:
    ir = lower(load(ECHO))
    bare = ir.model_copy(update={"surfaces": ()})
    findings = judged(bare).findings
    assert [(f.policy, f.severity, f.subject) for f in findings] == [("WEB-RATE-CAP", "deny", "echo_norm")]
    assert "rate_limit" in findings[0].remedy


def test_a_name_with_a_star_allows_the_hosts_below_it() -> None:
    (rule,) = [policy for policy in load_policies() if policy.id == "EGRESS-ALLOWED"]
    ir = lower(load(ECHO))
    use = CapabilityUse(binding="mail", name="http.write", egress=("api.example.com",))
    calling = ir.model_copy(update={"nodes": (ir.nodes[0].model_copy(update={"capabilities": (use,)}),)})
    assert judged(calling, rule, hosts=("*.example.com",)).allowed
    assert not judged(calling, rule, hosts=("*.ample.com",)).allowed


def test_the_digest_of_policies_changes_with_their_text() -> None:
    ir = lower(load(ECHO))
    first, *rest = load_policies()
    changed = first.model_copy(update={"require": "true"})
    assert judged(ir, first, *rest).policies_digest == judged(ir).policies_digest
    assert judged(ir, changed, *rest).policies_digest != judged(ir).policies_digest


@pytest.mark.parametrize("rule", ["it.no_such_field.deeper == 1", "9223372036854775807 + 1 > 0", "1 / 0 == 1"])
def test_a_rule_that_cannot_be_evaluated_denies(rule: str) -> None:
    broken = load_policies()[0].model_copy(update={"for_each": "[ir]", "require": rule, "severity": "audit"})
    (finding,) = judged(lower(load(ECHO)), broken).denials
    assert "cannot be evaluated" in finding.message


@pytest.mark.parametrize("text", ["a: [", "- {id: X}", "7", "- {id: lower, severity: deny}"])
def test_a_file_that_is_no_list_of_policies_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"bad\.yaml"):
        load_policies(tmp_path)


def test_what_a_long_flow_costs_is_reckoned_up_without_a_limit_on_its_length() -> None:
    trigger: JsonValue = {"name": "n0", "kind": "trigger"}
    asking: list[JsonValue] = [
        {"name": f"n{at}", "kind": "node", "ai": {}, "cost": {"tokens": 1, "usd": "0.000001"}} for at in range(1, 3000)
    ]
    edges: list[JsonValue] = [{"from": f"n{at}", "to": f"n{at + 1}"} for at in range(2999)]
    round_again: JsonValue = {"from": "n2999", "to": "n1"}
    cost = run_costs({"nodes": [trigger, *asking], "edges": [*edges, round_again]})["n0"]
    assert (cost.tokens, cost.usd_micros) == (2999, 2999)
