"""How requests are read: media types, bodies, queries, paths, forms; and what is said about what cannot be."""

from __future__ import annotations

import json

import pytest

from tests.support.flows import ECHO, ask

SHAPES = """
class Line(Record, data="public"):
    qty: Annotated[int, field(ge=1, reason="must be a whole number from 1")]

class In(Record, data="public"):
    name: str
    count: int = 0
    share: float | None = None
    on: bool = False
    day: date | None = None
    kind: Literal["a", "b"] = "a"
    tags: list[str] = []
    lines: list[Line] = []
    sender: Annotated[str, field(alias="from")] = ""
    short: Annotated[str, field(min_length=1, max_length=3)] = "x"
    either: int | str = 0

flow = Flow("shapes", version="1.0.0")
hook = flow.trigger(http.post("/shapes", accepts=In))
flow.connect(hook, flow.respond())
"""

QUERY = """
class In(Record, data="public"):
    name: str
    count: int = 0
    share: float | None = None
    on: bool = False
    day: date | None = None
    tags: list[str] = []
    sizes: list[int] = []
    sender: Annotated[str, field(alias="from")] = ""

flow = Flow("shapes", version="1.0.0")
hook = flow.trigger(http.get("/q", accepts=In))
flow.connect(hook, flow.respond())
"""

PATH = """
class In(Record, data="public"):
    year: int
    part: str = ""

class Named(Record, data="public"):
    id: str
    note: str

flow = Flow("paths", version="1.0.0")
hook = flow.trigger(http.get("/leap/{year}", accepts=In))
both = flow.trigger(http.put("/items/{id}", accepts=Named))
flow.connect(hook, flow.respond())
flow.connect(both, flow.respond())
"""

FORM = """
class In(Record, data="public"):
    name: str
    age: int = 0
    tags: list[str] = []

flow = Flow("form", version="1.0.0")
hook = flow.trigger(http.post("/form", accepts=In, body="form"))
flow.connect(hook, flow.respond())
"""


def problems(response) -> dict[str, str]:
    """Field and reason of each problem of a 422."""
    assert response.status == 422, response.body
    document = json.loads(response.body)
    assert document["error"] == "invalid_input"
    return {problem["field"]: problem["reason"] for problem in document["fields"]}


def post(json_body):
    return {"method": "POST", "target": "/shapes", "json": json_body}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"name": "is required"}),
        ({"name": 5}, {"name": "must be text"}),
        ({"name": None}, {"name": "must be text"}),
        ({"name": "n", "count": "7"}, {"count": "must be a whole number"}),
        ({"name": "n", "count": 1.5}, {"count": "must be a whole number"}),
        ({"name": "n", "count": True}, {"count": "must be a whole number"}),
        ({"name": "n", "share": "0.5"}, {"share": "must be a number"}),
        ({"name": "n", "on": 1}, {"on": "must be true or false"}),
        ({"name": "n", "day": "31.1.2026"}, {"day": "must be a date such as 2026-01-31"}),
        ({"name": "n", "kind": "c"}, {"kind": "must be one of a, b"}),
        ({"name": "n", "tags": "x"}, {"tags": "must be a list"}),
        ({"name": "n", "tags": ["x", 1]}, {"tags[1]": "must be text"}),
        ({"name": "n", "lines": [{"qty": 1}, {"qty": 0}]}, {"lines[1].qty": "must be a whole number from 1"}),
        ({"name": "n", "lines": [{}]}, {"lines[0].qty": "is required"}),
        ({"name": "n", "lines": [3]}, {"lines[0]": "must be an object"}),
        ({"name": "n", "from": 3}, {"from": "must be text"}),
        ({"name": "n", "short": ""}, {"short": "must not be empty"}),
        ({"name": "n", "short": "long"}, {"short": "must have at most 3 characters"}),
        ({"name": "n", "either": []}, {"either": "is of none of the types it may have"}),
        (
            {"on": 1, "count": "7"},
            {"name": "is required", "count": "must be a whole number", "on": "must be true or false"},
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_reason(tmp_path, sent, expected):
    [answer] = ask(tmp_path, SHAPES, post(sent))
    assert problems(answer) == expected
    assert list(problems(answer)) == list(expected), "in the order of declaration"


def test_values_are_never_repeated(tmp_path):
    secret = "s3cr3t-value"
    sent = [
        {"name": "n", "kind": secret},
        {"name": [secret]},
        {"name": "n", "day": secret},
        {"name": "n", "short": secret},
    ]
    for answer in ask(tmp_path, SHAPES, *map(post, sent)):
        assert answer.status == 422
        assert secret.encode() not in answer.body


def test_names_on_the_wire_are_the_only_names(tmp_path):
    [answer] = ask(tmp_path, SHAPES, post({"name": "n", "sender": "ignored", "from": "kept"}))
    assert json.loads(answer.body)["from"] == "kept"
    assert "sender" not in json.loads(answer.body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", {"body": "is not valid JSON"}),
        (b"nope", {"body": "is not valid JSON"}),
        (b"\xff\xfe", {"body": "is not valid JSON"}),
        (b"[1]", {"body": "must be an object"}),
        (b"null", {"body": "must be an object"}),
        (b'"text"', {"body": "must be an object"}),
        (b'{"v": "\\ud800"}', {"body": "is not valid JSON"}),
        (b'{"v": ' + b"[" * 3000 + b"]" * 3000 + b"}", {"body": "is not valid JSON"}),
        (b'{"v": ' + b"9" * 6000 + b"}", {"body": "is not valid JSON"}),
        (b'{"v": ' + b"9" * 600 + b"}", {"v": "must be text"}),
        (b'{"v": NaN}', {"v": "must be text"}),
        (b"", {"v": "is required"}),
    ],
)
def test_bodies_that_are_no_fitting_json(tmp_path, body, expected):
    [answer] = ask(tmp_path, ECHO, {"method": "POST", "target": "/echo", "body": body})
    assert problems(answer) == expected


NUMBERS = """
class In(Record, data="public"):
    whole: int = 0
    number: float = 0.0

flow = Flow("numbers", version="1.0.0")
hook = flow.trigger(http.post("/n", accepts=In))
flow.connect(hook, flow.respond())
"""


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b'{"whole": 123456789012345678901234567890}', 200, b'"whole":123456789012345678901234567890'),
        (b'{"number": 1e400}', 422, b"must be a finite number"),
        (b'{"number": NaN}', 422, b"must be a finite number"),
        (b'{"number": -Infinity}', 422, b"must be a finite number"),
        (b'{"number": ' + b"9" * 400 + b"}", 422, b"must be a"),
        (b'{"number": 3}', 200, b'"number":3.0'),
    ],
)
def test_extreme_numbers_are_kept_or_refused_never_a_failure(tmp_path, body, status, expected):
    [answer] = ask(tmp_path, NUMBERS, {"method": "POST", "target": "/n", "body": body})
    assert answer.status == status, answer.body
    assert expected in answer.body


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ("application/merge-patch+json", 200),
        (None, 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("json", 415),
        ("application/json/x", 415),
    ],
)
def test_media_types_of_json_bodies(tmp_path, content_type, status):
    headers = {} if content_type is None else {"content-type": content_type}
    [answer] = ask(tmp_path, ECHO, {"method": "POST", "target": "/echo", "body": b'{"v":"A"}', "headers": headers})
    assert answer.status == status
    if status == 415:
        assert answer.headers["accept"] == "application/json"
        assert json.loads(answer.body) == {"error": "unsupported_media_type", "accepts": ["application/json"]}


def test_an_encoded_body_is_refused(tmp_path):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    [answer] = ask(tmp_path, ECHO, {"method": "POST", "target": "/echo", "body": b"{}", "headers": headers})
    assert answer.status == 415
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=n", {"name": "n"}),
        ("name=", {"name": ""}),
        ("name=a+b%20c%2Bd", {"name": "a b c+d"}),
        ("name=%E2%82%AC", {"name": "€"}),
        ("name=\u20ac", {"name": "€"}),
        ("name=n&count=%2B5", {"count": 5}),
        ("name=n&count=-5", {"count": -5}),
        ("name=n&count=007", {"count": 7}),
        ("name=n&share=.5", {"share": 0.5}),
        ("name=n&share=2e-3", {"share": 0.002}),
        ("name=n&share=3", {"share": 3.0}),
        ("name=n&on=true", {"on": True}),
        ("name=n&on=0", {"on": False}),
        ("name=n&day=2026-01-31", {"day": "2026-01-31"}),
        ("name=n&tags=a&tags=b", {"tags": ["a", "b"]}),
        ("name=n&tags=a,b", {"tags": ["a,b"]}),
        ("name=n&sizes=1&sizes=2", {"sizes": [1, 2]}),
        ("name=n&from=x", {"from": "x"}),
        ("name=n&other=x", {"name": "n"}),
    ],
)
def test_queries_are_read(tmp_path, query, expected):
    [answer] = ask(tmp_path, QUERY, {"method": "GET", "target": f"/q?{query}"})
    assert answer.status == 200, answer.body
    assert expected.items() <= json.loads(answer.body).items()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"name": "is required"}),
        ("name=n&name=m", {"name": "is given more than once"}),
        ("name=%ff", {"name": "must be UTF-8 text"}),
        ("name=n&count=5.0", {"count": "must be a whole number"}),
        ("name=n&count=", {"count": "must be a whole number"}),
        ("name=n&count=%D9%A3", {"count": "must be a whole number"}),
        ("name=n&count=1_000", {"count": "must be a whole number"}),
        ("name=n&count=+5", {"count": "must be a whole number"}),
        (f"name=n&count={'9' * 5000}", {"count": "is too large"}),
        ("name=n&share=inf", {"share": "must be a number"}),
        ("name=n&share=1e999", {"share": "must be a finite number"}),
        ("name=n&on=True", {"on": "must be true or false"}),
        ("name=n&on=yes", {"on": "must be true or false"}),
        ("name=n&day=31.1.2026", {"day": "must be a date such as 2026-01-31"}),
        ("name=n&day=1700000000", {"day": "must be a date such as 2026-01-31"}),
        ("name=n&sizes=1&sizes=x", {"sizes[1]": "must be a whole number"}),
        ("count=x&share=y", {"name": "is required", "count": "must be a whole number", "share": "must be a number"}),
        ("a=1&" * 1001, {"query": "must have at most 1000 parameters"}),
    ],
)
def test_queries_that_do_not_fit(tmp_path, query, expected):
    [answer] = ask(tmp_path, QUERY, {"method": "GET", "target": f"/q?{query}"})
    assert problems(answer) == expected


def test_path_parameters_with_a_query_and_with_a_body(tmp_path):
    answers = ask(
        tmp_path,
        PATH,
        {"method": "GET", "target": "/leap/2024?part=x"},
        {"method": "GET", "target": "/leap/twenty?part=x"},
        {"method": "GET", "target": "/leap/2024?year=1999"},
        {"method": "PUT", "target": "/items/a%2Fb%20c", "json": {"note": "n", "id": "another"}},
        {"method": "PUT", "target": "/items/x", "json": {}},
        {"method": "PUT", "target": "/items/%ff", "json": {"note": "n"}},
        {"method": "PUT", "target": "/items/x", "body": b"[1]"},
    )
    assert json.loads(answers[0].body) == {"year": 2024, "part": "x"}
    assert problems(answers[1]) == {"year": "must be a whole number"}
    assert json.loads(answers[2].body)["year"] == 2024, "a path parameter comes from the path alone"
    assert json.loads(answers[3].body) == {"id": "a/b c", "note": "n"}
    assert problems(answers[4]) == {"note": "is required"}
    assert problems(answers[5]) == {"id": "must be UTF-8 text"}
    assert problems(answers[6]) == {"body": "must be an object"}


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (URLENCODED, b"name=A+B&age=7", {"name": "A B", "age": 7, "tags": []}),
        (URLENCODED + "; charset=utf-8", b"name=%C3%A9", {"name": "é", "age": 0, "tags": []}),
        (None, b"name=x&tags=a&tags=b", {"name": "x", "age": 0, "tags": ["a", "b"]}),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xc3\xa9 x\r\n'
            b'--b\r\nContent-Disposition: form-data; name="age"\r\n\r\n5\r\n--b--\r\n',
            {"name": "é x", "age": 5, "tags": []},
        ),
    ],
)
def test_forms_are_read(tmp_path, content_type, body, expected):
    headers = {} if content_type is None else {"content-type": content_type}
    [answer] = ask(tmp_path, FORM, {"method": "POST", "target": "/form", "body": body, "headers": headers})
    assert answer.status == 200, answer.body
    assert json.loads(answer.body) == expected


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (URLENCODED, b"", {"name": "is required"}),
        (URLENCODED, b"name=%ff", {"name": "must be UTF-8 text"}),
        (URLENCODED, b"name=a&age=x", {"age": "must be a whole number"}),
        (URLENCODED, b"a=1&" * 1001, {"body": "must have at most 1000 fields"}),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="name"; filename="f"\r\n\r\nx\r\n--b--\r\n',
            {"name": "must be text, not a file"},
        ),
        ("multipart/form-data", b"x", {"body": "is not a valid form"}),
        ("multipart/form-data; boundary=b", b"nonsense", {"body": "is not a valid form"}),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense\r\n\r\nx\r\n--b--\r\n", {"body": "is not a valid form"}),
    ],
)
def test_forms_that_do_not_fit(tmp_path, content_type, body, expected):
    headers = {"content-type": content_type}
    [answer] = ask(tmp_path, FORM, {"method": "POST", "target": "/form", "body": body, "headers": headers})
    assert problems(answer) == expected


def test_json_is_no_form(tmp_path):
    [answer] = ask(tmp_path, FORM, {"method": "POST", "target": "/form", "json": {"name": "x"}})
    assert answer.status == 415
    assert answer.headers["accept"] == "application/x-www-form-urlencoded, multipart/form-data"


def test_a_route_that_accepts_nothing_reads_no_body(tmp_path):
    source = """
    flow = Flow("ping", version="1.0.0")
    hook = flow.trigger(http.post("/ping"))
    flow.connect(hook, flow.respond(body="empty"))
    """
    request = {"method": "POST", "target": "/ping", "body": b"anything", "headers": {"content-type": "image/png"}}
    [answer] = ask(tmp_path, source, request)
    assert answer.status == 200
    assert answer.body == b""
