"""Policies: an organisation's rules over Flow IR, as data. Each is CEL with an id, a severity, a remedy and tests.

A policy has subjects (`for_each`, a CEL list) and a condition that must hold for each (`require`, with the subject as
`it`). A rule that cannot be evaluated is a denial: the default is to refuse. A decision says what the policies of an
environment and a team find in a flow, and which of it is waived.
"""

from flowlattice.policy.decision import Decision, Judged, decide
from flowlattice.policy.judging import Judgement, run_tests
from flowlattice.policy.model import Bound, Finding, Parameter, Policy, PolicyTest, Severity
from flowlattice.policy.ruleset import Ruleset, load_policies, organisation_folder
from flowlattice.policy.waivers import Scope, Waiver, Waivers

__all__ = [
    "Bound",
    "Decision",
    "Finding",
    "Judged",
    "Judgement",
    "Parameter",
    "Policy",
    "PolicyTest",
    "Ruleset",
    "Scope",
    "Severity",
    "Waiver",
    "Waivers",
    "decide",
    "load_policies",
    "organisation_folder",
    "run_tests",
]
