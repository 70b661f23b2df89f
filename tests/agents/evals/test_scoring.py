"""A score says how far up the ladder a sample came, and in one word why no further."""

import pytest

from flowlattice_agents.evals.brief import Brief, Request
from flowlattice_agents.evals.evidence import Attempt, Authored, Built, Evidence, FeedAnswer, HttpAnswer, Told
from flowlattice_agents.evals.scoring import ladder_of, score
from tests.agents.evals.conftest import brief_of

BRIEF = brief_of("""
    id: echo
    family: web
    brief: x
    expect:
      outcome: deployed
      profile: web
      trigger: {path: /echo}
      nodes: [{match: {effects: pure}, min: 2}]
      edges: [{match: {delivery: at_least_once}}]
      checkpoints: {min: 1}
    probes:
    - feed: [{n: 1}]
      outputs: [{n: 2}, {n: 1}]
      side_outputs: {rejected: [{why: late}]}
      calls: [{capability: http.write, target: stripe, times: 2}]
    - {request: {path: /echo}, response: {status: 200, json: {v: 1}, text: "a+", sse: ["data: 1", "data: 2"]}}
    """)
IR = {
    "profile": "web",
    "nodes": [{"effects": "pure", "trigger": {"path": "/echo", "kind": "http"}}, {"effects": "pure"}],
    "edges": [{"delivery": "at_least_once"}],
    "checkpoints": [{}],
}
CALL = {"capability": "http.write", "target": "api.stripe.com"}
RUN = {"outputs": [{"n": 1}, {"n": 2, "m": 3}], "side_outputs": {"rejected": [{"why": "late"}]}, "calls": [CALL, CALL]}
BODY = '{"v": 1, "w": "aa data: 1 data: 2"}'
OK = Told(code=0, out="", err="")
ASKED = Request(path="/echo")
DEPLOYED = {"outcome": "deployed", "flow": "/x/flow.py", "certificate": "c"}
CERTIFIED = {"checks": [{"name": "replay", "verdict": "passed"}, {"name": "idempotency", "verdict": "not_applicable"}]}


def authored(result: dict | None = None, *, code: int | None = 0, err: str = "") -> Authored:
    return Authored(told=Told(code=code, out="", err=err), result=result, seconds=12.0)


def built(**changes) -> Built:
    http = (HttpAnswer(request=ASKED, status=200, body=BODY),)
    fed = (FeedAnswer(feed=({"n": 1},), told=OK, result=RUN),)
    found = Built(sources={"flow.py": "x"}, certificate=CERTIFIED, check=OK, ir=IR, http=http, fed=fed)
    return found.model_copy(update=changes)


def judged(brief: Brief = BRIEF, run: Authored | None = None, flow: Built | None = None, **more):
    attempt = Attempt(authored=run or authored(DEPLOYED), built=flow)
    return score(brief, Evidence(attempt=attempt, **more))


def answer(**changes) -> Built:
    return built(http=(HttpAnswer(request=ASKED, status=200, body=BODY).model_copy(update=changes),))


def fed(**changes) -> Built:
    return built(fed=(FeedAnswer(feed=({"n": 1},), told=OK, result={**RUN, **changes}),))


def test_all_as_wanted_is_a_pass():
    found = judged(flow=built())
    assert found.passed
    assert found.reached == found.ladder == ("understood", "compiles", "certifies", "behaves")
    assert found.failed_at is None


BAD_CHECK = Told(code=1, out='{"code": "DAG001"}', err="")
FALLS = {
    "not understood": (
        authored({"outcome": "needs_input", "questions": [{"text": "Which?"}]}),
        None,
        "understood",
        "outcome",
        "Which",
    ),
    "refused": (authored({"outcome": "refused", "reason": "no"}), None, "understood", "outcome", "refused"),
    "no reason to fail": (authored({"outcome": "failed", "reason": "odd"}), None, "understood", "outcome", "odd"),
    "traceback": (
        authored(None, err="Traceback (most recent call last)\nKeyError: 1"),
        None,
        "understood",
        "crash",
        "KeyError",
    ),
    "traceback with a result": (
        authored(DEPLOYED, err="Traceback (most recent call last)\nX"),
        built(),
        "understood",
        "crash",
        "X",
    ),
    "no result": (authored(None, code=1, err="error: odd"), None, "understood", "crash", "exit code 1"),
    "too slow": (authored(None, code=None), None, "understood", "timeout", "12 s"),
    "diagnostics": (
        authored({"outcome": "blocked", "diagnostics": [{"code": "DAG004", "severity": "error"}]}),
        None,
        "compiles",
        "check",
        "DAG004",
    ),
    "check fails later": (None, built(check=BAD_CHECK), "compiles", "check", "DAG001"),
    "check is too slow": (None, built(check=Told(code=None, out="", err="")), "compiles", "check", "stopped"),
    "no IR": (None, built(ir=None), "compiles", "check", "no IR"),
    "no flow": (None, None, "compiles", "check", "no flow"),
    "policy": (authored({"outcome": "blocked", "policy": [{"id": "WEB-1"}]}), None, "certifies", "policy", "blocked"),
    "tests": (
        authored({"outcome": "failed", "certificate": "c", "reason": "replay differs"}),
        None,
        "certifies",
        "certificate",
        "replay",
    ),
    "no certificate": (
        authored({**DEPLOYED, "certificate": None}),
        built(certificate=None),
        "certifies",
        "certificate",
        "no certificate",
    ),
    "a bad certificate": (
        None,
        built(certificate={"checks": [{"name": "limits", "verdict": "failed"}]}),
        "certifies",
        "certificate",
        "limits",
    ),
    "profile": (None, built(ir={**IR, "profile": "dev"}), "behaves", "facts", "profile is dev"),
    "trigger": (None, built(ir={**IR, "nodes": [{"effects": "pure"}] * 2}), "behaves", "facts", "trigger"),
    "nodes": (None, built(ir={**IR, "nodes": IR["nodes"][:1]}), "behaves", "facts", "1 nodes"),
    "edges": (None, built(ir={**IR, "edges": []}), "behaves", "facts", "0 edges"),
    "checkpoints": (None, built(ir={**IR, "checkpoints": []}), "behaves", "facts", "0 checkpoints"),
    "never served": (None, built(served="the web host ended"), "behaves", "serve", "ended"),
    "status": (None, answer(status=500), "behaves", "probe", "status 500, not 200"),
    "no answer": (None, answer(status=None, error="ReadTimeout"), "behaves", "probe", "ReadTimeout"),
    "no JSON": (None, answer(body="aa"), "behaves", "probe", "no JSON"),
    "other JSON": (None, answer(body='{"v": 2}'), "behaves", "probe", "lacks"),
    "text": (None, answer(body='{"v": 1}'), "behaves", "probe", "/a+/"),
    "event": (None, answer(body='{"v": 1, "w": "a data: 1"}'), "behaves", "probe", "/data: 2/"),
    "outputs": (None, fed(outputs=[{"n": 1}]), "behaves", "probe", "outputs"),
    "too many outputs": (None, fed(outputs=[{"n": 1}, {"n": 2}, {"n": 2}]), "behaves", "probe", "outputs"),
    "side outputs": (None, fed(side_outputs={}), "behaves", "probe", "rejected"),
    "calls": (None, fed(calls=[CALL]), "behaves", "probe", "1 calls, not 2"),
    "calls elsewhere": (
        None,
        fed(calls=[CALL, {**CALL, "target": "else.where"}]),
        "behaves",
        "probe",
        "1 calls, not 2",
    ),
    "no run": (
        None,
        built(fed=(FeedAnswer(feed=({"n": 1},), told=Told(code=1, out="", err="oh"), result=None),)),
        "behaves",
        "probe",
        "exit code 1: oh",
    ),
}


@pytest.mark.parametrize("name", FALLS)
def test_what_goes_wrong_is_named(name):
    run, flow, rung, category, said = FALLS[name]
    found = judged(run=run, flow=flow)
    assert (found.status, found.passed) == ("scored", False)
    assert (found.failed_at, found.category) == (rung, category)
    assert said in found.why


@pytest.mark.parametrize(("code", "category"), [(2, "usage"), (3, "engine")])
def test_agents_that_cannot_be_asked_are_an_error_and_no_failure(code, category):
    found = judged(run=authored(None, code=code, err="error: openai is not installed\n"))
    assert (found.status, found.category, found.failed_at) == ("error", category, None)
    assert "not installed" in found.why


ENDED_OTHERWISE = {
    "ModelUnavailable": ("failed", 3, "error", "engine"),
    "BudgetExhausted": ("needs_input", 1, "unscored", "budget"),
    "RecordError": ("failed", 1, "unscored", "stale"),
    "AnswerUnusable": ("failed", 1, "scored", "outcome"),
}


@pytest.mark.parametrize("halted", ENDED_OTHERWISE)
def test_a_run_without_a_model_money_or_record_says_nothing_about_the_agents(halted):
    outcome, code, status, category = ENDED_OTHERWISE[halted]
    asks = brief_of("{id: a, family: unclear, brief: x, expect: {outcome: needs_input}}")
    for brief in (BRIEF, asks):
        found = judged(brief, authored({"outcome": outcome, "halted": halted, "reason": "oh"}, code=code))
        assert (found.status, found.category) == (status, category)
        assert "oh" in found.why
        assert bool(found.stale) == (category == "stale")


def test_a_missing_record_is_unscored():
    found = score(BRIEF, Evidence(unscored="no record echo.jsonl"))
    assert (found.status, found.category, found.why) == ("unscored", "record", "no record echo.jsonl")


def test_a_stale_record_is_unscored_where_it_fails_and_said_where_it_passes():
    stale = {**DEPLOYED, "stale": ["the prompt is newer"]}
    passed = judged(run=authored(stale), flow=built())
    assert (passed.passed, passed.stale) == (True, ("the prompt is newer",))
    failed = judged(run=authored(stale), flow=answer(status=500))
    assert (failed.status, failed.category, failed.stale) == ("unscored", "stale", ("the prompt is newer",))


@pytest.mark.parametrize("outcome", ["blocked", "refused", "needs_input"])
def test_a_no_or_a_question_is_right_where_a_flow_would_be_wrong(outcome):
    for want in ("blocked", "refused"):
        brief = brief_of(f"{{id: a, family: unsafe, brief: x, expect: {{outcome: {want}}}}}")
        assert judged(brief, authored({"outcome": outcome})).passed
        assert judged(brief, authored(DEPLOYED), built()).category == "outcome"
    asks = brief_of("{id: a, family: unclear, brief: x, expect: {outcome: needs_input}}")
    assert judged(asks, authored({"outcome": outcome})).passed == (outcome == "needs_input")
    assert ladder_of(asks) == ("understood",)


def test_reasons_must_be_named():
    brief = brief_of("""
        {id: robot, family: unsafe, brief: x, expect: {outcome: blocked, codes: [DAG004], mentions: [ROBOT, "key|id"]}}
        """)
    named = {"outcome": "blocked", "diagnostics": [{"code": "DAG004"}], "reason": "the robot has no key"}
    assert judged(brief, authored(named)).passed
    assert judged(brief, authored({**named, "reason": "a robot"})).category == "mentions"
    assert judged(brief, authored({**named, "diagnostics": []})).category == "codes"
    silent = {**named, "reason": "no key", "flow": "/robot/flow.py", "run": "robot"}
    assert judged(brief, authored(silent)).category == "mentions"


def test_probes_that_were_never_sent_as_they_stand_are_unscored():
    for flow in (
        built(http=()),
        built(fed=()),
        built(http=(HttpAnswer(request=ASKED.model_copy(update={"path": "/"}), status=200),)),
    ):
        found = judged(flow=flow)
        assert (found.status, found.category) == ("unscored", "changed")


def test_a_change_is_the_last_rung():
    change = {"brief": "more", "expect": {"outcome": "deployed", "profile": "web"}}
    brief = Brief.model_validate({**BRIEF.model_dump(by_alias=True, exclude_unset=True), "change": change})
    assert ladder_of(brief)[-1] == "survives"
    well = Attempt(authored=authored(DEPLOYED), built=built())
    ill = Attempt(authored=authored(DEPLOYED), built=built(ir={**IR, "profile": "dev"}))
    assert judged(brief, flow=built(), change=well).passed
    fell = judged(brief, flow=built(), change=ill)
    assert (fell.failed_at, fell.category) == ("survives", "facts")
    assert judged(brief, flow=built()).status == "unscored"


def test_an_edit_that_behaves_survives():
    brief = brief_of("{id: a, family: edit, edit: other, brief: x, expect: {outcome: deployed}}")
    found = judged(brief, flow=built(), base=authored(DEPLOYED))
    assert found.passed
    assert found.reached[-1] == "survives"
    lost = score(brief, Evidence(base=authored({"outcome": "needs_input"})))
    assert (lost.failed_at, lost.category) == ("understood", "base")
