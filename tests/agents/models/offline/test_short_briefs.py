"""Short briefs as many people write them: what is built behaves as they say, and what is not clear is asked about."""

import pytest
from pydantic import JsonValue

from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.simulate import simulate


def answered(brief: str, method: str, path: str, body: JsonValue = None) -> tuple[int, JsonValue]:
    draft = OfflineModel().draft(brief)
    assert draft.spec is not None, draft.questions or draft.refusal
    reply = simulate(draft.spec, method, path, body)
    return reply.status, reply.json_body if reply.json_body is not None else reply.text


AREA = 'GET /area. Query: width, height - both numbers greater than 0. Returns {"area": width times height}.'
DIAL = 'GET /dial/{to}: DE gives {"code": "+49"}, IT gives {"code": "+39"}. Every other country gets a 404.'
VOTE = (
    'GET /vote?age=17&citizen=true -> {"may_vote": false}. You may vote when you are 18 or older and a citizen. '
    "age: integer >= 0, citizen: boolean."
)
KIND = (
    'GET /kind/{n}: if n is even answer {"kind": "even"}, if it is odd answer {"kind": "odd"}. n has to be an integer.'
)
ZIP = (
    'GET /zip/{code} gives {"valid": true} when code has exactly five digits, and {"valid": false} in every other case.'
)
BIGGER = (
    'POST /compare takes left and right (numbers) and answers {"result": "left"} if left is bigger, '
    '{"result": "right"} if right is bigger and {"result": "equal"} when they are the same.'
)
ALERT = (
    'Devices POST {"sensor": "s1", "temp": 81.5} to /alert. When temp is over 80 the answer is '
    '{"sensor": "s1", "alert": true}, else {"sensor": "s1", "alert": false}.'
)
WELCOME = (
    "GET /welcome takes lang from the query, which is en, fr or de, and en if it's left out. It replies "
    '{"text": "Welcome"}, {"text": "Bienvenue"} or {"text": "Willkommen"} respectively.'
)
TAGS = (
    'POST /tags takes {"tags": [strings]} and returns {"tags": ...}, sorted, without duplicates and all in lower case.'
)
REPEAT = 'POST /repeat. In: {"word": "ha", "times": 3}. Out: {"result": "hahaha"} - times has to be a whole number.'
VAT = 'GET /vat?net=100 should return {"gross": 119}, because German VAT is 19 percent. Round gross to two decimals.'
LIGHT = (
    'POST /next. Send {"light": "red"}, get {"next": "green"}. green goes to amber, amber goes to red. '
    "Anything else is a 422 that mentions light."
)
INITIALS = (
    'POST /initials gets first_name and last_name and sends back {"initials": "AL"} for Ada Lovelace, i.e. the first '
    "letter of each in upper case."
)


@pytest.mark.parametrize(
    ("brief", "path", "wanted"),
    [
        (AREA, "/area?width=2&height=3", (200, {"area": 6})),
        (DIAL, "/dial/IT", (200, {"code": "+39"})),
        (DIAL, "/dial/US", (404, {"error": "not found"})),
        (VOTE, "/vote?age=40&citizen=false", (200, {"may_vote": False})),
        (VOTE, "/vote?age=18&citizen=true", (200, {"may_vote": True})),
        (KIND, "/kind/7", (200, {"kind": "odd"})),
        (ZIP, "/zip/10115", (200, {"valid": True})),
        (ZIP, "/zip/1011a", (200, {"valid": False})),
        (WELCOME, "/welcome?lang=fr", (200, {"text": "Bienvenue"})),
        (WELCOME, "/welcome", (200, {"text": "Welcome"})),
        (VAT, "/vat?net=9.99", (200, {"gross": 11.89})),
        ('GET /seconds?minutes=2 returns {"seconds": 120}.', "/seconds?minutes=5", (200, {"seconds": 300})),
        ('GET /stars/{n} returns {"stars": "***"} for n = 3.', "/stars/5", (200, {"stars": "*****"})),
        ("GET /ping should say pong. Plain text, nothing else.", "/ping", (200, "pong")),
    ],
)
def test_what_is_asked_for_in_a_query_is_answered(brief, path, wanted):
    assert answered(brief, "GET", path) == wanted


@pytest.mark.parametrize(
    ("brief", "path", "body", "wanted"),
    [
        (BIGGER, "/compare", {"left": 3, "right": 2}, {"result": "left"}),
        (BIGGER, "/compare", {"left": 2, "right": 3}, {"result": "right"}),
        (BIGGER, "/compare", {"left": 2, "right": 2}, {"result": "equal"}),
        (ALERT, "/alert", {"sensor": "k9", "temp": 80}, {"sensor": "k9", "alert": False}),
        (TAGS, "/tags", {"tags": ["b", "A", "a"]}, {"tags": ["a", "b"]}),
        (REPEAT, "/repeat", {"word": "ab-", "times": 2}, {"result": "ab-ab-"}),
        (LIGHT, "/next", {"light": "amber"}, {"next": "red"}),
        (INITIALS, "/initials", {"first_name": "grace", "last_name": "Hopper"}, {"initials": "GH"}),
    ],
)
def test_what_is_asked_for_in_a_body_is_answered(brief, path, body, wanted):
    assert answered(brief, "POST", path, body) == (200, wanted)


@pytest.mark.parametrize("path", ["/area?width=0&height=3", "/area?width=2&height=0"])
def test_what_is_said_in_the_plural_holds_of_every_field(path):
    assert answered(AREA, "GET", path)[0] == 422


def test_a_value_that_is_not_listed_is_answered_with_the_name_of_the_field():
    status, reply = answered(LIGHT, "POST", "/next", {"light": "blue"})
    assert (status, "light" in str(reply)) == (422, True)


@pytest.mark.parametrize(
    "brief",
    [
        'POST /sum takes a and b, integers, and returns {"sum": a + b}, but never more than 100.',
        'GET /ok takes age, a number. If age is above 18 answer {"adult": true}, if it is below 18 {"adult": false}.',
        "GET /ping should say pong.",
    ],
)
def test_what_may_mean_several_things_is_asked_about(brief):
    draft = OfflineModel().draft(brief)
    assert draft.spec is None
    assert draft.questions
