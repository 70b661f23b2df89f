"""One brief in many words: each way of saying a part of it means the same."""

import pytest
from pydantic import JsonValue

from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.simulate import simulate

INPUTS = [
    "The query has a and b (whole numbers, negative is fine).",
    "Query parameters: a (integer) and b (integer).",
    "You pass it a and b in the query string; both are integers.",
    "It gets two whole numbers called a and b.",
    "a and b are given as query parameters and are integers.",
    "a and b may be any whole numbers, also negative.",
    "a is a whole number, and so is b.",
    "Its parameters are a and b, whole numbers of any size.",
    "It should accept two integers named a and b.",
]
OUTPUTS = [
    'The answer is the sum of the two as {"sum": ...}.',
    'It adds them up and returns {"sum": ...}.',
    "The JSON answer has one field, sum, which is a plus b.",
    'What I need back is {"sum": a + b}.',
    'Answer with {"sum": n} where n is the sum of both.',
    'I want the sum back, as {"sum": ...}.',
    '{"sum": a + b} is what comes back.',
    'The output is JSON with the key "sum" holding a plus b.',
]
ERRORS = [
    "Everything that is not a whole number is a 422, and so is a missing one.",
    "For missing parameters or ones that aren't whole numbers use 422.",
    "If a isn't a whole number or is missing: 422 and mention a. Same for b.",
    "Any problem with the input should be reported with a 422.",
    "Requests that lack a or b are rejected with 422.",
    "If you get anything but whole numbers, say 422.",
    "Letters instead of numbers, or a missing number, give 422.",
    "A 422 is due if a or b are missing or no whole numbers.",
    "error handling: 422 if a or b is missing or not a whole number",
    "If it's anything else, like 2.5 or abc, I want a 422.",
    "No a or no b? 422.",
]
AROUND = [
    "Thx!",
    "That's all I need for now.",
    "As discussed on the phone.",
    "The frontend people will call it.",
    "There is no hurry.",
    "This replaces an old script of ours.",
    "It doesn't have to be fast.",
    "Don't save anything please.",
    "Let me know if you have questions.",
    "Sorry for the short notice.",
]
TAKES, GIVES, FAILS = (
    "It takes a and b from the query, both whole numbers.",
    'It returns {"sum": a + b}.',
    "422 when one is missing or not a whole number.",
)


@pytest.mark.parametrize(
    "brief",
    [
        *(f"GET /add. {said} {GIVES} {FAILS}" for said in INPUTS),
        *(f"GET /add. {TAKES} {said} {FAILS}" for said in OUTPUTS),
        *(f"GET /add. {TAKES} {GIVES} {said}" for said in ERRORS),
        *(f"GET /add. {TAKES} {GIVES} {FAILS} {said}" for said in AROUND),
    ],
)
def test_it_is_the_same_flow_in_other_words(brief):
    draft = OfflineModel().draft(brief)
    assert draft.spec is not None, draft.questions
    assert simulate(draft.spec, "GET", "/add?a=2&b=-3").json_body == {"sum": -1}
    assert [simulate(draft.spec, "GET", f"/add?{query}").status for query in ("a=2", "a=x&b=1", "a=1.5&b=1")] == [
        422
    ] * 3


@pytest.mark.parametrize(
    ("brief", "query", "reply"),
    [
        ('GET /m takes x and y, both numbers, and returns {"m": x plus y, divided by two}.', "x=2&y=4", {"m": 3}),
        ('GET /m takes x and y, both numbers, and returns {"m": x + y / 2}.', "x=2&y=4", {"m": 4}),
        ('GET /m takes x and y, both numbers, and returns {"m": x * (1 + y) ^ 2}.', "x=2&y=2", {"m": 18}),
        (
            'GET /f takes c, a number. Multiply by 9, divide by 5 and add 32. Return {"f": ...}, rounded to 1 decimal.',
            "c=37.77",
            {"f": 100},
        ),
        (
            'GET /kg with lb, a number: 1 lb = 0.45359237 kg. Return {"kg": ...}, rounded to 3 decimals.',
            "lb=10",
            {"kg": 4.536},
        ),
        (
            'GET /p?n=3, n a whole number from 1 to 24. 1 to 5 cost 30 each, from 6 on 25 each. Answer {"price": 90}.',
            "n=6",
            {"price": 150},
        ),
        (
            "GET /c takes v, lo and hi, all numbers. If v is below lo, return lo; if it's above hi, return hi; "
            'otherwise v itself. Format {"v": x}.',
            "v=9&lo=1&hi=5",
            {"v": 5},
        ),
    ],
)
def test_formulas_and_prices_in_prose(brief, query, reply):
    draft = OfflineModel().draft(brief)
    assert draft.spec is not None, draft.questions
    path = draft.spec.routes[0].path
    assert simulate(draft.spec, "GET", f"{path}?{query}").json_body == reply


def test_a_sum_that_is_divided_in_words_is_asked_about():
    draft = OfflineModel().draft('GET /m takes x and y, both numbers, and returns {"m": x plus y divided by two}.')
    assert [question.slot for question in draft.questions] == ["value_of_m"]


ORDERS = 'POST /o takes {"orders": [{"id": text, "total": number}]}. '


@pytest.mark.parametrize(
    ("says", "reply"),
    [
        ('It returns {"biggest": the id of the order with the highest total}.', {"biggest": "b"}),
        ('It returns {"many": the number of orders whose total is above 100}.', {"many": 1}),
        ('It returns {"ids": the ids of all orders, "sum": the sum of the totals}.', {"ids": ["a", "b"], "sum": 200}),
    ],
)
def test_lists_of_objects(says, reply):
    draft = OfflineModel().draft(ORDERS + says)
    assert draft.spec is not None, draft.questions
    orders: JsonValue = [{"id": "a", "total": 50}, {"id": "b", "total": 150}]
    assert simulate(draft.spec, "POST", "/o", {"orders": orders}).json_body == reply


def test_a_step_changes_only_the_field_it_names():
    draft = OfflineModel().draft(
        'POST /x takes email and name, text. Lowercase the email. Return {"email": ..., "name": ...}.'
    )
    assert draft.spec is not None
    reply = simulate(draft.spec, "POST", "/x", {"email": "A@B", "name": "Ada"})
    assert reply.json_body == {"email": "a@b", "name": "Ada"}


def test_a_cent_is_the_last_decimal_unless_amounts_are_in_cents():
    euros = (
        OfflineModel().draft('GET /t takes price, a number, and returns {"tax": price * 0.19 rounded to cents}.').spec
    )
    cents = (
        OfflineModel()
        .draft('GET /t takes price_cents, a number, and returns {"tax_cents": price_cents * 0.19 rounded to cents}.')
        .spec
    )
    assert euros is not None
    assert cents is not None
    assert simulate(euros, "GET", "/t?price=10.1").json_body == {"tax": 1.92}
    assert simulate(cents, "GET", "/t?price_cents=1010").json_body == {"tax_cents": 192}


def test_a_sentence_that_is_not_understood_is_asked_about_once():
    draft = OfflineModel().draft('GET /add takes a and b, both whole numbers, and gives {"sum": frobnicate the two}.')
    assert len(draft.questions) == 1
