"""`flows effects`: what is deployed, a state folder, an environment."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.cli import run
from flowlattice.engine.backends import Holder
from tests.support.certified import passed
from tests.support.flows import write_flow

SENDER = """
class In(Record, data="public"):
    v: str

@node(idempotency=by("v"))
async def send(req: In, notes: KvWrite, seen: DedupeStore) -> In:
    await notes.set(req.v, "sent")
    return req

flow = Flow("sender", version="1.0.0")
flow.connect(flow.trigger(http.post("/send", accepts=In, deadline=seconds(1))), send)
flow.connect(send, flow.respond())
flow.rate_limit(qps=1, burst=1)
"""


def doubt(state):
    async def leave():
        bindings = LocalBindings(state)
        store = bindings.dedupe("seen")
        await store.reserve(b"\xab" * 32, ttl=timedelta(hours=1), holder=Holder("sender", "send", "r1"))
        await store.doubt(b"\xab" * 32)
        await store.reserve(b"\xcd" * 32, ttl=timedelta(hours=1), holder=Holder("sender", "send", "r2"))
        await store.confirm(b"\xcd" * 32, b"{}")
        await bindings.close()

    asyncio.run(leave())


def test_a_state_folder(tmp_path, capsys):
    doubt(tmp_path)
    where = ["--state", str(tmp_path)]
    assert run(["effects", "list", *where]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{'ab' * 8}  in_doubt   ")
    assert first.endswith("  sender send  run r1")
    assert second.startswith(f"{'cd' * 8}  confirmed  ")
    assert run(["effects", "decide", "AB" * 8, "not-happened", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"key": "ab" * 32, "happened": False}
    assert run(["effects", "list", "--in-doubt", *where]) == 0
    assert capsys.readouterr().err == "no effect is in doubt\n"


def test_what_is_deployed(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("flowlattice.certify.certify", passed)
    assert run(["effects", "list"]) == 0
    assert capsys.readouterr().err == "no effect is remembered\n"
    assert run(["deploy", str(write_flow(tmp_path, SENDER)), "--approve"]) == 0
    doubt(tmp_path / "home" / "state" / "sender")
    capsys.readouterr()
    assert run(["effects", "list", "--in-doubt", "--json"]) == 0
    [kept] = json.loads(capsys.readouterr().out)
    assert (kept["flow"], kept["binding"], kept["state"]) == ("sender", "seen", "in_doubt")


@pytest.mark.parametrize("arguments", [["flow.py"], ["--env", "e"], ["flow.py", "--env", "e", "--state", "s"]])
def test_where_to_look_is_said_in_one_way(arguments, capsys):
    assert run(["effects", "list", *arguments]) == 2
    assert "give PATH with --env NAME, or --state DIR alone" in capsys.readouterr().err
