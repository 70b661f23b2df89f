"""Requests, nodes and calls are spans of one trace, which comes in and goes out with the requests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flowlattice.bindings import EnvironmentBindings
from flowlattice.hosts.process import ServedFlow
from flowlattice.hosts.tracing import Tracing, tracing_of
from tests.support.asking import PINNED, asking, bound
from tests.support.collector import Collector, collector
from tests.support.flows import running, web, write_flow
from tests.support.scripted_model import reply_text, scripted_model

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "shop=1"}

SHOP = """
class In(Record, data="pii"):
    name: str
    page: str = "open"
    SECRET: str = ""

class Out(Record, data="public"):
    status: int

@node
async def look(req: In, shop: HttpRead) -> Out:
    answer = await shop.get(f"http://127.0.0.1:PORT/{req.page}", params={"key": "hunter2"})
    if req.page == "closed":
        raise ValueError(req.name)
    return Out(status=answer.status)

@node
def twice(out: Out) -> Out:
    return out

flow = Flow("shop", version="1.0.0")
hook = flow.trigger(http.post("/shops/{name}", accepts=In, deadline=seconds(20)))
flow.connect(hook, look)
flow.connect(look, twice)
flow.connect(twice, flow.respond())
flow.egress("shop", "127.0.0.1:PORT")
"""
BINDINGS = '[test.shop]\nbackend = "http"\n'


@pytest.fixture
def found():
    with collector() as running_collector:
        yield running_collector


@pytest.fixture
def tracing(found: Collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
    made = Tracing()
    yield made
    made.close()


def source(found: Collector) -> str:
    return SHOP.replace("PORT", str(found.port)).replace("SECRET", "secret")


def test_a_served_request_is_a_trace_at_the_collector(tmp_path, found, monkeypatch):
    write_flow(tmp_path, source(found))
    (tmp_path / "bindings.toml").write_text(BINDINGS)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
    with ServedFlow(tmp_path, "--env", "test") as served:
        headers = {**PARENT, "authorization": "Bearer hunter2"}
        body = '{"secret": "hunter2"}'
        status, _, text = served.exchange(
            "POST", "/shops/Ines?q=hunter2", body=body, content_type="application/json", headers=headers
        )
        served.request("GET", "/healthz")
    assert (status, text) == (200, '{"status":200}')
    assert found.services == {"flowlattice"}
    assert sorted(found.spans) == ["GET", "POST /shops/{name}", "look"]
    request, node, call = found.spans["POST /shops/{name}"], found.spans["look"], found.spans["GET"]
    assert {span.trace for span in found.spans.values()} == {TRACE}
    assert (request.parent, node.parent, call.parent) == (CALLER, request.id, node.id)
    assert (request.kind, node.kind, call.kind) == ("server", "internal", "client")
    assert not any(span.has_failed for span in found.spans.values())
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/shops/{name}",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "url.scheme": "http",
        "flowlattice.flow": "shop",
    }
    assert call.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "flowlattice.capability": "http.read",
        "flowlattice.binding": "shop",
        "flowlattice.method": "get",
        "flowlattice.attempt": 1,
    }
    assert node.attributes.keys() == {"flowlattice.flow", "flowlattice.node", "flowlattice.run"}
    assert found.told == [f"00-{TRACE}-{call.id}-01"]
    assert not any(word in body for body in found.sent for word in (b"hunter2", b"Ines"))


@running
async def test_what_failed_is_marked_with_its_kind_alone(tmp_path, found, tracing):
    bindings = EnvironmentBindings(BINDINGS, "test", tmp_path)
    async with web(tmp_path, source(found), bindings=bindings, tracer=tracing.tracer()) as client:
        answered = await client("POST", "/shops/Ines", json={"page": "closed"})
    tracing.close()
    assert answered.status == 500
    failed = {name: span.attributes["error.type"] for name, span in found.spans.items() if span.has_failed}
    assert failed == {"POST /shops/{name}": "500", "look": "ValueError", "GET": "503"}
    assert found.spans["look"].parent == found.spans["POST /shops/{name}"].id
    assert not found.spans["POST /shops/{name}"].parent
    assert not any(b"Ines" in body for body in found.sent)


STREAMING = 'return Out(v="".join([piece async for piece in ai.stream(req.v)]))'


@pytest.mark.parametrize("body", ["return Out(v=await ai.complete(req.v))", STREAMING], ids=["whole", "stream"])
@running
async def test_the_trace_goes_out_to_the_model(tmp_path, found, tracing, body):
    with scripted_model([reply_text("hello")]) as model:
        bindings = bound(tmp_path, model.url)
        async with web(tmp_path, asking(body), bindings=bindings, tracer=tracing.tracer()) as client:
            answered = await client("POST", "/ask", json={"v": "hunter2"}, headers=PARENT)
    tracing.close()
    assert answered.status == 200
    call = found.spans["chat gpt-4o-mini-2024-07-18"]
    assert model.headers[0]["traceparent"] == f"00-{TRACE}-{call.id}-01"
    assert model.headers[0]["tracestate"] == "shop=1"
    assert (call.trace, call.parent) == (TRACE, found.spans["ask"].id)
    assert call.attributes["gen_ai.request.model"] in PINNED
    assert not any(b"hunter2" in sent for sent in found.sent)


@running
async def test_what_is_not_traced_tells_nobody(tmp_path, found):
    bindings = EnvironmentBindings(BINDINGS, "test", tmp_path)
    async with web(tmp_path, source(found), bindings=bindings) as client:
        await client("POST", "/shops/Ines", json={}, headers=PARENT)
    assert found.told == [""]


def test_traces_are_sent_where_somebody_says_so():
    assert tracing_of({}, asked=False) is None
    assert tracing_of({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, asked=False) is None
    assert isinstance(tracing_of({}, asked=True), Tracing)
    assert isinstance(tracing_of({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x/"}, asked=False), Tracing)


def test_the_sdk_is_imported_only_where_tracing_is_on():
    text = (
        "import sys, flowlattice.commands.serve, flowlattice.hosts.web.alone, flowlattice.hosts.web.supervisor\n"
        "from flowlattice.hosts.tracing import tracing_of\n"
        "tracing_of({}, asked=False)\n"
        "sys.exit('opentelemetry' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0
