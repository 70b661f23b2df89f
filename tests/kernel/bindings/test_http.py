"""HTTP backends: what both the double and the real one do, and what the real one does on the wire."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from flowlattice.bindings import EnvironmentBindings, LocalBindings
from flowlattice.engine.backends import NotSent
from flowlattice.errors import CallFailed, EgressDenied, UsageError
from tests.support.flows import running, web

TOML = """
[test.crm]
backend = "http"
headers = { Authorization = "$CRM_TOKEN", X-Plain = "plain" }
timeout_ms = 300
"""


class Handler(BaseHTTPRequestHandler):
    """Echoes the request as JSON; some paths do something else."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        location = self.server.redirects.get(self.path)
        if self.path == "/hang":
            self.server.free.wait(20)
        if self.path == "/reset":
            self.connection.close()
            return
        document = json.dumps({"method": self.command, "path": self.path, "body": body.decode()}).encode()
        self.send_response(302 if location else 503 if self.path == "/down" else 200)
        if location:
            self.send_header("location", location)
        self.send_header("content-length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def server(**redirects: str) -> Iterator[Any]:
    """A real server on a free port."""
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen, made.redirects, made.free = [], {f"/{name}": to for name, to in redirects.items()}, threading.Event()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.free.set()
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "t0k3n")


@asynccontextmanager
async def real(folder) -> AsyncIterator[Any]:
    """The real backend of the binding, closed on the loop that used it."""
    bindings = EnvironmentBindings(TOML, "test", folder)
    try:
        yield bindings.http("crm")
    finally:
        await bindings.close()


def url(made: Any, path: str = "/x") -> str:
    return f"http://127.0.0.1:{made.server_port}{path}"


async def send(backend: Any, method: str, address: str, made: Any, **more: Any):
    hosts = (f"127.0.0.1:{made.server_port}",)
    parts: dict[str, Any] = {"params": None, "json": None, "form": None, "headers": {}, "hosts": hosts}
    return await backend.send(method, address, **{**parts, **more})


@pytest.mark.parametrize("kind", ["double", "real"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_backend_answers_every_method(tmp_path, kind, method):
    async def scenario():
        async with real(tmp_path) as client:
            backend = LocalBindings().http("crm") if kind == "double" else client
            await exchange(backend)

    async def exchange(backend):
        with server() as made:
            answer = await send(backend, method, url(made), made, json={"a": 1})
            assert answer.ok
            assert isinstance(json.loads(answer.text), dict)
            assert all(name == name.lower() for name in answer.headers)
            assert bool(made.seen) == (kind == "real"), "a double reaches nobody"
            assert (answer.headers.get("x-flowlattice-double") == "true") == (kind == "double"), "and says so"

    asyncio.run(scenario())


@running
async def test_what_goes_over_the_wire(tmp_path):
    with server() as made:
        async with real(tmp_path) as backend:
            await send(backend, "POST", url(made), made, json={"ü": [1, None]}, headers={"Idempotency-Key": "k"})
            await send(backend, "GET", url(made, "/q?a=1"), made, params={"b": "x y&z"})
            await send(backend, "DELETE", url(made), made, json={"ignored": True})
            await send(backend, "POST", url(made), made, form={"amount": "12", "what": "a b&c"})
            answer = await send(backend, "PUT", url(made, "/down"), made, json=[])
    post, get, delete, form, _ = made.seen
    assert form[3] == b"amount=12&what=a+b%26c"
    assert {name.lower(): value for name, value in form[2].items()}[
        "content-type"
    ] == "application/x-www-form-urlencoded"
    assert (post[0], json.loads(post[3])) == ("POST", {"ü": [1, None]})
    headers = {name.lower(): value for name, value in post[2].items()}
    assert headers["idempotency-key"] == "k"
    assert headers["authorization"] == "t0k3n"
    assert headers["x-plain"] == "plain"
    assert headers["content-type"] == "application/json"
    assert get[1] in {"/q?a=1&b=x+y%26z", "/q?a=1&b=x%20y%26z"}, "the URL's own parameters stay"
    assert delete[3] == b""
    assert (answer.status, answer.ok) == (503, False), "every status is an answer"


@running
async def test_redirects_are_followed_for_get_to_declared_hosts_alone(tmp_path):
    async with real(tmp_path) as backend:
        with server() as other, server(on="/x", away=url(other, "/"), file="file:///etc/passwd") as made:
            assert json.loads((await send(backend, "GET", url(made, "/on"), made)).text)["path"] == "/x"
            for path in ("/away", "/file"):
                with pytest.raises(EgressDenied) as denied:
                    await send(backend, "GET", url(made, path), made)
                assert denied.value.kind == "policy_denied"
            assert (await send(backend, "POST", url(made, "/away"), made, json={})).status == 302
            assert other.seen == []


@running
async def test_redirects_come_to_an_end(tmp_path):
    async with real(tmp_path) as backend:
        with server(round="/round") as made:
            with pytest.raises(Exception, match="more than 5 redirects"):
                await send(backend, "GET", url(made, "/round"), made)
            assert len(made.seen) == 5


@running
async def test_what_certainly_did_not_leave_is_told_apart(tmp_path):
    async with real(tmp_path) as backend:
        with server() as made:
            gone = url(made)
        with pytest.raises(NotSent, match="no connection"):
            await send(backend, "POST", gone, made, json={})
        with server() as made:
            with pytest.raises(NotSent, match="cannot be made"):
                await send(backend, "POST", url(made), made, json=float("nan"))
            for path, why in {"/reset": r"\w+", "/hang": "ReadTimeout"}.items():
                with pytest.raises(
                    CallFailed, match=rf"^binding crm: no whole answer from 127.0.0.1 \({why}\)$"
                ) as caught:
                    await send(backend, "POST", url(made, path), made, json={})
                assert not isinstance(caught.value, NotSent)
                assert caught.value.kind == "transient"


def test_a_header_from_an_unset_variable_is_an_error_when_it_is_bound(tmp_path, monkeypatch):
    monkeypatch.delenv("CRM_TOKEN", raising=False)
    with pytest.raises(UsageError, match="CRM_TOKEN is not set"):
        EnvironmentBindings(TOML, "test", tmp_path).http("crm")


@running
async def test_proxies_of_the_environment_are_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with real(tmp_path) as backend:
        with server() as made:
            assert (await send(backend, "GET", url(made), made)).ok


@running
async def test_a_binding_that_lists_hosts_reaches_no_others(tmp_path):
    text = TOML + 'egress = ["crm.example.com"]\n'
    bindings = EnvironmentBindings(text, "test", tmp_path)
    with server() as made:
        with pytest.raises(EgressDenied, match=r"binding crm: may not reach .*\(127"):
            await send(bindings.http("crm"), "POST", url(made), made, json={})
        assert made.seen == []
    await bindings.close()


AUTH = """
from flowlattice import Creds, HttpReadPinned

class In(Record, data="public"):
    url: str
    pin: str = ""

class Out(Record, data="public"):
    v: str

@node(idempotency=by("url"))
async def act(req: In, read: HttpRead, pinned: HttpReadPinned, write: HttpWrite, key: Creds) -> Out:
    if req.pin:
        try:
            return Out(v=(await pinned.get(req.url, digest=req.pin, auth=key)).text)
        except Exception as error:
            return Out(v=str(error))
    await read.get(req.url, params={"q": "1"}, auth=key)
    await write.post(req.url, json={}, auth=key)
    await write.put(req.url, auth=key)
    await write.patch(req.url, auth=key)
    await write.delete(req.url)
    return Out(v=f"{key.name} {key}")

flow = Flow("auth", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(20)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
"""
AUTH_TOML = """
[test.read]
backend = "http"
[test.pinned]
backend = "http"
[test.write]
backend = "http"
[test.key]
backend = "secret"
value = "$CRM_TOKEN"
"""


@asynccontextmanager
async def authorised(folder, *made: Any) -> AsyncIterator[Any]:
    """The web host of `AUTH`, whose bindings may reach the servers."""
    hosts = "".join(f", '127.0.0.1:{one.server_port}'" for one in made)
    egress = "".join(f"flow.egress('{name}'{hosts})\n" for name in ("read", "pinned", "write"))
    async with web(folder, AUTH + egress, bindings=EnvironmentBindings(AUTH_TOML, "test", folder)) as client:
        yield client


@running
async def test_the_engine_attaches_a_credential_that_the_node_never_sees(tmp_path):
    with server() as made:
        async with authorised(tmp_path, made) as client:
            answer = await client("POST", "/go", json={"url": url(made)})
            said = json.loads(answer.body)["v"]
            log = [call.model_dump_json() for call in client.log.calls]
    assert said.startswith("key <")
    assert "t0k3n" not in said + "".join(log)
    sent = [(method, {name.lower(): value for name, value in headers.items()}) for method, _, headers, _ in made.seen]
    assert [(method, headers.get("authorization")) for method, headers in sent] == [
        ("GET", "Bearer t0k3n"),
        ("POST", "Bearer t0k3n"),
        ("PUT", "Bearer t0k3n"),
        ("PATCH", "Bearer t0k3n"),
        ("DELETE", None),
    ]


@running
async def test_a_credential_does_not_follow_a_redirect_to_another_host(tmp_path):
    with server() as other, server(on="/x", away=url(other, "/y")) as made:
        async with authorised(tmp_path, made, other) as client:
            for path in ("/on", "/away"):
                await client("POST", "/go", json={"url": url(made, path), "pin": "sha256:" + "0" * 64})
    assert [headers.get("Authorization") for _, _, headers, _ in made.seen] == ["Bearer t0k3n"] * 3
    assert [(path, headers.get("Authorization")) for _, path, headers, _ in other.seen] == [("/y", None)]


@running
async def test_what_is_pinned_is_compared(tmp_path):
    with server() as made:
        body = json.dumps({"method": "GET", "path": "/x", "body": ""})
        digest = f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
        async with authorised(tmp_path, made) as client:

            async def pinned(pin, path="/x"):
                return json.loads((await client("POST", "/go", json={"url": url(made, path), "pin": pin})).body)["v"]

            assert await pinned(digest) == body
            assert await pinned("etag:abc") == "binding pinned gave etag: where etag:abc is pinned; " + (
                "pin what is meant, or restore it"
            )
            assert "binding pinned gave sha256:" in await pinned(digest, "/other")
            assert "gave status 503 where" in await pinned(digest, "/down")
