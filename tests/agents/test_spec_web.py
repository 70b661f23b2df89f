"""What specs can ask of a route: the flow that is built answers as the simulator says."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowlattice_agents.errors import SpecError
from flowlattice_agents.rendering import render_flow
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
