"""The stories that stream: S2's change log from where a reader stopped, S9's summary piece by piece."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.engine import MemoryCallLog
from flowlattice.hosts.dev import run_lines
from flowlattice.hosts.inprocess import InProcess, Response
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from tests.support.docblocks import ROOT
from tests.support.flows import running

RELEASES = {
    "latest": "1.2",
    "1.2": '{"version": "1.2", "day": "2025-06-03", "changes": ["c"], "before": "1.1"}',
    "1.1": '{"version": "1.1", "day": "2025-06-02", "changes": ["b"], "before": "1.0"}',
    "1.0": '{"version": "1.0", "day": "2025-06-01", "changes": ["a"]}',
}


def story(name: str) -> Path:
    return ROOT / "examples" / name


def ids(answer: Response) -> list[str]:
    return [line.removeprefix("id: ") for line in answer.body.decode().split("\n") if line.startswith("id: ")]


@running
async def test_a_reader_of_the_change_log_goes_on_where_it_stopped() -> None:
    bindings = LocalBindings()
    for key, text in RELEASES.items():
        await bindings.kv("releases").set(key, text)
    async with InProcess(WebApp([runtime(load_flow(story("s02_site")), bindings)])) as site:
        whole = await site.request("GET", "/changelog")
        assert whole.headers["content-type"] == "text/event-stream"
        assert ids(whole) == ["1.2", "1.1", "1.0"]
        assert whole.body.decode().startswith('id: 1.2\ndata: {"version":"1.2","day":"2025-06-03",')
        rest = await site.request("GET", "/changelog", headers={"Last-Event-ID": "1.2"})
        assert ids(rest) == ["1.1", "1.0"]
        nothing = await site.request("GET", "/changelog", headers={"Last-Event-ID": "1.0"})
        assert (nothing.status, nothing.body) == (204, b"")
        page = await site.request("GET", "/")
        assert page.status == 200


@pytest.mark.parametrize("host", ["web", "dev"])
@running
async def test_a_summary_is_its_pieces(host: str) -> None:
    log = MemoryCallLog()
    flow = runtime(load_flow(story("s09_doc_summarize")), LocalBindings(), profile=host, log=log)
    line = (story("s09_doc_summarize") / "sample.jsonl").read_bytes().splitlines()[0]
    if host == "web":
        async with InProcess(WebApp([flow])) as served:
            answer = await served.request("POST", "/sum", headers={"content-type": "application/json"}, body=line)
        events = answer.body.decode().split("\n\n")[:-1]
        pieces = [json.loads(event.removeprefix("data: ")) for event in events]
    else:
        pieces = (await run_lines(flow, flow.triggers[0], [line], log)).outputs
        await flow.close()
    assert len(pieces) > 3
    assert "".join(piece["text"] for piece in pieces)
    assert [(call.capability, call.method) for call in log.calls] == [("ai.read", "stream")]
