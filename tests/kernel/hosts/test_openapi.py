"""The document and the page of a flow: what stands in them, and where they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web.openapi import document
from tests.support.docblocks import ROOT
from tests.support.flows import ECHO, ask, runtime_of
from tests.support.golden import Golden

FORMS = ROOT / "tests" / "support" / "served" / "order_form.py"


@pytest.fixture(scope="module")
def forms() -> dict:
    return document(runtime(load_flow(FORMS), LocalBindings(), profile="web"))


def test_the_document_of_a_flow_of_forms(forms, golden: Golden):
    golden(Path(__file__).parent / "golden" / "order_form.openapi.json", json.dumps(forms, indent=2) + "\n")


def test_what_a_form_takes(forms):
    order = forms["paths"]["/shops/{shop}/orders"]["post"]
    assert [(one["name"], one["in"], one.get("required", False)) for one in order["parameters"]] == [
        ("shop", "path", True),
        ("X-Request-Id", "header", False),
    ]
    content = order["requestBody"]["content"]
    assert set(content) == {"application/x-www-form-urlencoded", "multipart/form-data"}
    record = forms["components"]["schemas"]["OrderForm"]
    assert content["multipart/form-data"]["schema"] == {"$ref": "#/components/schemas/OrderForm"}
    assert record["required"] == ["name", "size"]
    assert record["properties"]["day"] == {"format": "date", "type": "string", "x-data-class": "public"}


def test_every_error_answer_is_there(forms):
    paths = forms["paths"]
    order = paths["/shops/{shop}/orders"]["post"]["responses"]
    assert list(order) == "201 400 403 408 409 413 415 422 429 500 503 504".split()
    assert set(order["429"]["headers"]) == {"Retry-After"}
    assert set(order["201"]["headers"]) == {"Cache-Control", "X-Location"}
    assert list(paths["/baskets"]["put"]["responses"])[:2] == ["200", "204"], "a filter may end it"
    assert next(iter(paths["/later"]["post"]["responses"])) == "202"
    assert list(paths["/items/{id}"]["delete"]["responses"]) == "204 422 429 500 503".split()
    events = paths["/search"]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]["properties"]
    assert events["data"]["contentSchema"] == {"$ref": "#/components/schemas/Found"}
    assert "id" in events


class Tags(HTMLParser):
    """Tags and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        found = dict(attrs)
        self.links += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []


def served_page(tmp_path, source: str):
    [answer] = ask(tmp_path, source, {"method": "GET", "target": "/flows/echo/docs"})
    return answer, answer.body.decode()


def test_the_page_stands_alone(tmp_path):
    answer, page = served_page(tmp_path, ECHO)
    found = Tags(page)
    for tag in found.tags - {"meta", "br"}:
        assert len(re.findall(f"<{tag}[ >]", page)) == page.count(f"</{tag}>")
    assert not found.tags & {"script", "link", "img", "iframe", "form"}
    assert [link for link in found.links if not link.startswith("#")] == ["openapi.json"]
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert """curl -d '{"v":"…"}' -H 'content-type: application/json' "$URL/echo\"""" in _text(page)


def _text(page: str) -> str:
    from html import unescape

    return unescape(re.sub("<[^>]*>", "", page))


def test_what_a_flow_says_is_text_in_the_page(tmp_path):
    mean = "</style><script>alert(1)</script>`x`&amp;"
    source = ECHO.replace(
        'class In(Record, data="public"):\n', f'class In(Record, data="public"):\n    """{mean}"""\n\n'
    )
    source = source.replace(
        "    v: str\n", f'    v: Annotated[str, field(pattern="^<b>$", reason="{mean}", alias="<i>")]\n', 1
    )
    source = source.replace('Flow("echo", version="1.0.0")', f'Flow("echo", version="1.0.0", summary="{mean}")')
    _, page = served_page(tmp_path, source)
    found = Tags(page)
    assert not found.tags & {"script", "i", "b"}
    assert page.count("</style>") == 1
    assert "</style><script>alert(1)</script>x&amp;" in _text(page)


def test_where_they_are(tmp_path):
    answers = ask(
        tmp_path,
        ECHO,
        {"method": "GET", "target": "/flows/echo/openapi.json"},
        {"method": "HEAD", "target": "/flows/echo/docs", "headers": {"accept-encoding": "gzip"}},
        {"method": "POST", "target": "/flows/echo/docs"},
        {"method": "OPTIONS", "target": "/flows/echo/docs"},
        {"method": "GET", "target": "/flows/other/docs"},
        {"method": "GET", "target": "/flows/echo/docs/"},
    )
    assert [answer.status for answer in answers] == [200, 200, 405, 204, 404, 404]
    assert answers[0].headers["content-type"] == "application/json"
    assert json.loads(answers[0].body)["info"] == {"title": "echo", "version": "1.0.0"}
    assert (answers[1].body, answers[1].headers["content-encoding"]) == (b"", "gzip")
    assert answers[2].headers["allow"] == answers[3].headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/flows/echo/docs", "/flows/{v}/docs"])
def test_a_route_of_the_flow_goes_first(tmp_path, path):
    source = ECHO.replace('http.post("/echo"', f'http.get("{path}"')
    own, document_ = ask(
        tmp_path,
        source,
        {"method": "GET", "target": "/flows/echo/docs?v=A"},
        {"method": "GET", "target": "/flows/echo/openapi.json"},
    )
    assert own.headers["content-type"] == "application/json"
    assert path in json.loads(document_.body)["paths"]


def test_records_of_one_name_and_of_itself_and_patterns_of_another_kind(tmp_path):
    source = """
    class In(Record, data="public"):
        word: Annotated[str, field(pattern=r"(?i)^a+$")]
        inner: "In | None" = None

    def other():
        class Out(Record, data="public"):
            v: str
        return Out

    class Out(Record, data="public"):
        n: list[In]

    Other = other()

    @node
    def one(req: Other) -> Out:
        return Out(n=[])

    flow = Flow("names", version="1.0.0")
    flow.connect(flow.trigger(http.post("/a", accepts=Other)), one)
    flow.connect(one, flow.respond())
    """
    schemas = json.loads(json.dumps(document(runtime_of(tmp_path, source))))["components"]["schemas"]
    assert set(schemas) == {"In", "InvalidInput", "Out", "Out_2"}
    assert schemas["In"]["properties"]["word"] == {"type": "string", "x-pattern": "(?i)^a+$", "x-data-class": "public"}
    assert schemas["In"]["properties"]["inner"]["anyOf"][0] == {"$ref": "#/components/schemas/In"}


@pytest.mark.parametrize(
    ("handled", "statuses"), [("", ["200"]), ("flow.on_error(tidy, DeadLetter('lost'))\n", ["200", "204"])]
)
def test_a_record_that_may_be_put_aside_may_be_answered_with_nothing(tmp_path, handled, statuses):
    source = ECHO.replace('flow = Flow("echo"', 'from flowlattice import DeadLetter\n\nflow = Flow("echo"') + handled
    told = json.loads(json.dumps(document(runtime_of(tmp_path, source))))["paths"]["/echo"]["post"]["responses"]
    assert [status for status in told if status < "300"] == statuses


def test_the_index_names_all_flows_for_people_and_for_programs(tmp_path):
    html = {"accept": "text/html,*/*;q=0.8"}
    page, told, other = ask(
        tmp_path,
        ECHO,
        {"method": "GET", "target": "/flows", "headers": html},
        {"method": "GET", "target": "/flows"},
        {"method": "POST", "target": "/flows"},
    )
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<a href="/flows/echo/docs">echo</a>' in page.body.decode()
    assert page.headers["vary"] == "accept, accept-encoding"
    assert told.headers["vary"] == "accept"
    [entry] = json.loads(told.body)["flows"]
    assert (entry["name"], entry["docs"], entry["openapi"]) == (
        "echo",
        "/flows/echo/docs",
        "/flows/echo/openapi.json",
    )
    assert {"method", "path"} == set(entry["routes"][0])
    assert other.status == 405
