"""A planted credential: no verb, no log and no error shows it, whatever goes wrong."""

from __future__ import annotations

import inspect
import json
import logging
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from flowlattice import capabilities
from flowlattice.bindings import EnvironmentBindings
from flowlattice.capabilities import registry
from flowlattice.cli import run
from flowlattice.engine import granted
from tests.support.flows import write_flow

PLANTED = "pl4nted-s3cret-value"
FLOW = """
from flowlattice import Creds

class In(Record, data="public"):
    url: str

class Out(Record, data="public"):
    v: str

@node(idempotency=by("url"))
async def act(req: In, api: HttpWrite, key: Creds, seen: DedupeStore) -> Out:
    answer = await api.post(req.url, json={"k": key.name}, auth=key)
    return Out(v=f"{answer.status} {key}")

flow = Flow("secretive", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(5)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
flow.egress("api", "127.0.0.1:PORT")
flow.creds("key", provider="api")
flow.rate_limit(qps=1, burst=1)
"""
BOUND = """
[live.api]
backend = "http"
headers = { X-Token = "$PLANTED" }
[live.key]
backend = "secret"
value = "$PLANTED"
[live.seen]
backend = "sqlite"
path = "seen.sqlite"
"""


class Handler(BaseHTTPRequestHandler):
    """Answers 200 and keeps the headers; `/drop` closes the connection."""

    server: Any

    def do_POST(self) -> None:
        self.server.seen.append(dict(self.headers))
        if self.path.startswith("/drop"):
            self.connection.close()
            return
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server():
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen = []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def flow(tmp_path, monkeypatch, server):
    monkeypatch.setenv("PLANTED", PLANTED)
    folder = tmp_path / "flow"
    write_flow(folder, FLOW.replace("PORT", str(server.server_port)))
    (folder / "bindings.toml").write_text(BOUND)
    return folder


def shown(capsys, caplog, *arguments):
    """The exit code and all that a verb shows or logs."""
    caplog.set_level(logging.DEBUG)
    code = run([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err + caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--env", "live"],
        ["check", "--env", "live", "--json"],
        ["doctor", "--env", "live"],
        ["doctor", "--env", "live", "--json"],
        ["ir"],
        ["plan"],
        ["graph"],
    ],
    ids=" ".join,
)
def test_what_verbs_show_of_a_bound_flow(flow, capsys, caplog, arguments):
    verb, *options = arguments
    code, said = shown(capsys, caplog, verb, flow, *options)
    assert code == 0, said
    assert PLANTED not in said


@pytest.mark.parametrize("answered", [True, False])
def test_what_a_run_shows_and_keeps(flow, capsys, caplog, server, answered):
    lines = flow / "in.jsonl"
    for number, (before, after) in enumerate([([], []), ([], ["--json"]), (["--debug"], [])]):
        path = f"{'ok' if answered else 'drop'}?{number}"
        lines.write_text(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/{path}"}))
        code, said = shown(capsys, caplog, *before, "run", flow, "--input", lines, "--env", "live", *after)
        assert code == (0 if answered else 1), said
        assert PLANTED not in said
    assert server.seen[0]["Authorization"] == f"Bearer {PLANTED}"
    assert server.seen[0]["X-Token"] == PLANTED
    with closing(sqlite3.connect(flow / "seen.sqlite")) as database:
        assert PLANTED not in "\n".join(database.iterdump())


@pytest.mark.parametrize("value", [f"{PLANTED}\nsecond", f"ü{PLANTED}", f"{PLANTED}\x00"])
def test_a_value_that_cannot_be_sent_is_not_quoted(flow, capsys, caplog, tmp_path, value):
    file = tmp_path / "value"
    file.write_text(value)
    (flow / "bindings.toml").write_text(BOUND.replace('"$PLANTED"', f'{{ file = "{file}" }}'))
    (flow / "in.jsonl").write_text('{"url": "http://127.0.0.1:1/"}')
    for prefix in ([], ["--debug"]):
        code, said = shown(capsys, caplog, *prefix, "run", flow, "--input", flow / "in.jsonl", "--env", "live")
        assert code == 2
        assert "holds nothing that can be sent" in said
        assert PLANTED not in said


def test_a_value_that_somebody_wrote_out_is_not_quoted(flow, capsys, caplog):
    (flow / "bindings.toml").write_text(BOUND.replace("$PLANTED", PLANTED))
    for prefix in ([], ["--debug"]):
        code, said = shown(capsys, caplog, *prefix, "check", flow, "--env", "live")
        assert code == 2
        assert "never written here" in said
        assert PLANTED not in said


def test_what_stands_for_a_credential_does_not_show_it(flow):
    bindings = EnvironmentBindings(BOUND, "live", flow)
    for shown_as in (repr, str, ascii, lambda value: f"{vars(value)}"):
        for value in (bindings, bindings.credential("key"), bindings.http("api")):
            assert PLANTED not in shown_as(value)


@pytest.mark.parametrize("reach", ["key._credential.headers()", "key._credential", "api._attempt.run", "vars(key)"])
def test_code_that_reaches_behind_a_grant_is_not_loaded(flow, capsys, caplog, reach):
    text = (flow / "flow.py").read_text()
    (flow / "flow.py").write_text(text.replace("{answer.status} {key}", f"{{{reach}}}"))
    (flow / "in.jsonl").write_text('{"url": "http://127.0.0.1:1/"}')
    for arguments in (["check", flow], ["run", flow, "--input", flow / "in.jsonl", "--env", "live"]):
        code, said = shown(capsys, caplog, *arguments)
        assert code != 0
        assert PLANTED not in said
    code, said = shown(capsys, caplog, "check", flow)
    assert "LOAD002" in said


def test_a_grant_has_no_names_of_its_own_but_those_of_its_capability():
    families = [value for name, value in vars(granted).items() if inspect.ismodule(value)]
    classes = {
        value
        for module in families
        for value in vars(module).values()
        if getattr(value, "__name__", "")[:7] == "Granted"
    }
    offered = {name for protocol in map(capabilities.__dict__.get, registry.own_types()) for name in dir(protocol)}
    assert len(classes) > 15
    for kind in classes:
        assert {name for name in dir(kind) if not name.startswith("_")} <= offered, kind
