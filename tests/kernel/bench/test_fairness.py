"""The benchmark is fair: the flow and the endpoint by hand answer alike, and the packaged flow is the example."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path
from typing import cast

import pytest

from flowlattice.bench import echo, summarize
from flowlattice.bench.server import app_of
from flowlattice.hosts.inprocess import InProcess, Patience, Response
from flowlattice.hosts.web import WebApp

EXAMPLES = Path(__file__).parents[3] / "examples"
ARMS = ("echo", "echo_by_hand")
JSON = {"content-type": "application/json"}
METRICS: tuple[str, str, dict[str, str], bytes] = ("GET", "/metrics", {}, b"")


def answers(*requests, arms=ARMS) -> list[list[Response]]:
    """What each arm answers to the same requests."""

    async def send(arm: str) -> list[Response]:
        driver = InProcess(cast("WebApp", app_of(arm)))
        return [
            await driver.request(method, path, headers=headers, body=body) for method, path, headers, body in requests
        ]

    return [asyncio.run(send(arm)) for arm in arms]


def undisturbed(*requests) -> list[list[Response]]:
    """The same, once no pause of the machine has cost a request its deadline; the last answers after five attempts."""
    for _ in range(4):
        found = answers(*requests)
        if all(answer.status != 504 for sent in found for answer in sent):
            return found
    return answers(*requests)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, b'{"v": "  HeLLo World "}', 200),
        (JSON, b'{"v": "\\u00c4\\u20ac", "w": 1}', 200),
        (JSON, b'{"v": ""}', 200),
        ({}, b'{"v": "A"}', 200),
        ({"content-type": "application/json; charset=utf-8"}, b'{"v": "A"}', 200),
        (JSON, b"{}", 422),
        (JSON, b'{"v": 5}', 422),
        (JSON, b'{"v": null}', 422),
        (JSON, b'{"v":', 422),
        (JSON, b"[]", 422),
        (JSON, b'{"v": "\\ud800"}', 422),
        ({"content-type": "text/plain"}, b'{"v": "A"}', 415),
        (JSON, b'{"v": "' + b"x" * 1_048_576 + b'"}', 413),
        ({**JSON, "content-length": "2000000"}, b"{}", 413),
    ],
)
def test_both_arms_give_the_same_answer(headers, body, status):
    [[flow], [baseline]] = answers(("POST", "/echo", headers, body))
    assert flow.status == baseline.status == status
    assert flow.body == baseline.body
    assert flow.headers == baseline.headers


def test_both_arms_have_the_same_limit():
    for sent in undisturbed(*[("POST", "/echo", JSON, b'{"v": "A"}')] * 2600):
        statuses = [answer.status for answer in sent]
        assert statuses[:2000] == [200] * 2000
        assert 429 in statuses, "the burst comes to an end"
        turned_away = next(answer for answer in sent if answer.status == 429)
        assert json.loads(turned_away.body) == {"error": "rate_limited"}
        assert turned_away.headers["retry-after"] == "1"


def test_both_arms_count_the_same():
    request = ("POST", "/echo", JSON, b'{"v": "A"}')
    for sent in answers(request, request, ("POST", "/echo", JSON, b"{}"), METRICS):
        metrics = [line for line in sent[-1].body.decode().splitlines() if "requests_total{" in line]
        assert sorted((line.split('status="')[1][:3], line.split()[-1]) for line in metrics) == [
            ("200", "2.0"),
            ("422", "1.0"),
        ]
        assert any(
            "request_seconds_count{" in line and line.endswith(" 3.0") for line in sent[-1].body.decode().splitlines()
        )


def test_fastapi_answers_and_counts_the_same():
    request = ("POST", "/echo", JSON, b'{"v": "  HeLLo "}')
    [flow, flow_metrics], [other, other_metrics] = answers(request, METRICS, arms=("echo", "echo_with_fastapi"))
    assert (flow.status, flow.body, dict(flow.headers)) == (other.status, other.body, dict(other.headers))
    for answer in (flow_metrics, other_metrics):
        assert b'status="200"} 1.0' in answer.body


def test_both_streams_send_the_same_events():
    """But for headers of a proxy and of caches, and comments."""

    async def listen(arm: str) -> Response:
        driver = InProcess(cast("WebApp", app_of(arm)))
        return await driver.request("GET", "/ticks?every_ms=1", patience=Patience(pieces=3, seconds=60))

    flow, by_hand = (asyncio.run(listen(arm)) for arm in ("ticks", "ticks_by_hand"))
    assert flow.status == by_hand.status == 200
    assert flow.body[:300] == by_hand.body[:300]
    assert flow.body.startswith(b'id: 1\ndata: {"number":1,"text":"What happened')
    assert flow.headers["content-type"] == "text/event-stream"
    assert by_hand.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(("packaged", "example"), [(echo, "s01_echo"), (summarize, "s09_doc_summarize")])
def test_the_packaged_flow_is_the_example(packaged, example):
    def code(text: str) -> str:
        tree = ast.parse(text)
        for part in ast.walk(tree):
            if isinstance(
                part, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ) and ast.get_docstring(part):
                part.body = part.body[1:]
        return ast.unparse(tree)

    assert code(Path(packaged.__file__).read_text()) == code((EXAMPLES / example / "flow.py").read_text())
