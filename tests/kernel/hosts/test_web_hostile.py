"""Whatever is sent, the answer is one of HTTP's, never a failure of the host."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlattice.hosts.inprocess import InProcess
from flowlattice.hosts.web import WebApp
from tests.support.flows import runtime_of

EVERYTHING = """
class Line(Record, data="public"):
    qty: int
    price: float = 0.0

class In(Record, data="public"):
    id: str = ""
    text: str
    day: date | None = None
    lines: list[Line] = []
    either: int | str | None = None
    table: dict[str, int] = {}
    flag: bool = False

class Plain(Record, data="public"):
    id: int
    size: float = 1.0
    on: bool = False
    day: date | None = None
    tags: list[str] = []

flow = Flow("everything", version="1.0.0")
done = flow.respond()
flow.connect(flow.trigger(http.post("/json/{id}", accepts=In)), done)
flow.connect(flow.trigger(http.get("/query/{id}", accepts=Plain)), done)
flow.connect(flow.trigger(http.post("/form/{id}", accepts=Plain, body="form", max_body_bytes=5000)), done)
"""

FINE = {200, 204, 404, 405, 413, 415, 422}
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["NaN", "1e999", "-0", "9" * 5000, "\ud800", "\x00", "%00", "%ff", "null"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
BODIES = (
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(["id", "text", "day", "lines", "either", "table", "flag"]), VALUES).map(
        lambda value: json.dumps(value).encode()
    )
    | st.integers(1, 5000).map(lambda depth: b"[" * depth + b"]" * depth)
    | st.integers(1, 5000).map(lambda depth: b'{"lines":' * depth)
)
BYTES = st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
TARGETS = st.sampled_from(["/json/1", "/json/%2F", "/query/1", "/query/x", "/form/7", "/json/"]) | BYTES.map(
    "/query/".__add__
)
QUERIES = BYTES | st.lists(st.tuples(st.sampled_from(["size", "on", "day", "tags", "x"]), BYTES), max_size=5).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
TYPES = (
    st.sampled_from(
        [
            None,
            "application/json",
            "application/json; charset=utf-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "multipart/form-data; boundary=",
            "text/plain",
            ";;;",
        ]
    )
    | BYTES
)


@pytest.fixture(scope="module")
def app():
    with tempfile.TemporaryDirectory() as folder:
        yield WebApp([runtime_of(Path(folder), EVERYTHING)])


REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "DELETE", "WEIRD"]),
        "target": st.tuples(TARGETS, QUERIES).map("?".join),
        "headers": TYPES.map(lambda kind: {} if kind is None else {"content-type": kind}),
        "body": BODIES,
    }
)


@settings(max_examples=400)
@given(request=REQUESTS)
def test_nothing_that_is_sent_makes_the_host_fail(app, request):
    answer = asyncio.run(InProcess(app).request(**request))
    assert answer.status in FINE, answer.body
    if answer.headers.get("content-type") == "application/json" and request["method"] != "HEAD":
        json.loads(answer.body)


MULTIPART = st.lists(
    st.sampled_from(
        [
            b"--b\r\n",
            b"--b--\r\n",
            b"--b--",
            b'Content-Disposition: form-data; name="size"\r\n',
            b'Content-Disposition: form-data; name="tags"; filename="x"\r\n',
            b"Content-Disposition: form-data\r\n",
            b"Content-Disposition: attachment\r\n",
            b"Content-Type: text/plain; charset=nonsense\r\n",
            b"content-transfer-encoding: base64\r\n",
            b"\r\n",
            b"7",
            b"\xff\xfe",
            b"x" * 3000,
        ]
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=300)
@given(body=MULTIPART)
def test_no_multipart_body_makes_the_host_fail(app, body):
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = asyncio.run(InProcess(app).request("POST", "/form/7", headers=headers, body=body))
    assert answer.status in FINE, answer.body
