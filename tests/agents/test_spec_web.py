"""What specs can ask of a route: the flow that is built answers as the simulator says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flowlattice_agents.errors import SimulationUnavailable, SpecError
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.simulate import simulate
from flowlattice_agents.spec import FlowSpec
from tests.support.specs import BuiltSpec, built

RELEASES = """
name: releases
records:
- {name: From, data: public, fields: [{name: since, type: string, required: false}]}
routes:
- method: GET
  path: /releases/stream
  accepts: From
  deadline_ms: 25000
  steps:
  - name: releases
    value: '[{"version": "1.0.0", "note": "First release"}, {"version": "1.1.0", "note": "Dark mode"}]'
  - {name: known, value: "[release.version for release in releases]"}
  cases:
  - {name: unknown, when: since is not None and since not in known, reply: {status: 404, body: '{"error": "no"}'}}
  - name: later
    when: since is not None
    reply: {kind: events, body: "[release for release in releases if since is not None and release.version > since]"}
  reply: {kind: events, body: releases}
"""


def test_a_stream_of_events(tmp_path: Path) -> None:
    flow = built(tmp_path, RELEASES)
    assert any(node.stream for node in flow.ir.nodes)
    everything = flow.agree("/releases/stream")
    assert everything.text == (
        'data: {"version":"1.0.0","note":"First release"}\n\ndata: {"version":"1.1.0","note":"Dark mode"}\n\n'
    )
    assert everything.json_body == [
        {"version": "1.0.0", "note": "First release"},
        {"version": "1.1.0", "note": "Dark mode"},
    ]
    assert flow.agree("/releases/stream?since=1.0.0").json_body == [{"version": "1.1.0", "note": "Dark mode"}]
    assert flow.agree("/releases/stream?since=1.1.0").text == ""
    assert flow.agree("/releases/stream?since=9").json_body == {"error": "no"}
    assert flow.ask("/releases/stream").headers["content-type"] == "text/event-stream"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("{kind: events, body: '\"one\"'}", 'GET /: a reply of kind events is a list, not string in `"one"`'),
        ("{kind: text, body: '1'}", "GET /: a reply of kind text is text, not integer in `1`"),
        ("{kind: events, status: 204, body: '[1]'}", "an answer with status 204 has no body: its kind is empty"),
    ],
)
def test_a_body_that_its_kind_cannot_have(reply: str, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        render_flow(FlowSpec.from_yaml(f"{{name: x, routes: [{{method: GET, path: /, reply: {reply}}}]}}"))
    assert problem in str(caught.value)


ITEMS = """
name: items
records:
- name: Item
  data: internal
  fields: [{name: name, type: string}, {name: note, type: string, required: false}]
- {name: Wanted, data: internal, fields: [{name: id, type: string}]}
routes:
- method: POST
  path: /items
  accepts: Item
  steps: [{name: slug, value: text.lower(name)}]
  reply:
    status: 201
    body: '{"name": name}'
    headers: {Location: "f'/items/{slug}'", Cache-Control: "'no-store'", X-Note: note, X-Length: text.length(name)}
- method: GET
  path: /old/{id}
  accepts: Wanted
  checks: [{require: id != "never", field: id, reason: is not there}]
  reply: {status: 308, kind: empty, headers: {Location: "f'/new/{id}'"}}
- method: GET
  path: /export/{id}
  accepts: Wanted
  reply:
    kind: text
    body: f"id\\n{id}\\n"
    headers: {Content-Type: "'text/csv'", Content-Disposition: "f'attachment; filename=\\"{id}.csv\\"'"}
- {method: GET, path: /numbers, reply: {body: "[1, 2]", headers: {X-Total-Count: "2 + 0"}}}
- {method: GET, path: /home, reply: {status: 302, kind: empty, headers: {Location: "'/'"}}}
"""


def test_headers_that_are_constant_and_headers_that_are_worked_out(tmp_path: Path) -> None:
    flow = built(tmp_path, ITEMS)
    made = flow.agree("/items", {"name": "Ärger", "note": "a\r\nSet-Cookie: b"})
    assert made.headers == {
        "Location": "/items/%C3%A4rger",
        "Cache-Control": "no-store",
        "X-Note": "a%0D%0ASet-Cookie: b",
        "X-Length": "5",
    }
    assert flow.agree("/items", {"name": "x"}).headers.keys() == {"Location", "Cache-Control", "X-Length"}
    assert flow.agree("/old/7").headers == {"Location": "/new/7"}
    assert flow.agree("/old/never").status == 422
    assert flow.agree("/numbers").headers == {"X-Total-Count": "2"}
    assert flow.agree("/home").headers == {"Location": "/"}
    csv = flow.agree("/export/a%0Ab")
    assert (csv.text, csv.headers["Content-Type"]) == ("id\na\nb\n", "text/csv")
    assert csv.headers["Content-Disposition"] == 'attachment; filename="a%0Ab.csv"'
    assert flow.ask("/export/7").headers["content-type"] == "text/csv"
    assert flow.ask("/items", {"name": "x"}).headers["content-type"] == "application/json"


def test_only_headers_that_are_worked_out_are_in_a_record(tmp_path: Path) -> None:
    source = built(tmp_path, ITEMS).source
    assert 'location: Annotated[str, field(header="Location")]' in source
    assert 'flow.respond(status=201, headers={"Cache-Control": "no-store"})' in source
    assert 'flow.respond(status=302, body="empty", headers={"Location": "/"})' in source


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("{body: '1', headers: {Content-Length: '1'}}", "the header content-length is written by the host itself"),
        ("{body: '1', headers: {Transfer-Encoding: '\"x\"'}}", "transfer-encoding is written by the host itself"),
        ("{body: '1', headers: {'a b': '\"x\"'}}", "'a b' is no name of a header"),
        ("{body: '1', headers: {A: '\"x\"', a: '\"x\"'}}", "a reply has the header a twice"),
        ("{body: '1', headers: {A: '[1]'}}", "the header A is a text, a whole number or a date, not list[integer]"),
        ("{status: 303, kind: empty}", "an answer with status 303 says where to go in the header Location"),
        ("{kind: events, body: '[1]', headers: {Content-Type: '\"a/b\"'}}", "content of events is text/event-stream"),
    ],
)
def test_a_header_that_cannot_be(reply: str, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        render_flow(FlowSpec.from_yaml(f"{{name: x, routes: [{{method: GET, path: /, reply: {reply}}}]}}"))
    assert problem in str(caught.value)


LUHN = """
name: cards
records:
- name: Card
  data: payment
  fields: [{name: number, type: string}, {name: factor, type: integer, required: false, default: 2}]
- {name: Verdict, data: internal, fields: [{name: valid, type: boolean}, {name: digits, type: "list[integer]"}]}
functions:
- name: digits_of
  parameters: [{name: card, type: string}]
  returns: list[integer]
  meaning: the digits of a card number
  body: return [int(c) for c in text.digits_only(card)]
- name: luhn
  parameters: [{name: card, type: string}, {name: factor, type: integer}]
  returns: Verdict
  meaning: whether a "card number" is valid
  body: |
    total = 0
    found = digits_of(card)
    for place, digit in enumerate(reversed(found)):
        if place % 2 == 1:
            digit = digit * factor
            if digit > 9:
                digit -= 9
        total += digit
    return Verdict(valid=total % 10 == 0, digits=found)
routes:
- method: POST
  path: /cards
  accepts: Card
  steps: [{name: verdict, value: "luhn(number, factor=factor)"}]
  cases: [{name: bad, when: not verdict.valid, reply: {status: 409, body: '{"digits": verdict.digits}'}}]
  reply: {body: "{'count': lists.length(digits_of(number))}"}
- {method: GET, path: /ready, reply: {body: "'yes'"}}
"""


def test_a_function_of_the_spec_is_a_helper_of_the_flow(tmp_path: Path) -> None:
    flow = built(tmp_path, LUHN)
    assert (
        'def luhn(card: str, factor: int) -> Verdict:\n    """whether a \'card number\' is valid."""\n' in flow.source
    )
    assert flow.ask("/cards", {"number": "4539 1488 0343 6467"}).body == b'{"count":16}'
    assert (flow.ask("/cards", {"number": "11"}).status, flow.ask("/cards", {"number": "11"}).body) == (
        409,
        b'{"digits":[1,1]}',
    )
    assert {(node.effects, node.determinism) for node in flow.ir.nodes} == {("pure", "strict")}


def test_what_calls_a_function_is_not_simulated() -> None:
    spec = FlowSpec.from_yaml(LUHN)
    assert simulate(spec, "GET", "/ready").json_body == "yes"
    assert simulate(spec, "GET", "/elsewhere").status == 404
    with pytest.raises(SimulationUnavailable, match="POST /cards calls digits_of, which only runs once it is built"):
        simulate(spec, "POST", "/cards", {"number": "1"})


@pytest.mark.parametrize(
    ("function", "reply", "problem"),
    [
        ("body: 'return ('", "f(1)", "function f, line 1: '(' was never closed"),
        ('body: "x = 1\\nreturn n +"', "f(1)", "function f, line 2: invalid syntax"),
        ('body: "x = 1\\nimport os\\nreturn n"', "f(1)", "function f, line 2: an import is not part of a pure"),
        ('body: "return n\\ndef g(): pass"', "f(1)", None),
        ("body: 'n + 1'", "f(1)", "function f returns nothing"),
        ('body: "return 1\\n  + 2"', "f(1)", "function f, line 2: unexpected indent"),
        ("body: 'return n', name: len", "len(1)", "a function cannot be called len"),
        ("body: 'return n', name: text", "text(1)", "a function cannot be called text"),
        ("body: 'return n'", "f('a')", "`f` takes integer as `n`, not string in `f('a')`"),
        ("body: 'return n'", "f()", "`f` also needs `n`"),
        ("body: 'return n'", "f", "`f` is a function: call it, `f(...)`"),
        ("body: 'return n'", "g(1)", "`g` is not an operator"),
        ("body: 'return n', returns: Nope", "1", "`Nope` is neither a type nor a record of the spec"),
    ],
)
def test_functions_that_do_not_fit(function: str, reply: str, problem: str | None) -> None:
    given = {"name": "f", "returns": "integer"} | yaml.safe_load("{" + function + "}")
    spec = {
        "name": "x",
        "functions": [{"parameters": [{"name": "n", "type": "integer"}], "meaning": "it", **given}],
        "routes": [{"method": "GET", "path": "/", "reply": {"body": reply}}],
    }
    if problem is None:
        render_flow(FlowSpec.from_yaml(yaml.safe_dump(spec)))
        return
    with pytest.raises(SpecError) as caught:
        render_flow(FlowSpec.from_yaml(yaml.safe_dump(spec)))
    assert problem in str(caught.value)


def test_a_function_and_a_step_of_one_name() -> None:
    with pytest.raises(SpecError, match="luhn is a function of the spec and a field or step too"):
        FlowSpec.from_yaml(LUHN.replace("name: verdict,", "name: luhn,"))


INPUTS = """
name: inputs
records:
- name: Numbers
  data: internal
  fields:
  - {name: numbers, type: "list[number]", source: body, min_items: 1, maximum: 100, reason: must be 1 or more up to 100}
  - {name: scale, type: integer, required: false, default: 2}
- {name: Flag, data: internal, fields: [{name: lit, type: boolean, source: body}]}
- name: Asked
  data: internal
  fields:
  - {name: request_id, alias: X-Request-Id, type: string, source: header, pattern: "^[a-z0-9-]+$"}
  - {name: level, alias: X-Level, type: integer, source: header, required: false, default: 1}
  - {name: tags, alias: tag, type: "list[string]", choices: [a, b], max_items: 2, required: false, default: []}
  - {name: verbose, type: boolean, required: false, default: false}
- name: Stock
  data: internal
  fields:
  - {name: shop, type: string}
  - {name: token, alias: X-Token, type: string, source: header}
  - {name: counts, type: "map[string, integer]"}
- {name: Sku, data: internal, fields: [{name: sku, type: string, min_length: 1}, {name: qty, type: integer}]}
- {name: Basket, data: internal, fields: [{name: lines, type: "list[Sku]", source: body}]}
routes:
- {method: POST, path: /scale, accepts: Numbers, reply: {body: "[n * scale for n in numbers]"}}
- {method: PUT, path: /flag, accepts: Flag, reply: {body: "not lit"}}
- method: GET
  path: /asked
  accepts: Asked
  reply: {body: '{"id": request_id, "level": level, "tags": tags, "verbose": verbose}'}
- method: PUT
  path: /stock/{shop}
  accepts: Stock
  invalid: [{status: 401, problem: missing, fields: [token], body: {error: $field}}]
  reply: {body: '{"shop": shop, "total": aggregation.total(lookups.values(counts)), "has": lookups.has(counts, "x")}'}
- {method: PATCH, path: /basket, accepts: Basket, reply: {body: '[{"sku": line.sku} for line in lines]'}}
"""


def test_a_body_that_is_a_list_or_a_bare_value(tmp_path: Path) -> None:
    flow = built(tmp_path, INPUTS)
    assert flow.agree("/scale?scale=3", [1, 2.5]).json_body == [3, 7.5]
    assert flow.agree("/scale", [4]).json_body == [8]
    assert flow.agree("/scale?scale=x", [4]).status == 422
    for refused in ([], [101], {"numbers": [1]}, ["a"], 5):
        assert flow.agree("/scale", refused).status == 422
    assert flow.agree("/flag", True, method="PUT").json_body is False
    assert flow.agree("/flag", "true", method="PUT").status == 422
    assert flow.agree("/flag", method="PUT").json_body == {
        "error": "invalid_input",
        "fields": [{"field": "lit", "reason": "is required"}],
    }
    assert flow.agree("/basket", [{"sku": "a", "qty": 1}], method="PATCH").json_body == [{"sku": "a"}]
    assert flow.ask("/basket", [{"sku": "a", "qty": "x"}], method="PATCH").body == (
        b'{"error":"invalid_input","fields":[{"field":"lines[0].qty","reason":"must be a whole number"}]}'
    )


def test_headers_lists_and_truths_as_input(tmp_path: Path) -> None:
    flow = built(tmp_path, INPUTS)
    named = {"x-request-id": "r-1"}
    assert flow.agree("/asked", headers=named).json_body == {"id": "r-1", "level": 1, "tags": [], "verbose": False}
    assert flow.agree("/asked?tag=b&tag=a&verbose=1", headers={**named, "X-Level": " 7 "}).json_body == {
        "id": "r-1",
        "level": 7,
        "tags": ["b", "a"],
        "verbose": True,
    }
    assert flow.agree("/asked?X-Request-Id=r-1").json_body == {
        "error": "invalid_input",
        "fields": [{"field": "X-Request-Id", "reason": "is required"}],
    }
    for target in ("/asked?tag=c", "/asked?tag=a&tag=b&tag=a", "/asked?verbose=yes", "/asked?verbose=1&verbose=0"):
        assert flow.agree(target, headers=named).status == 422
    for header in ({"X-Request-Id": "R 1"}, {**named, "X-Level": "high"}):
        assert flow.agree("/asked", headers=header).status == 422


def test_a_table_as_input(tmp_path: Path) -> None:
    flow = built(tmp_path, INPUTS)
    token = {"X-Token": "t"}
    body = {"counts": {"x": 2, "y z": 3}, "shop": "elsewhere", "X-Token": "forged"}
    assert flow.agree("/stock/here", body, method="PUT", headers=token).json_body == {
        "shop": "here",
        "total": 5,
        "has": True,
    }
    assert flow.agree("/stock/here", {"counts": {"x": "2"}}, method="PUT", headers=token).status == 422
    assert flow.agree("/stock/here", body, method="PUT").json_body == {"error": "X-Token"}


def test_what_cannot_be_a_header_or_a_body() -> None:
    field = "{name: x, records: [{name: R, fields: [%s]}], routes: [{method: GET, path: /, reply: {body: '1'}}]}"
    with pytest.raises(SpecError, match="'a b' is no name of a header; give it as alias of a"):
        FlowSpec.from_yaml(field % "{name: a, alias: a b, type: string, source: header}")
    with pytest.raises(SpecError, match="record R has two fields that are the whole body"):
        FlowSpec.from_yaml(field % "{name: a, type: string, source: body}, {name: b, type: string, source: body}")


REFUSING = """
name: refusing
records:
- name: Booking
  data: internal
  fields:
  - {name: guests, type: integer, minimum: 1, maximum: 8}
  - {name: room, type: string}
  - {name: arrives, type: date}
  - {name: leaves, type: date}
  - {name: email, type: string}
routes:
- method: POST
  path: /bookings
  accepts: Booking
  invalid:
  - {fields: [guests], problem: value, status: 400, body: {error: "guests must be 1 to 8", got: $fields}}
  - {fields: [email], status: 409, text: "$field $reason ($fields)"}
  - {problem: type, status: 400}
  steps:
  - {name: rooms, value: '["blue", "red"]'}
  - {name: nights, value: "dates.days_between(arrives, leaves)"}
  checks:
  - {require: "arrives < leaves", field: leaves, reason: must be after arrives}
  - {require: 'text.contains(email, "@")', field: email, reason: must hold one @}
  - {require: 'text.before(email, "@") != ""', field: email, reason: must have something before the @}
  - {require: nights <= 30, field: leaves, reason: must be within 30 nights}
  cases:
  - name: unknown
    when: room not in rooms
    reply: {status: 404, body: "{'error': f'no room {room}', 'rooms': rooms}"}
  - name: full
    when: room == "red" and guests > 2
    reply: {status: 409, body: "{'error': f'red takes 2, not {guests}'}"}
  reply: {status: 201, body: '{"nights": nights}'}
"""
BOOKING = {"guests": 2, "room": "blue", "arrives": "2026-01-01", "leaves": "2026-01-03", "email": "a@b"}


@pytest.mark.parametrize(
    ("change", "status", "answer"),
    [
        ({}, 201, {"nights": 2}),
        ({"guests": 9}, 400, {"error": "guests must be 1 to 8", "got": ["guests"]}),
        ({"guests": 0, "room": 1}, 400, {"error": "guests must be 1 to 8", "got": ["guests", "room"]}),
        ({"room": 1}, 400, {"error": "invalid_input", "fields": [{"field": "room", "reason": "must be text"}]}),
        (
            {"leaves": "2026-01-01"},
            422,
            {"error": "invalid_input", "fields": [{"field": "leaves", "reason": "must be after arrives"}]},
        ),
        ({"leaves": "2026-01-01", "email": "x"}, 409, "email must hold one @ (leaves, email)"),
        ({"email": "@b"}, 409, "email must have something before the @ (email)"),
        (
            {"leaves": "2026-03-01", "room": "none"},
            422,
            {"error": "invalid_input", "fields": [{"field": "leaves", "reason": "must be within 30 nights"}]},
        ),
        ({"room": "none"}, 404, {"error": "no room none", "rooms": ["blue", "red"]}),
        ({"room": "red", "guests": 3}, 409, {"error": "red takes 2, not 3"}),
    ],
)
def test_refusals(booking: BuiltSpec, change: dict[str, object], status: int, answer: object) -> None:
    told = booking.agree("/bookings", BOOKING | change)
    assert (told.status, told.json_body if told.text is None else told.text) == (status, answer)


@pytest.fixture(scope="module")
def booking(tmp_path_factory: pytest.TempPathFactory) -> BuiltSpec:
    return built(tmp_path_factory.mktemp("booking"), REFUSING)


def test_steps_that_nothing_needs_are_not_worked_out(tmp_path: Path) -> None:
    flow = built(
        tmp_path,
        """
name: lazy
records: [{name: In, data: public, fields: [{name: prices, type: "list[number]"}]}]
routes:
- method: POST
  path: /average
  accepts: In
  checks: [{require: "lists.length(prices) < 3", field: prices, reason: are too many}]
  steps: [{name: average, value: aggregation.average(prices)}]
  cases: [{name: none, when: lists.is_empty(prices), reply: {body: "'nothing'"}}]
  reply: {body: average}
""",
    )
    assert flow.agree("/average", {"prices": []}).json_body == "nothing"
    assert flow.agree("/average", {"prices": [1, 2]}).json_body == 1.5
    assert flow.agree("/average", {"prices": [1, 2, 3]}).status == 422
