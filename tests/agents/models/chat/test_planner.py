"""The chat planner over real HTTP: what is asked, what is accepted, and what the model is told to correct."""

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest

from flowlattice.diagnostics import Diagnostic
from flowlattice_agents.errors import AnswerUnusable
from flowlattice_agents.models.base import Answer, Disagreement, Existing, Trouble
from flowlattice_agents.models.chat import Asker, ChatPlanner
from flowlattice_agents.spec import Example, FlowSpec
from flowlattice_agents.specs import spec_text
from tests.support.chat import asked
from tests.support.planned import BRIEF, SPEC, drafted, edit
from tests.support.scripted_model import (
    Behaviour,
    ScriptedModel,
    cut_off,
    refuse,
    reply_json,
    reply_text,
    scripted_model,
)

HELD_BY_ITSELF = {"name": "Number", "fields": [{"name": "n", "type": "integer"}, {"name": "more", "type": "Number"}]}


def planner(server: ScriptedModel, *, alone: bool = False) -> ChatPlanner:
    return ChatPlanner(asker=Asker(chat=asked(server), seed=7), alone=alone)


def last_words(server: ScriptedModel) -> str:
    return str(server.requests[-1]["messages"][-1]["content"])


def test_a_draft_is_a_spec_with_its_account_and_what_was_assumed() -> None:
    with scripted_model([reply_json(drafted())]) as server:
        draft = planner(server).draft(BRIEF)
    assert draft.spec is not None
    assert [route.path for route in draft.spec.routes] == ["/double"]
    assert draft.spec.rate_limit is not None
    assert (draft.spec.rate_limit.qps, draft.spec.rate_limit.burst) == (100, 200)
    assert {one.slot for one in draft.assumptions} == {"version", "rate", "burst", "deadline", "data"}
    assert [clause.text for clause in draft.spec.clauses] == [
        "GET /double takes n, a whole number,",
        "and gives {doubled: n * 2}.",
    ]


def test_the_request_carries_the_brief_the_rules_and_a_schema_and_pins_the_seed() -> None:
    with scripted_model([reply_json(drafted())]) as server:
        planner(server).draft(BRIEF, [Answer(slot="path", question="Where?", text="/double")])
    (body,) = server.requests
    system, user = (message["content"] for message in body["messages"])
    assert BRIEF in user
    assert "Where?" in user
    assert "numbers.multiply" not in user  # only operators that are there
    assert "aggregation.total(values" in user
    assert "Record   {" in system
    assert "lists: length" in system
    assert body["seed"] == 7
    assert body["response_format"]["json_schema"]["name"] == "draft"
    assert body["max_tokens"] == 6000


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (reply_text("Sure! Here it is."), "not one complete JSON object"),
        (reply_text('{"reasons": "r", "outcome": "spec", "spec": {'), "not one complete JSON object"),
        (reply_json({"reasons": "r", "outcome": "perhaps"}), "outcome: "),
        (cut_off(json.dumps(drafted())[:200]), "cut off"),
        (reply_json(drafted(spec=None)), "outcome is spec, but `spec` is empty"),
        (reply_json(drafted(spec={**SPEC, "colour": "red"})), "spec.colour: Extra inputs"),
        (reply_json(drafted(body='{"doubled": m * 2}')), "unknown name `m`"),
        (reply_json(drafted(body='{"doubled": len(n)}')), "`len` is not an operator"),
        (reply_json(drafted(body='{"doubled": n + 2}')), "is expected to answer 200"),
        (
            reply_json(drafted(account=[{"clause": "GET /double takes n", "became": "route"}])),
            "no clause covers `a whole number,",
        ),
        (reply_json(drafted(checks=[{"require": "n", "field": "n", "reason": "r"}])), "`n` is integer, not boolean"),
        (reply_json(drafted(checks=[{"require": "n > 0", "field": "m", "reason": "r"}])), "names m, which is no field"),
        (reply_json(drafted(path="/double/{id}")), "{id} is no field"),
        (reply_json(drafted(path="/{n}/{n}")), "has the parameter n twice"),
        (reply_text(json.dumps(drafted(spec={**SPEC, "rate_limit": {"qps": 1e999}}))), "rate_limit.qps: is no finite"),
        (reply_text(json.dumps(drafted(spec={**SPEC, "summary": 0.0})).replace("0.0", "1e999")), "summary: is no fin"),
        (reply_text(json.dumps(drafted(spec={**SPEC, "rate_limit": {"qps": math.nan}}))), "qps: is no finite number"),
        (reply_json(drafted(spec={**SPEC, "rate_limit": {"qps": -1e308}})), "rate_limit.qps: Input should be greater"),
        (reply_json(drafted(spec={**SPEC, "rate_limit": {"qps": 10**400}})), "rate_limit.qps: Input should be "),
        (reply_json(drafted(spec={**SPEC, "records": [HELD_BY_ITSELF]})), "the record `Number` holds itself"),
        (reply_json({**drafted(), "assumptions": [{"slot": "s", "text": "\x07"}]}), "assumptions.0.text: "),
        (reply_json(drafted(account=[{"clause": BRIEF, "became": "\x1b[2J"}])), "account.0.became: "),
        (reply_json({"reasons": "r", "outcome": "refuse", "refusal": "\x07"}), "refusal: "),
        (reply_json({"reasons": "r", "outcome": "refuse", "refusal": "\ud800"}), "refusal: holds half of"),
        (reply_json(drafted(spec={**SPEC, "examples": [{"a": {"\udc00": 1}}]})), "spec.examples.0.a: holds half of"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told_and_corrected(first: Behaviour, told: str) -> None:
    with scripted_model([first, reply_json(drafted())]) as server:
        draft = planner(server).draft(BRIEF)
    assert draft.spec is not None
    assert told in last_words(server)
    assert [message["role"] for message in server.requests[-1]["messages"]] == ["system", "user", "assistant", "user"]


def test_an_answer_in_a_fence_after_some_words_is_read() -> None:
    text = f"Here it is:\n```json\n{json.dumps(drafted(), indent=1)}\n```\nThat is all."
    with scripted_model([reply_text(text)]) as server:
        assert planner(server).draft(BRIEF).spec is not None


def test_answers_that_stay_unusable_end_with_the_reason() -> None:
    with scripted_model([reply_text("no")] * 4) as server, pytest.raises(AnswerUnusable, match=r"in 4 rounds: .*JSON"):
        planner(server).draft(BRIEF)
    assert server.surplus == 0


def test_a_model_that_refuses_is_a_refusal() -> None:
    with scripted_model([refuse("I cannot help with that.")]) as server:
        assert "I cannot help with that." in str(planner(server).draft(BRIEF).refusal)


def test_questions_and_blocks_come_through() -> None:
    asks = {"slot": "path", "text": "At which path?", "assumption": None}
    block = {"code": "DAG004", "reason": "Nothing tells two payments apart.", "alternative": "Send an order number."}
    account = [{"clause": BRIEF, "became": "?"}]
    script = [
        reply_json({"reasons": "r", "account": account, "outcome": "ask", "questions": [asks]}),
        reply_json({"reasons": "r", "account": account, "outcome": "block", "block": block}),
    ]
    with scripted_model(script) as server:
        question = planner(server).draft(BRIEF).questions[0]
        blocked = planner(server).draft(BRIEF).block
    assert (question.slot, question.assumption) == ("path", None)
    assert blocked is not None
    assert (blocked.code, blocked.alternative) == ("DAG004", "Send an order number.")


def test_an_empty_brief_and_a_very_long_one_cost_nothing() -> None:
    with scripted_model([]) as server:
        assert planner(server).draft("  \n").questions
        assert planner(server).draft("x" * 40_001).refusal
    assert server.requests == []


def test_expectations_are_worked_out_without_the_spec() -> None:
    example = {
        "why": "4 * 2",
        "request": {"method": "GET", "path": "/double?n=4"},
        "status": 200,
        "json_body": {"doubled": 8},
    }
    with scripted_model([reply_json({"examples": [example]})]) as server:
        (found,) = planner(server).expect(BRIEF)
    assert found.json_body == {"doubled": 8}
    assert "Record" not in json.dumps(server.requests[0]["messages"])


def settled(answers: Sequence[dict[str, Any]]) -> tuple[Any, ScriptedModel]:
    wanted = Example.model_validate({"request": {"method": "GET", "path": "/double?n=4"}, "json_body": {"doubled": 16}})
    open_ = [Disagreement(number=1, expected=wanted, given='200 {"doubled": 8}')]
    with scripted_model([reply_json(answer) for answer in answers]) as server:
        return planner(server).settle(BRIEF, (), FlowSpec.model_validate(SPEC), open_), server


def test_a_disagreement_is_settled_by_an_edit_or_by_withdrawing_it() -> None:
    found, server = settled([{"reasons": "r", "withdrawn": [{"number": 1, "reason": "twice four is eight"}]}])
    assert found.withdrawn == {1: "twice four is eight"}
    assert found.spec == FlowSpec.model_validate(SPEC)
    assert "the tester expects" in last_words(server)
    found, _ = settled([{"reasons": "r", "edits": [edit("n * 2", "n * 4"), edit("doubled: 8", "doubled: 16")]}])
    assert found.spec.routes[0].reply.body == '{"doubled": n * 4}'


def test_edits_apply_exactly_or_are_rejected_with_the_reason() -> None:
    found, server = settled(
        [
            {"reasons": "r", "edits": [edit("n * 3", "n * 4")]},
            {"reasons": "r", "edits": [edit("doubled", "tripled")]},
            {"reasons": "r", "withdrawn": [{"number": 1, "reason": "it is right"}]},
        ]
    )
    assert found.withdrawn
    assert "is not found" in server.requests[1]["messages"][-1]["content"]
    assert "is found 2 times" in server.requests[2]["messages"][-1]["content"]


def test_a_change_edits_the_spec_and_leaves_the_rest() -> None:
    before = FlowSpec.model_validate(SPEC)
    account = [{"clause": "Triple it instead.", "became": "the reply"}]
    edits = [edit('doubled": n * 2', 'doubled": n * 3'), edit("doubled: 8", "doubled: 12")]
    answer = {"reasons": "r", "account": account, "outcome": "edit", "edits": edits}
    with scripted_model([reply_json(answer)]) as server:
        draft = planner(server).change(Existing(source="", spec=before), "Triple it instead.")
    assert draft.spec is not None
    assert draft.spec.routes[0].reply.body == '{"doubled": n * 3}'
    assert draft.spec.records == before.records
    assert spec_text(before) in last_words(server)


def test_a_flow_without_a_spec_is_changed_in_its_own_text() -> None:
    source = "# a remark\nx = 1  # stays\n"
    answer = {
        "reasons": "r",
        "account": [{"clause": "Two.", "became": "x"}],
        "outcome": "edit",
        "edits": [edit("x = 1", "x = (")],
    }
    right = {**answer, "edits": [edit("x = 1", "x = 2")]}
    with scripted_model([reply_json(answer), reply_json(right)]) as server:
        draft = planner(server).change(Existing(source=source), "Two.")
    assert draft.source == "# a remark\nx = 2  # stays\n"
    assert "is no Python" in last_words(server)


def test_a_change_of_a_file_edits_no_other_file() -> None:
    answer = {
        "reasons": "r",
        "account": [{"clause": "Two.", "became": "x"}],
        "outcome": "edit",
        "edits": [edit("x = 1", "x = 2", file="policies/web.yaml")],
    }
    right = {**answer, "edits": [edit("x = 1", "x = 2", file="flow.py")]}
    with scripted_model([reply_json(answer), reply_json(right)]) as server:
        draft = planner(server).change(Existing(source="x = 1\n"), "Two.")
    assert draft.source == "x = 2\n"
    assert "edits: policies/web.yaml is not yours to edit" in last_words(server)


def test_an_empty_change_request_and_a_very_long_one_cost_nothing() -> None:
    existing = Existing(source="x = 1\n")
    with scripted_model([]) as server:
        (question,) = planner(server).change(existing, " \n").questions
        assert planner(server).change(existing, "x" * 40_001).refusal
    assert question.text == "What should be changed? The change request is empty."
    assert server.requests == []


def test_a_repair_sees_the_diagnostics_and_the_lines_around_them() -> None:
    diagnostic = Diagnostic(code="DAG201", message="does not fit", file="flow.py", line=40)
    flow = "\n".join(f"line {number}" for number in range(1, 100))
    trouble = Trouble(
        file="spec.yaml", text=spec_text(FlowSpec.model_validate(SPEC)), flow=flow, diagnostics=(diagnostic,)
    )
    with scripted_model([reply_json({"reasons": "r", "edits": [edit("n * 2", "n + n")]})]) as server:
        repair = planner(server).repair(trouble)
    said = last_words(server)
    assert "DAG201" in said
    assert "line 38" in said
    assert "line 60" not in said
    assert [one.replace for one in repair.edits] == ["n + n"]


def test_an_agent_alone_writes_the_file_itself() -> None:
    answer = {"reasons": "r", "outcome": "flow", "flow": "flow = 1\n", "examples": []}
    with scripted_model([reply_json({**answer, "flow": "flow = ("}), reply_json(answer)]) as server:
        draft = planner(server, alone=True).draft(BRIEF)
        assert planner(server, alone=True).expect(BRIEF) == ()
    assert draft.source == "flow = 1\n"
    assert len(server.requests) == 2
