"""What browsers are told to be careful with, forms of other sites, and compression."""

from __future__ import annotations

import gzip
import zlib

import pytest

from flowlattice.hosts.inprocess import scope_of
from flowlattice.hosts.programs import FlowNotLoadable, load_flow
from tests.support.flows import ask, running, web, write_flow
from tests.support.sockets import Socket

SITE = """
from collections.abc import AsyncIterator

class In(Record, data="public"):
    v: str = ""

@node
def page(req: In) -> str:
    return f"<p>{len(req.v)}</p>" + "x" * int(req.v or 0)

@node
def same(req: In) -> In:
    return In(v="y" * int(req.v or 0))

@node
def listed(req: In) -> list[str]:
    return ["z" * 5000]

@node
async def parts(req: In) -> AsyncIterator[str]:
    for number in range(3):
        yield f"<p>{number}</p>"

flow = Flow("site", version="1.0.0")
asked = flow.trigger(http.get("/page", accepts=In))
flow.connect(asked, page)
flow.connect(page, flow.respond(body="html", headers=HEADERS, name="html"))
form = flow.trigger(http.post("/form", accepts=In, body="form", origins=["https://shop.example.com"]))
data = flow.trigger(http.post("/data", accepts=In))
flow.connect(form, same)
flow.connect(data, same)
flow.connect(same, flow.respond(name="json"))
flow.connect(flow.trigger(http.post("/poke"), name="poke"), flow.respond(status=204, body="empty", name="poked"))
flow.connect(flow.trigger(http.get("/events", accepts=In), name="events"), listed)
flow.connect(listed, flow.respond(body="events", name="told"))
pieces = flow.trigger(http.get("/pieces", accepts=In), name="pieces")
flow.connect(pieces, parts)
flow.connect(parts, flow.respond(body="html", stream=True, name="in_pieces"))
"""
PLAIN = SITE.replace("HEADERS", "{}")
PACKED = {"accept-encoding": "br;q=1.0, gzip;q=0.8"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_page_protects_its_visitors(tmp_path):
    [page] = ask(tmp_path, PLAIN, {"method": "GET", "target": "/page"})
    assert page.headers == {
        "content-type": "text/html; charset=utf-8",
        "content-length": "8",
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "content-security-policy": "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none';"
        " object-src 'none'",
    }


def test_a_flow_says_it_otherwise(tmp_path):
    headers = '{"Content-Security-Policy": "default-src https:", "Referrer-Policy": "no-referrer"}'
    [page] = ask(tmp_path, SITE.replace("HEADERS", headers), {"method": "GET", "target": "/page"})
    assert page.headers["content-security-policy"] == "default-src https:"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_data_errors_and_no_body(tmp_path):
    data, wrong, missing, nothing = ask(
        tmp_path,
        PLAIN,
        {"method": "POST", "target": "/data", "json": {"v": ""}},
        {"method": "POST", "target": "/data", "json": {"v": 1}},
        {"method": "GET", "target": "/nowhere"},
        {"method": "POST", "target": "/poke"},
    )
    for answer in (data, wrong, missing):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" not in answer.headers
    assert (nothing.status, nothing.headers) == (204, {})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://other.localhost"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "anything else"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://LOCALHOST:8000", "host": "localhost:8000"}, 200),
        ({"origin": "http://localhost:8001", "host": "localhost:8000"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://localhost.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "https://shop.example.com"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://shop.example.com.evil.example"}, 403),
    ],
)
@running
async def test_a_form_comes_from_a_page_of_its_own_site_or_one_that_may_send_it(tmp_path, headers, status):
    async with web(tmp_path, PLAIN) as client:
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
            body = b'--b\r\ncontent-disposition: form-data; name="v"\r\n\r\n1\r\n--b--\r\n' if "=b" in kind else b"v=1"
            answer = await client("POST", "/form", body=body, headers={**headers, "content-type": kind})
            assert answer.status == status
            if status == 403:
                assert answer.body == b'{"error":"other_site"}'


@running
async def test_what_a_page_can_send_without_asking_is_guarded_whatever_it_is(tmp_path):
    other = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    async with web(tmp_path, PLAIN) as client:
        untyped = await client("POST", "/data", body=b'{"v":"1"}', headers=other)
        bodiless = await client("POST", "/poke", headers=other)
        # A browser asks before it sends this, and is not told that it may.
        typed = await client("POST", "/data", json={"v": "1"}, headers=other)
        asked = await client("OPTIONS", "/data", headers={**other, "access-control-request-method": "POST"})
        read = await client("GET", "/page", headers=other)
    assert [untyped.status, bodiless.status, typed.status, read.status] == [403, 403, 200, 200]
    assert asked.status == 204
    assert not any(name.startswith("access-control") for name in asked.headers)


@pytest.mark.parametrize(
    "origin", ["shop.example.com", "https://shop.example.com/", "*", "https://Shop.example.com", ""]
)
def test_an_origin_is_written_as_browsers_write_it(tmp_path, origin):
    with pytest.raises(FlowNotLoadable, match="ValueError"):
        load_flow(write_flow(tmp_path, PLAIN.replace("https://shop.example.com", origin)))


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("gzip", True),
        ("GZIP;q=0.1", True),
        ("br, *", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_longer_text_is_compressed_for_those_who_take_it(tmp_path, accept, packed):
    page, data = ask(
        tmp_path,
        PLAIN,
        {"method": "GET", "target": "/page?v=100000", "headers": {"accept-encoding": accept}},
        {"method": "POST", "target": "/data", "json": {"v": "2000"}, "headers": {"accept-encoding": accept}},
    )
    for answer, body in ((page, b"<p>6</p>" + b"x" * 100_000), (data, b'{"v":"' + b"y" * 2000 + b'"}')):
        assert answer.headers.get("content-encoding") == ("gzip" if packed else None)
        assert answer.headers["vary"] == "accept-encoding"
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert (gzip.decompress(answer.body) if packed else answer.body) == body


def test_head_says_what_get_would(tmp_path):
    get, head = (
        ask(tmp_path, PLAIN, {"method": method, "target": "/page?v=2000", "headers": PACKED})[0]
        for method in ("GET", "HEAD")
    )
    assert (head.headers, head.body) == (get.headers, b"")
    assert head.headers["content-encoding"] == "gzip"


def test_short_answers_and_events_stay_as_they_are(tmp_path):
    short, events = ask(
        tmp_path,
        PLAIN,
        {"method": "GET", "target": "/page?v=100", "headers": PACKED},
        {"method": "GET", "target": "/events", "headers": PACKED},
    )
    for answer in (short, events):
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers


@running
async def test_a_page_in_pieces_is_compressed_piece_by_piece(tmp_path):
    async with web(tmp_path, PLAIN) as client:
        socket = Socket()
        await client.app(scope_of("GET", "/pieces", PACKED, b""), socket.receive, socket.send)
        plain = await client("GET", "/pieces")
        head = await client("HEAD", "/pieces", headers=PACKED)
    shown = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert [shown.decompress(message["body"]).decode() for message in socket.sent[1:]] == [
        "<p>0</p>",
        "<p>1</p>",
        "<p>2</p>",
        "",
    ]
    assert shown.eof
    assert dict(socket.sent[0]["headers"])[b"content-encoding"] == b"gzip"
    assert (head.headers["content-encoding"], head.headers["vary"], head.body) == ("gzip", "accept-encoding", b"")
    assert (plain.body, plain.headers["vary"]) == (b"<p>0</p><p>1</p><p>2</p>", "accept-encoding")
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Vary": "Cookie"}, {"vary": "Cookie, accept-encoding", "content-encoding": "gzip"}),
        ({"Vary": "Accept-Encoding"}, {"vary": "Accept-Encoding", "content-encoding": "gzip"}),
        ({"ETag": '"1"'}, {"etag": 'W/"1"', "content-encoding": "gzip"}),
        ({"ETag": 'W/"1"'}, {"etag": 'W/"1"', "content-encoding": "gzip"}),
        ({"Cache-Control": "no-transform"}, {"cache-control": "no-transform"}),
        ({"Content-Type": "image/png"}, {"content-type": "image/png"}),
        ({"Content-Type": "image/svg+xml"}, {"content-type": "image/svg+xml", "content-encoding": "gzip"}),
    ],
)
def test_the_flows_own_headers_count(tmp_path, headers, found):
    source = SITE.replace("HEADERS", repr(headers))
    [answer] = ask(tmp_path, source, {"method": "GET", "target": "/page?v=2000", "headers": PACKED})
    assert {name: answer.headers.get(name) for name in found} == found
    assert ("content-encoding" in answer.headers) == ("content-encoding" in found)
