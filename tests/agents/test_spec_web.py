"""What specs can ask of a route: the flow that is built answers as the simulator says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flowlattice_agents.errors import SimulationUnavailable, SpecError
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.simulate import simulate
from flowlattice_agents.spec import FlowSpec
from tests.support.specs import built

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
