"""The benchmark is fair: the flow and the endpoint by hand answer alike, and the packaged flow is the example."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path
from typing import cast

import pytest

from flowlattice.bench import echo
from flowlattice.bench.load import percentile
from flowlattice.bench.server import ARMS, app_of
from flowlattice.hosts.inprocess import InProcess, Response
from flowlattice.hosts.web import WebApp

EXAMPLE = Path(__file__).parents[3] / "examples" / "s01_echo" / "flow.py"
JSON = {"content-type": "application/json"}


def answers(*requests) -> list[list[Response]]:
    """What each arm answers to the same requests."""

    async def send(arm: str) -> list[Response]:
        driver = InProcess(cast("WebApp", app_of(arm)))
        return [
            await driver.request(method, path, headers=headers, body=body) for method, path, headers, body in requests
        ]

    return [asyncio.run(send(arm)) for arm in ARMS]


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
    for sent in answers(request, request, ("POST", "/echo", JSON, b"{}"), ("GET", "/metrics", {}, b"")):
        metrics = [line for line in sent[-1].body.decode().splitlines() if "requests_total{" in line]
        assert sorted((line.split('status="')[1][:3], line.split()[-1]) for line in metrics) == [
            ("200", "2.0"),
            ("422", "1.0"),
        ]
        assert any(
            "request_seconds_count{" in line and line.endswith(" 3.0") for line in sent[-1].body.decode().splitlines()
        )


def test_the_packaged_flow_is_the_example():
    def code(text: str) -> str:
        tree = ast.parse(text)
        for part in ast.walk(tree):
            if isinstance(part, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(part):
                part.body = part.body[1:]
        return ast.unparse(tree)

    assert code(Path(echo.__file__).read_text()) == code(EXAMPLE.read_text())


@pytest.mark.parametrize(("percent", "value"), [(50, 2000.0), (95, 4000.0), (99, 4000.0), (25, 1000.0), (26, 2000.0)])
def test_percentiles_are_by_nearest_rank(percent, value):
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value
    assert percentile([], percent) == 0.0
