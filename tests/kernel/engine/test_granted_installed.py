"""Capability types of other distributions, granted by the distributions themselves."""

from __future__ import annotations

import json
import sys

import pytest

from flowlattice.errors import UsageError
from tests.support.distributions import install
from tests.support.flows import running, runtime_of, web

TYPES = """
from typing import Protocol

from flowlattice import Determinism, Effects
from flowlattice.capabilities import capability


@capability(
    "sms.send", effects=Effects.EFFECTFUL, determinism=Determinism.BEST_EFFORT, networked=True, backends=["http"]
)
class SmsSend(Protocol):
    async def send(self, number: str, text: str) -> int: ...
"""
GRANTS = """
from flowlattice.engine.granted import Granted


class GrantedSms(Granted):
    def __init__(self, use, http, attempt):
        super().__init__(use, attempt)
        self._http = http

    async def send(self, number, text):
        async def post(key):
            hosts, body = self._use.egress, {"to": number}
            answer = await self._http.send(
                "POST", "https://sms.example/", params=None, json=body, form=None, headers={}, hosts=hosts
            )
            return answer.status

        return await self._change("send", "sms.example", post)


def send(use, bindings):
    http = bindings.http(use.binding)
    return lambda attempt: GrantedSms(use, http, attempt)
"""
FLOW = """
from acme_sms.types import SmsSend

class In(Record, data="public"):
    v: str

@node(idempotency=by("v"))
async def act(req: In, sms: SmsSend) -> In:
    return In(v=str(await sms.send("1", req.v)))

flow = Flow("texts", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(5)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
flow.egress("sms", "sms.example")
"""
ANNOUNCES = "[flowlattice.capabilities]\nsms = acme_sms.types\n[flowlattice.grants]\nsms.send = {grants}\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    def make(announces, distribution="acme-sms", package="acme_sms"):
        files = {f"{package}/types.py": TYPES, f"{package}/grants.py": GRANTS}
        monkeypatch.syspath_prepend(str(install(tmp_path / distribution, distribution, files, announces)))

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in {"acme_sms", "rival_sms"}]:
        del sys.modules[name]


@running
async def test_a_type_is_granted_by_its_distribution(installed, tmp_path):
    installed(ANNOUNCES.format(grants="acme_sms.grants:send"))
    async with web(tmp_path / "flow", FLOW) as client:
        answer = await client("POST", "/go", json={"v": "hello"})
        assert json.loads(answer.body) == {"v": "200"}
        (call,) = client.log.calls
        assert (call.capability, call.method, call.target) == ("sms.send", "send", "sms.example")
        assert call.key is not None
    assert runtime_of(tmp_path / "flow", FLOW).doubles == ("sms",)


def test_a_type_that_nothing_grants_can_not_be_run(installed, tmp_path):
    installed("[flowlattice.capabilities]\nsms = acme_sms.types\n")
    with pytest.raises(UsageError, match=r"no host that runs in this process serves the capability sms\.send"):
        runtime_of(tmp_path / "flow", FLOW)


def test_nobody_grants_the_type_of_another(installed, tmp_path):
    installed("[flowlattice.capabilities]\nsms = acme_sms.types\n")
    installed("[flowlattice.grants]\nsms.send = rival_sms.grants:send\n", "rival-sms", "rival_sms")
    with pytest.raises(UsageError, match=r"no host that runs in this process serves the capability sms\.send"):
        runtime_of(tmp_path / "flow", FLOW)


def test_a_grant_that_cannot_be_imported_says_so(installed, tmp_path):
    installed(ANNOUNCES.format(grants="acme_sms.absent:send"))
    said = r"acme-sms grants sms.send by acme_sms.absent:send, which cannot be imported \(ModuleNotFoundError\)"
    with pytest.raises(UsageError, match=said):
        runtime_of(tmp_path / "flow", FLOW)
