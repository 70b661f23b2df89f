"""What is wrong with a spec before anything is built of it: whatever it says, it is told and crashes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from flowlattice_agents.simulate import simulate
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.specs import problems_of
from tests.support.planned import SPEC


def spec(**changed: Any) -> FlowSpec:
    return FlowSpec.model_validate({**SPEC, **changed})


def with_pattern(pattern: str) -> FlowSpec:
    field = {"name": "word", "type": "string", "pattern": pattern}
    route = {"method": "GET", "path": "/", "accepts": "Word", "reply": {"body": '{"word": word}'}}
    return spec(records=[{"name": "Word", "fields": [field], "data": "public"}], routes=[route], examples=[])


def test_a_pattern_is_matched_in_time_that_grows_with_the_text_only() -> None:
    nested = with_pattern("^(a+)+$")
    assert problems_of(nested) == []
    assert simulate(nested, "GET", f"/?word={'a' * 60}b").status == 422
    assert simulate(nested, "GET", f"/?word={'a' * 60}").status == 200


@pytest.mark.parametrize(
    ("pattern", "why"), [("(", "unclosed group"), ("a(?=b)", "look-around"), (r"(a)\1", "backreferences")]
)
def test_a_pattern_that_flows_cannot_match_is_a_problem(pattern: str, why: str) -> None:
    (problem,) = problems_of(with_pattern(pattern))
    assert problem.startswith(f"records.Word.word: the pattern `{pattern}` is no regular expression here: {why}")
