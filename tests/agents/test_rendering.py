"""Rendering: the same spec gives the same bytes, and what is rendered loads and means what the spec says."""

import json
import textwrap
from pathlib import Path

import pytest

from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice.language.loading import load
from flowlattice_agents.errors import SpecError
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.spec import FlowSpec

PARCELS = """
name: parcels
summary: Parcel prices
records:
- name: PriceIn
  data: internal
  fields:
  - {name: express, type: boolean, required: false, default: false}
  - {name: weight_g, type: integer, minimum: 1, maximum: 30000}
  - {name: from_, alias: from, type: string, choices: [a, b], required: false}
routes:
- method: POST
  path: /parcels/price
  accepts: PriceIn
  deadline_ms: 400
  invalid: [{status: 422, body: {error: weight_g must be 1 to 30000}}]
  steps:
  - {name: base, value: "390 if weight_g <= 2000 else 390 + 120 * numbers.ceil((weight_g - 2000) / 1000)"}
  checks:
  - {require: "base < 4000", field: weight_g, reason: is too heavy}
  reply: {body: '{"price_cents": base, "class": "letter" if weight_g <= 2000 else "parcel"}'}
rate_limit: {qps: 50, burst: 80}
slos: [{percentile: 95, latency_ms: 50, at_qps: 500}]
"""

TICKETS = """
name: tickets
records:
- {name: Ticket, data: pii, fields: [{name: id, type: string}, {name: kind, type: string}]}
routes:
- method: POST
  path: /tickets
  accepts: Ticket
  checks: [{require: 'id != ""', field: id, reason: must not be empty}]
  cases:
  - {name: billing, when: 'kind == "billing"', reply: {body: '{"id": id, "team": "finance"}'}}
  - {name: gone, when: 'kind == "gone"', reply: {status: 404, body: '{"error": "gone"}'}}
  reply: {body: '{"id": id, "team": "triage"}'}
- {method: GET, path: /, reply: {kind: html, body: '"<h1>Hi</h1>"'}}
- {method: DELETE, path: /all, reply: {kind: empty, status: 204}}
"""


def compiled(tmp_path: Path, spec: str) -> tuple[str, FlowIR]:
    source = render_flow(FlowSpec.from_yaml(spec))
    (tmp_path / "flow.py").write_text(source, encoding="utf-8")
    return source, lower(load(tmp_path))


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert render_flow(FlowSpec.from_yaml(PARCELS)) == render_flow(FlowSpec.from_yaml(PARCELS))


def test_a_route_becomes_a_trigger_a_node_and_a_respond(tmp_path: Path) -> None:
    _, ir = compiled(tmp_path, PARCELS)
    assert [(node.name, node.kind) for node in ir.nodes] == [
        ("post_parcels_price", "trigger"),
        ("parcels_price", "node"),
        ("respond", "respond"),
    ]
    trigger = ir.nodes[0].trigger
    assert trigger is not None
    assert (trigger.method, trigger.path, trigger.deadline_ms) == ("POST", "/parcels/price", 400)
    assert trigger.invalid[0].body == {"error": "weight_g must be 1 to 30000"}
    assert (ir.nodes[1].effects, ir.nodes[1].determinism) == ("pure", "strict")


def test_limits_and_promises_are_rendered(tmp_path: Path) -> None:
    _, ir = compiled(tmp_path, PARCELS)
    assert [s.config for s in ir.surfaces if s.kind == "rate_limit"] == [{"qps": 50, "burst": 80}]
    assert [(slo.percentile, slo.latency_ms, slo.at_qps) for slo in ir.slos] == [(95, 50, 500)]


def test_field_constraints_aliases_and_defaults_reach_the_schema(tmp_path: Path) -> None:
    _, ir = compiled(tmp_path, PARCELS)
    schema = ir.schemas["PriceIn"]
    assert isinstance(schema, dict)
    assert schema["required"] == ["weight_g"]
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == {"weight_g", "express", "from"}
    assert properties["weight_g"] == {
        "maximum": 30000, "minimum": 1, "title": "Weight G", "type": "integer", "x-data-class": "internal",
    }  # fmt: skip


def test_cases_become_a_switch_with_a_branch_each(tmp_path: Path) -> None:
    _, ir = compiled(tmp_path, TICKETS)
    switch = next(node for node in ir.nodes if node.kind == "switch")
    assert [edge.case for edge in ir.outgoing(switch.id)] == ["billing", "gone", "default"]
    statuses = [s.config["status"] for s in ir.surfaces if s.kind == "respond"]
    assert sorted(statuses, key=str) == [200, 200, 200, 204, 404]


def test_replies_of_the_same_shape_share_a_record(tmp_path: Path) -> None:
    source, _ = compiled(tmp_path, TICKETS)
    assert source.count('class TicketsBillingOut(Record, data="pii"):') == 1
    assert "class TicketsOtherwiseOut" not in source


def test_a_reply_is_as_sensitive_as_what_it_shows(tmp_path: Path) -> None:
    source, _ = compiled(tmp_path, TICKETS)
    assert 'class TicketsGoneOut(Record, data="public"):' in source


def test_checks_stand_as_soon_as_what_they_need_is_there() -> None:
    source = render_flow(FlowSpec.from_yaml(PARCELS))
    lines = [line.strip() for line in source.splitlines()]
    base = next(number for number, line in enumerate(lines) if line.startswith("base = "))
    assert lines[base + 1].startswith('require(base < 4000, "weight_g", "is too heavy")')


def test_an_outside_call_carries_its_key_and_its_host(tmp_path: Path) -> None:
    spec = """
    name: contact
    records: [{name: Mail, data: pii, fields: [{name: email, type: string}]}]
    routes:
    - method: POST
      path: /contact
      accepts: Mail
      calls:
      - name: send
        binding: postmark
        url: "https://api.postmarkapp.com/email"
        body: '{"To": email}'
        key: [email]
        ttl_s: 86400
      reply: {body: '{"status": "received"}'}
    """
    _, ir = compiled(tmp_path, textwrap.dedent(spec))
    node = next(node for node in ir.nodes if node.name == "send")
    assert node.effects == "effectful"
    assert node.idempotency is not None
    assert (node.idempotency.fields, node.idempotency.ttl_ms) == (("email",), 86_400_000)
    assert {(use.name, use.binding, use.egress) for use in node.capabilities} == {
        ("http.write", "postmark", ("api.postmarkapp.com",)),
        ("dedupe", "seen", ()),
    }


@pytest.mark.parametrize("quote", ['"', "'", "\\", "\n", '"""', "{x}", "é\u2028"])
def test_text_of_the_brief_cannot_break_out_of_its_literal(tmp_path: Path, quote: str) -> None:
    spec = FlowSpec.from_yaml('name: f\nroutes: [{method: GET, path: /a, reply: {body: \'{"m": "x"}\'}}]')
    said = f"hi {quote} there"
    route = spec.routes[0].model_copy(
        update={"reply": spec.routes[0].reply.model_copy(update={"body": repr({"m": said})})}
    )
    source = render_flow(spec.model_copy(update={"summary": said, "routes": (route,)}))
    (tmp_path / "flow.py").write_text(source, encoding="utf-8")
    ir = lower(load(tmp_path))
    assert ir.summary == " ".join(said.split())


def test_a_spec_that_does_not_hold_together_names_the_route() -> None:
    spec = FlowSpec.from_yaml("name: f\nroutes: [{method: GET, path: /a, reply: {body: nowhere}}]")
    with pytest.raises(SpecError, match=r"GET /a: .*nowhere"):
        render_flow(spec)


def test_json_constants_are_constants(tmp_path: Path) -> None:
    spec = """
    name: f
    records: [{name: In, data: public, fields: [{name: n, type: integer}]}]
    routes:
    - method: POST
      path: /a
      accepts: In
      checks: [{require: "(n > 0) == true", field: n, reason: must be positive}]
      reply: {body: '{"ok": true, "no": false, "none": null}'}
    """
    source, _ = compiled(tmp_path, textwrap.dedent(spec))
    assert "ok=True, no=False, none=None" in source
    assert "require((req.n > 0) == True" in source


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"records": [{"name": "str", "fields": []}]}, "cannot be called str"),
        ({"records": [{"name": "A", "fields": []}, {"name": "A", "fields": []}]}, "record A twice"),
        ({"records": [{"name": "A", "fields": [{"name": "x", "type": "string"}] * 2}]}, "field x twice"),
        ({"records": [{"name": "A", "fields": [{"name": "_x", "type": "string"}]}]}, "pattern"),
        ({"records": [{"name": "A", "fields": [{"name": "class", "type": "string"}]}]}, "word of Python"),
        ({"summary": "hi \x1b[2J"}, "control characters"),
        ({"summary": "hi \u202e"}, "reorder"),
        ({"rate_limit": {"qps": 1, "burst": 10**30}}, "less than or equal"),
        ({"routes": [{"method": "GET", "path": "/a", "accepts": "Nowhere", "reply": {"body": "1"}}]}, "no record"),
        ({"routes": [{"method": "GET", "path": "/a", "reply": {"body": "1"}}] * 2}, "route GET /a twice"),
    ],
)
def test_a_spec_that_cannot_be_meant_is_refused(changed: dict[str, object], says: str) -> None:
    spec = {"name": "f", "routes": [{"method": "GET", "path": "/a", "reply": {"body": "1"}}], **changed}
    with pytest.raises(SpecError, match=says):
        FlowSpec.from_yaml(json.dumps(spec))


@pytest.mark.parametrize(
    "url", ["http://a.example/", "https://[x]/", 'https://x"""; y = 1; """', "https://u:p@a.example/"]
)
def test_a_call_goes_to_a_plain_host_over_https(url: str) -> None:
    call = {"name": "c", "binding": "b", "url": url}
    spec = {"name": "f", "routes": [{"method": "POST", "path": "/a", "calls": [call], "reply": {"body": "1"}}]}
    with pytest.raises(SpecError, match="https URL"):
        FlowSpec.from_yaml(json.dumps(spec))


def test_an_alias_bomb_is_refused_unexpanded() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    with pytest.raises(SpecError, match="aliases"):
        FlowSpec.from_yaml("\n".join(lines))
