"""Change requests: what is understood is changed and nothing else; what is not is asked about."""

import pytest

from flowlattice_agents.models.base import Answer, Existing
from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.simulate import simulate

REPEAT = (
    'POST /repeat takes word (text, at most 20 characters), lang (one of "de", "en"), times (a whole number from 1 to '
    '20, default 2) and returns {"result": word repeated times times, "status": "fine"}. '
    'GET /status returns {"up": true} always. 500 qps, burst 800, deadline 200 ms.'
)


@pytest.fixture(scope="module")
def flow():
    spec = OfflineModel().draft(REPEAT).spec
    assert spec is not None
    return spec


def changed(flow, request):
    draft = OfflineModel().change(Existing(source="", spec=flow), request)
    assert draft.spec is not None, draft.questions
    return draft.spec


def rest(spec):
    return spec.model_dump(exclude={"clauses", "assumptions", "examples"})


def repeat(spec, **fields):
    return simulate(spec, "POST", "/repeat", {"word": "ab", "lang": "de", **fields})


def test_limit_burst_and_deadline_change_and_the_rest_stays(flow):
    new = changed(
        flow, "raise the limit to 2000 qps with burst 4000 and give it 400 ms instead of 200. rest stays as is"
    )
    assert (new.rate_limit.qps, new.rate_limit.burst) == (2000, 4000)
    assert {route.deadline_ms for route in new.routes} == {400}
    before, after = rest(flow), rest(new)
    for part in (before, after):
        del part["rate_limit"]
        for route in part["routes"]:
            del route["deadline_ms"]
    assert before == after
    assert [clause.text for clause in new.clauses[-3:]] == [
        "raise the limit to 2000 qps",
        "with burst 4000",
        "give it 400 ms instead of 200",
    ]


def test_a_burst_that_was_told_stays_when_the_limit_changes(flow):
    assert changed(flow, "Lower the limit to 100 per second.").rate_limit.burst == 800


@pytest.mark.parametrize(
    ("request_text", "fields", "status"),
    [
        ("times may now go up to 50", {"times": 50}, 200),
        ("Raise the maximum of times from 20 to 30.", {"times": 30}, 200),
        ("times must be at least 2", {"times": 1}, 422),
        ("Allow fr as lang too.", {"lang": "fr"}, 200),
        ("Please answer invalid input with 400 instead of 422. Everything else must stay the same.", {"times": 0}, 400),
        ("word may be up to 40 characters long", {"word": "x" * 40}, 200),
    ],
)
def test_fields_and_statuses_change(flow, request_text, fields, status):
    assert repeat(flow, **fields).status != status
    assert repeat(changed(flow, request_text), **fields).status == status


def test_a_default_changes(flow):
    assert repeat(changed(flow, "The default of times should be 3 instead of 2.")).json_body["result"] == "ababab"


@pytest.mark.parametrize("wish", ['status should be "ok" instead of "fine"', 'Change "fine" to "ok" in the reply.'])
def test_a_constant_of_the_reply_changes(flow, wish):
    assert repeat(changed(flow, wish)).json_body["status"] == "ok"


def test_a_route_is_added_in_the_language_of_briefs(flow):
    new = changed(
        flow, 'Also add GET /double/{n}: n is a whole number, the answer is {"double": n * 2}. The rest stays.'
    )
    assert simulate(new, "GET", "/double/4").json_body == {"double": 8}
    assert rest(new)["routes"][:2] == rest(flow)["routes"]
    assert new.routes[2].deadline_ms == 200


@pytest.mark.parametrize("wish", ["Remove the route GET /status.", "Please drop /status, we no longer need it."])
def test_a_route_is_removed(flow, wish):
    assert [route.path for route in changed(flow, wish).routes] == ["/repeat"]


@pytest.mark.parametrize(
    "wish",
    [
        "Make it purple.",
        "Remove the rate limit.",
        "raise the limit to 2000 qps and make it purple",
        "The word should be doubled on Sundays.",
        "Add GET /moon which returns the phase of the moon.",
        "colour may be up to 5",
        'title should be "ok"',
        "Remove the route GET /nowhere.",
        "Everything else stays as it is.",
        "",
    ],
)
def test_what_is_not_understood_is_asked_and_nothing_changes(flow, wish):
    draft = OfflineModel().change(Existing(source="", spec=flow), wish)
    assert draft.spec is None
    assert draft.questions


@pytest.mark.parametrize(
    "wish",
    [
        "give it 400 ms instead of 300",
        "Set the limit to 200 qps. Set the limit to 300 qps.",
        "Raise the maximum of times from 10 to 30.",
    ],
)
def test_a_request_that_contradicts_the_flow_or_itself_is_questioned(flow, wish):
    questions = OfflineModel().change(Existing(source="", spec=flow), wish).questions
    assert [question.slot for question in questions] == ["contradiction"]


def test_an_answer_replaces_what_was_not_understood(flow):
    model = OfflineModel()
    question = model.change(Existing(source="", spec=flow), "Make the deadline purple.").questions[0]
    answer = Answer(slot=question.slot, question=question.text, text="set the deadline to 300 ms")
    draft = model.change(Existing(source="", spec=flow), "Make the deadline purple.", [answer])
    assert draft.spec is not None
    assert draft.spec.routes[0].deadline_ms == 300


def test_what_is_not_built_here_is_refused(flow):
    assert (
        OfflineModel()
        .change(Existing(source="", spec=flow), "Write every request to the table log of our database.")
        .refusal
        is not None
    )
