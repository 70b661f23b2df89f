"""What is wrong with a spec before anything is built of it: whatever it says, it is told and crashes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flowlattice_agents.errors import SpecError
from flowlattice_agents.rendering import render_flow
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


def record(name: str, of: str) -> dict[str, Any]:
    return {"name": name, "fields": [{"name": "n", "type": "integer"}, {"name": "held", "type": of}], "data": "public"}


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([record("Number", "Number")], "records.Number: the record `Number` holds itself"),
        ([record("Number", "list[Other]"), record("Other", "Number")], "the record `Number` holds itself"),
        ([record("Number", "integer"), record("Alone", "Alone")], "records.Alone: the record `Alone` holds itself"),
        ([record("Number", "Nowhere")], "`Nowhere` is neither a type nor a record"),
    ],
)
def test_records_that_are_no_types_are_problems_and_are_not_rendered(records: list[dict[str, Any]], told: str) -> None:
    odd = spec(records=records)
    assert told in problems_of(odd)[0]
    with pytest.raises(SpecError, match="records: "):
        render_flow(odd)


def test_a_function_whose_types_are_none_is_a_problem() -> None:
    function = {
        "name": "twice", "parameters": [{"name": "n", "type": "Nowhere"}], "returns": "integer",
        "body": "return n", "meaning": "Twice.",
    }  # fmt: skip
    assert problems_of(spec(functions=[function])) == [
        "functions.twice: `Nowhere` is neither a type nor a record of the spec"
    ]


def test_a_whole_number_beyond_floats_is_compared_all_the_same() -> None:
    request = {"method": "GET", "path": "/double?n=4"}
    (problem,) = problems_of(spec(examples=[{"request": request, "json_body": {"doubled": 10**400}}]))
    assert "is expected to answer" in problem


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/{n}/{n}", "has the parameter n twice"),
        ("/{\N{SUPERSCRIPT TWO}}", "is no identifier"),
        ("/{1}", "the parameter {1} of /{1} is no identifier"),
        ("/{}", "is no identifier"),
    ],
)
def test_a_path_names_each_parameter_once_and_by_an_identifier(path: str, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        spec(routes=[{**SPEC["routes"][0], "path": path}])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("minimum: .inf", "finite number"),
        ("minimum: .nan", "finite number"),
        ("minimum: 1.0e+999", "finite number"),
        (r'default: {"a": ["\ud800"]}', "half of a surrogate pair"),
    ],
)
def test_a_spec_in_yaml_holds_nothing_that_cannot_be_kept(text: str, told: str) -> None:
    field = f"{{name: n, type: integer, {text}}}"
    with pytest.raises(SpecError, match=told):
        FlowSpec.from_yaml(f"name: x\nrecords: [{{name: R, fields: [{field}]}}]\nroutes: []\n")
