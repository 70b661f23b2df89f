"""What is answered: methods, statuses, bodies, limits, invalid replies, failures; and the host's own pages."""

from __future__ import annotations

import asyncio
import json
import logging
import re

import pytest

from flowlattice.hosts.web import RouteConflict, WebApp
from tests.support.flows import ECHO, ask, running, runtime_of, until, web

ROUTES = """
class In(Record, data="public"):
    v: str = ""

class Item(Record, data="public"):
    id: str

flow = Flow("routes", version="1.0.0")
text = flow.respond(body="text", name="text")
json = flow.respond(name="json")
flow.connect(flow.trigger(http.get("/echo", accepts=In)), json)
flow.connect(flow.trigger(http.post("/echo", accepts=In)), json)
flow.connect(flow.trigger(http.get("/items/{id}", accepts=Item)), json)
flow.connect(flow.trigger(http.delete("/items/{id}", accepts=Item)), flow.respond(status=204, body="empty"))
flow.connect(flow.trigger(http.get("/items/special")), json)
flow.connect(flow.trigger(http.get("/files/{id}.txt", accepts=Item)), json)
"""


def test_head_is_get_without_its_body(tmp_path):
    get, head = ask(
        tmp_path, ROUTES, {"method": "GET", "target": "/echo?v=abc"}, {"method": "HEAD", "target": "/echo?v=abc"}
    )
    assert head.status == get.status == 200
    assert head.body == b""
    assert head.headers == get.headers
    assert head.headers["content-length"] == str(len(get.body))


def test_head_of_an_invalid_request_and_of_a_post_route(tmp_path):
    invalid, post = ask(
        tmp_path, ROUTES, {"method": "HEAD", "target": "/echo?v=a&v=b"}, {"method": "HEAD", "target": "/items"}
    )
    assert (invalid.status, invalid.body) == (422, b"")
    assert (post.status, post.body) == (404, b"")


def test_options_and_method_not_allowed_say_which_methods_there_are(tmp_path):
    options, wrong, item, nowhere = ask(
        tmp_path,
        ROUTES,
        {"method": "OPTIONS", "target": "/echo"},
        {"method": "PATCH", "target": "/echo"},
        {"method": "POST", "target": "/items/5"},
        {"method": "OPTIONS", "target": "/nowhere"},
    )
    assert (options.status, options.body, options.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert json.loads(wrong.body) == {"error": "method_not_allowed"}
    assert (item.status, item.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")
    assert nowhere.status == 404


def test_spelled_out_segments_go_before_parameters(tmp_path):
    special, other, deleted, suffix = ask(
        tmp_path,
        ROUTES,
        {"method": "GET", "target": "/items/special"},
        {"method": "GET", "target": "/items/5"},
        {"method": "DELETE", "target": "/items/special"},
        {"method": "GET", "target": "/files/a.b.txt"},
    )
    assert json.loads(special.body) == {}
    assert json.loads(other.body) == {"id": "5"}
    assert deleted.status == 204
    assert json.loads(suffix.body) == {"id": "a.b"}


@pytest.mark.parametrize(
    "target", ["/", "/echo/", "/Echo", "//echo", "/items/", "/items/a/b", "/items%2F5", "/files/.txt"]
)
def test_other_paths_are_not_found(tmp_path, target):
    [answer] = ask(tmp_path, ROUTES, {"method": "GET", "target": target})
    assert answer.status == 404
    assert json.loads(answer.body) == {"error": "not_found"}


def test_an_encoded_path_is_the_same_path(tmp_path):
    [answer] = ask(tmp_path, ROUTES, {"method": "GET", "target": "/%65cho?v=x"})
    assert json.loads(answer.body) == {"v": "x"}


BODIES = """
class In(Record, data="public"):
    how: str

class Out(Record, data="public"):
    day: Annotated[date, field(alias="the-day")]
    note: str | None = None

@node
def choose(req: In) -> In:
    return req

def by_how(req: In) -> str:
    return req.how

def record(req: In) -> Out:
    return Out.model_validate({"the-day": date(2026, 1, 31)})

def many(req: In) -> list[Out]:
    return [record(req)]

def words(req: In) -> str:
    return "grüße"

def infinite(req: In) -> float:
    return float("inf")

flow = Flow("bodies", version="1.0.0")
hook = flow.trigger(http.get("/b/{how}", accepts=In))
ways = Switch(by_how, cases=["record", "many", "text", "html", "empty", "infinite", "surrogate", "nobody"])
flow.connect(hook, ways)
flow.connect(ways.case("record"), one := Map(record))
flow.connect(one, flow.respond(status=201))
flow.connect(ways.case("many"), several := Map(many))
flow.connect(several, flow.respond())
flow.connect(ways.case("text"), said := Map(words))
flow.connect(said, flow.respond(body="text"))
flow.connect(ways.case("html"), page := Map(words, name="page"))
flow.connect(page, flow.respond(body="html", status=404))
flow.connect(ways.case("empty"), flow.respond(status=202, body="empty"))
flow.connect(ways.case("infinite"), large := Map(infinite))
flow.connect(large, flow.respond())
flow.connect(ways.case("surrogate"), broken := Map(lambda req: "\\ud800", name="broken"))
flow.connect(broken, flow.respond(body="text"))
flow.connect(ways.case("nobody"), flow.respond(status=204))
"""


@pytest.mark.parametrize(
    ("how", "status", "content_type", "body"),
    [
        ("record", 201, "application/json", '{"the-day":"2026-01-31","note":null}'),
        ("many", 200, "application/json", '[{"the-day":"2026-01-31","note":null}]'),
        ("text", 200, "text/plain; charset=utf-8", "grüße"),
        ("html", 404, "text/html; charset=utf-8", "grüße"),
        ("empty", 202, None, ""),
        ("infinite", 200, "application/json", "null"),
        ("nobody", 204, None, ""),
        ("unknown", 204, None, ""),
    ],
)
def test_bodies(tmp_path, how, status, content_type, body):
    [answer] = ask(tmp_path, BODIES, {"method": "GET", "target": f"/b/{how}"})
    assert (answer.status, answer.headers.get("content-type"), answer.body.decode()) == (status, content_type, body)
    assert answer.headers.get("content-length") == (None if status == 204 else str(len(answer.body)))


def test_what_cannot_be_written_as_the_answer_is_a_failure(tmp_path, caplog):
    [answer] = ask(tmp_path, BODIES, {"method": "GET", "target": "/b/surrogate"})
    assert answer.status == 500


INVALID = """
class In(Record, data="public"):
    name: str
    age: Annotated[int, field(ge=0, reason="must not be negative")]
    sent_by: Annotated[str, field(alias="from")] = ""

flow = Flow("invalid", version="1.0.0")
hook = flow.trigger(http.post("/in", accepts=In, invalid=[
    http.invalid(400, {"missing": "$fields", "note": "$field $reason", "n": [1, None, "$fields!"]}, problem="missing"),
    http.invalid(418, text="bad $field: $reason ($fields)", fields=["age"], problem="value"),
    http.invalid(409, {"about": "$field"}, fields=["from"]),
]))
flow.connect(hook, flow.respond())
"""


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ({}, 400, {"missing": ["name", "age"], "note": "name is required", "n": [1, None, "name, age!"]}),
        ({"name": 3}, 400, {"missing": ["name", "age"], "note": "age is required", "n": [1, None, "name, age!"]}),
        ({"name": "n", "age": -1}, 418, "bad age: must not be negative (age)"),
        ({"name": "n", "age": -1, "from": 5}, 418, "bad age: must not be negative (age, from)"),
        ({"name": "n", "age": 1, "from": 5}, 409, {"about": "from"}),
        (
            {"name": "n", "age": "x"},
            422,
            {"error": "invalid_input", "fields": [{"field": "age", "reason": "must be a whole number"}]},
        ),
        ([], 422, {"error": "invalid_input", "fields": [{"field": "body", "reason": "must be an object"}]}),
    ],
)
def test_the_first_invalid_reply_that_fits(tmp_path, sent, status, body):
    [answer] = ask(tmp_path, INVALID, {"method": "POST", "target": "/in", "json": sent})
    assert answer.status == status
    if isinstance(body, str):
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.body.decode() == body
    else:
        assert json.loads(answer.body) == body


NODES = """
class In(Record, data="public"):
    start: int
    end: int

@node
def check(req: In) -> In:
    require(req.start <= req.end, "end", "must not be before start")
    if req.start == 7:
        raise ValueError("secret 7")
    if req.start == 8:
        raise SystemExit(3)
    if req.start == 9:
        raise asyncio.CancelledError
    return req

flow = Flow("nodes", version="1.0.0")
hook = flow.trigger(http.post("/n", accepts=In))
flow.connect(hook, check)
flow.connect(check, flow.respond())
"""


def test_nodes_can_find_input_invalid(tmp_path):
    [answer] = ask(tmp_path, NODES, {"method": "POST", "target": "/n", "json": {"start": 2, "end": 1}})
    assert answer.status == 422
    assert json.loads(answer.body)["fields"] == [{"field": "end", "reason": "must not be before start"}]


def test_operators_without_a_value_make_input_invalid(tmp_path):
    source = """
    from flowlattice.operators.base import NoValueError

    class In(Record, data="public"):
        by: int

    @node
    def divide(req: In) -> float:
        if req.by == 0:
            raise NoValueError("cannot be divided by zero")
        return 1 / req.by

    flow = Flow("divide", version="1.0.0")
    hook = flow.trigger(http.post("/d", accepts=In))
    flow.connect(hook, divide)
    flow.connect(divide, flow.respond())
    """
    [answer] = ask(tmp_path, source, {"method": "POST", "target": "/d", "json": {"by": 0}})
    assert answer.status == 422
    assert json.loads(answer.body)["fields"] == [{"field": "request", "reason": "cannot be divided by zero"}]


@pytest.mark.parametrize("start", [7, 8, 9])
def test_a_node_that_fails_is_500_with_the_run_and_nothing_else(tmp_path, caplog, start):
    with caplog.at_level(logging.ERROR):
        failed, fine = ask(
            tmp_path,
            NODES,
            {"method": "POST", "target": "/n", "json": {"start": start, "end": 10}},
            {"method": "POST", "target": "/n", "json": {"start": 1, "end": 10}},
        )
    assert failed.status == 500
    document = json.loads(failed.body)
    assert document["error"] == "internal"
    assert set(document) == {"error", "run"}
    assert fine.status == 200, "the host goes on"
    [line] = [record.getMessage() for record in caplog.records]
    assert document["run"] in line
    assert "check" in line
    assert "flow.py:" in line
    assert "secret" not in line


LIMITED = ECHO + "flow.rate_limit(qps=0.5, burst=2)\n"


def test_over_the_rate_limit_is_429_with_retry_after(tmp_path):
    request = {"method": "POST", "target": "/echo", "json": {"v": "x"}}
    first, second, third = ask(tmp_path, LIMITED, request, request, request)
    assert (first.status, second.status) == (200, 200)
    assert third.status == 429
    assert third.headers["retry-after"] == "2"
    assert json.loads(third.body) == {"error": "rate_limited"}


def test_the_rate_limit_counts_neither_options_nor_other_paths(tmp_path):
    free = [
        {"method": "OPTIONS", "target": "/echo"},
        {"method": "GET", "target": "/x"},
        {"method": "GET", "target": "/echo"},
    ]
    *_, last = ask(tmp_path, LIMITED, *free * 3, {"method": "POST", "target": "/echo", "json": {"v": "x"}})
    assert last.status == 200


SLOW = """
class In(Record, data="public"):
    v: str = ""

GO = asyncio.Event()

@node
async def wait(req: In) -> In:
    await GO.wait()
    return req

flow = Flow("slow", version="1.0.0")
hook = flow.trigger(http.get("/slow", accepts=In))
flow.connect(hook, wait)
flow.connect(wait, flow.respond())
flow.max_in_flight(2)
"""


@running
async def test_a_saturated_flow_is_503_with_retry_after(tmp_path):
    async with web(tmp_path, SLOW) as client:
        under_way = [asyncio.create_task(client("GET", "/slow")) for _ in range(2)]
        await asyncio.sleep(0)
        turned_away = await client("GET", "/slow")
        assert turned_away.status == 503
        assert turned_away.headers["retry-after"] == "1"
        assert json.loads(turned_away.body) == {"error": "saturated"}
        assert (await client("GET", "/readyz")).status == 200, "the host itself still answers"
        metrics = (await client("GET", "/metrics")).body.decode()
        assert 'flows_in_flight{flow="slow"} 2.0' in metrics
        assert 'flows_rejected_total{flow="slow",reason="saturated"} 1.0' in metrics
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        assert 'flows_in_flight{flow="slow"} 0.0' in (await client("GET", "/metrics")).body.decode()


def test_the_own_pages(tmp_path):
    health, ready, metrics, post, options, everywhere, head = ask(
        tmp_path,
        ECHO,
        {"method": "GET", "target": "/healthz"},
        {"method": "GET", "target": "/readyz"},
        {"method": "GET", "target": "/metrics"},
        {"method": "POST", "target": "/healthz"},
        {"method": "OPTIONS", "target": "/readyz"},
        {"method": "OPTIONS", "target": "*"},
        {"method": "HEAD", "target": "/healthz"},
    )
    assert (health.status, json.loads(health.body)) == (200, {"status": "ok"})
    assert (ready.status, json.loads(ready.body)) == (200, {"status": "ready"})
    assert metrics.headers["content-type"].startswith("text/plain")
    assert (post.status, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (options.status, everywhere.status) == (204, 204)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(health.body)))


def test_metrics_count_answers_by_route_and_never_what_was_sent(tmp_path):
    *_, metrics = ask(
        tmp_path,
        ROUTES,
        {"method": "GET", "target": "/items/secret-1"},
        {"method": "GET", "target": "/items/secret-2"},
        {"method": "GET", "target": "/echo?v=a&v=b"},
        {"method": "GET", "target": "/secret-3"},
        {"method": "GET", "target": "/metrics"},
    )
    text = metrics.body.decode()
    assert 'flows_requests_total{flow="routes",method="GET",route="/items/{id}",status="200"} 2.0' in text
    assert 'flows_requests_total{flow="routes",method="GET",route="/echo",status="422"} 1.0' in text
    assert 'flows_request_seconds_count{flow="routes",method="GET",route="/items/{id}"} 2.0' in text
    assert "secret" not in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_route_may_not_take_a_page_of_the_host(tmp_path, path):
    with pytest.raises(RouteConflict, match=f"flow echo: {path} is the host's own page"):
        WebApp([runtime_of(tmp_path, ECHO.replace("/echo", path))])


def test_flows_that_share_a_port_may_not_share_a_route(tmp_path):
    one = runtime_of(tmp_path / "one", ROUTES)
    two = runtime_of(tmp_path / "two", ECHO)
    with pytest.raises(RouteConflict, match="flow echo: POST /echo is there twice"):
        WebApp([one, two])
    renamed = ROUTES.replace("{id}", "{other}").replace("    id: str", "    other: str").replace('"/echo"', '"/new"')
    with pytest.raises(RouteConflict, match=re.escape("/items/{other} is there twice")):
        WebApp([one, runtime_of(tmp_path / "three", renamed)])


@running
async def test_several_flows_are_served_together(tmp_path):
    from flowlattice.hosts.inprocess import InProcess

    other = ECHO.replace("/echo", "/other").replace('"echo"', '"other"')
    app = WebApp(
        [runtime_of(tmp_path / "one", ECHO + "flow.rate_limit(qps=1, burst=1)\n"), runtime_of(tmp_path / "two", other)]
    )
    async with InProcess(app) as driver:
        for path, expected in [("/echo", 200), ("/echo", 429), ("/other", 200), ("/other", 200)]:
            answer = await driver.request("POST", path, body=b'{"v":"A"}')
            assert answer.status == expected, "each flow has limits of its own"


EARLY = """
class In(Record, data="public"):
    v: str = ""

GO = asyncio.Event()
DONE = []

@node
async def finish(req: In) -> In:
    await GO.wait()
    DONE.append(req.v)
    if req.v == "fail":
        raise ValueError("secret")
    return req

flow = Flow("early", version="1.0.0")
hook = flow.trigger(http.post("/early", accepts=In, respond="RESPOND"))
flow.connect(hook, finish)
flow.connect(hook, flow.respond(status=201))
"""


@pytest.mark.parametrize(("mode", "status"), [("immediate", 202), ("explicit", 201)])
def test_a_run_goes_on_after_an_early_answer(tmp_path, mode, status):
    async def scenario():
        async with web(tmp_path, EARLY.replace("RESPOND", mode)) as client:
            answer = await client("POST", "/early", json={"v": "a"})
            assert answer.status == status
            if mode == "immediate":
                assert set(json.loads(answer.body)) == {"run"}
            invalid = await client("POST", "/early", json={"v": 1})
            assert invalid.status == 422, "input is validated before the answer"
            metrics = (await client("GET", "/metrics")).body.decode()
            assert 'flows_in_flight{flow="early"} 1.0' in metrics, "it is still under way"
            flow_module(tmp_path).GO.set()
            await until(lambda: flow_module(tmp_path).DONE == ["a"])
        metrics = (await client("GET", "/metrics")).body.decode()
        assert 'flows_in_flight{flow="early"} 0.0' in metrics

    asyncio.run(scenario())


def test_a_failure_after_the_answer_is_logged(tmp_path, caplog):
    async def scenario():
        async with web(tmp_path, EARLY.replace("RESPOND", "immediate")) as client:
            flow_module(tmp_path).GO.set()
            answer = await client("POST", "/early", json={"v": "fail"})
            assert answer.status == 202
        return json.loads(answer.body)["run"]

    with caplog.at_level(logging.ERROR):
        run = asyncio.run(scenario())
    [line] = [record.getMessage() for record in caplog.records]
    assert run in line
    assert "secret" not in line


def flow_module(folder):
    """The module that a flow file became."""
    import sys

    return next(m for m in sys.modules.values() if getattr(m, "__file__", None) == str((folder / "flow.py").resolve()))
