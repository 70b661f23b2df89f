"""Capability types of installed distributions: announced, judged, importable by flows."""

import json
import sys

import pytest

from flowlattice.capabilities import registry
from flowlattice.cli import run
from tests.support.distributions import install

TYPES = """
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from flowlattice.capabilities import Detail, KvRead, capability
from flowlattice.lattice import Determinism, Effects


@dataclass(frozen=True)
class Sender(Detail):
    name: str

    def facts(self):
        return {"sender": self.name}


def sender(name: str) -> Sender:
    return Sender(name)


@capability(
    "NAME",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="connector",
    idempotent_sink=True,
    networked=True,
    backends=["http"],
    details=[Sender],
)
class SmsSend(Protocol):
    async def send(self, number: str, text: str) -> None: ...
"""
FLOW = '''"""Send a text."""

from typing import Annotated

from acme_sms.capabilities import SmsSend, sender
from flowlattice import Flow, Record, by, http, node


class Req(Record, data="public"):
    v: str


@node(idempotency=by("v"))
async def text(req: Req, sms: Annotated[SmsSend, sender("acme")]) -> Req:
    await sms.send("1", req.v)
    return req


flow = Flow("text", version="1.0.0")
hook = flow.trigger(http.post("/text", accepts=Req))
flow.connect(hook, text)
flow.connect(text, flow.respond())
flow.rate_limit(qps=1, burst=1)
flow.egress("sms", "sms.example.com")
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a distribution whose type has a name of the caller's choice."""

    def make(name="sms.send", distribution="acme-sms", package="acme_sms", module=None):
        announces = f"[flowlattice.capabilities]\nsms = {module or f'{package}.capabilities'}\n"
        folder = tmp_path / distribution
        files = {f"{package}/capabilities.py": TYPES.replace("NAME", name)}
        monkeypatch.syspath_prepend(str(install(folder, distribution, files, announces)))

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in {"acme_sms", "rival_sms"}]:
        del sys.modules[name]


@pytest.fixture
def flow(tmp_path):
    file = tmp_path / "flow.py"
    file.write_text(FLOW)
    return str(file)


def test_the_kernels_own_types_by_the_names_that_flows_import():
    own = registry.own_types()
    assert own["HttpRead"].name == "http.read"
    assert len({declared.name for declared in own.values()}) == len(own)
    assert registry.named("http.read") == own["HttpRead"]
    assert registry.named("carrier.pigeon") is None
    assert registry.find("json") is registry.find("flowlattice.capabilities") is registry.find("acme") is None


def test_an_installed_distribution_announces_its_own(installed):
    installed()
    (found,) = registry.announced()
    assert (found.module, found.distribution, found.problem) == ("acme_sms.capabilities", "acme-sms", None)
    assert [(name, declared.name) for name, declared in found.types.items()] == [("SmsSend", "sms.send")]
    assert registry.find("acme_sms.capabilities") == found
    declared = registry.named("sms.send")
    assert declared is not None
    assert declared.networked


def test_a_flow_may_import_what_is_announced_and_nothing_else(installed, flow, capsys):
    installed()
    assert run(["check", flow]) == 0
    capsys.readouterr()
    assert run(["ir", flow]) == 0
    (node,) = [node for node in json.loads(capsys.readouterr().out)["nodes"] if node["name"] == "text"]
    (use,) = node["capabilities"]
    assert (use["name"], use["egress"], use["retry_owner"]) == ("sms.send", ["sms.example.com"], "connector")
    assert (use["idempotent"], use["facts"]) == (True, {"sender": "acme"})
    assert node["effects"] == "effectful"


@pytest.mark.parametrize("name", ["os", "KvRead", "dataclass"])
def test_what_a_module_has_imported_itself_is_not_its_own(installed, tmp_path, capsys, name):
    installed()
    file = tmp_path / "flow.py"
    file.write_text(FLOW.replace("import SmsSend, sender", f"import SmsSend, sender, {name}"))
    assert run(["check", str(file)]) == 1
    assert f"acme_sms.capabilities.{name} may not be used in a flow" in capsys.readouterr().out


def test_without_the_distribution_the_flow_is_refused(flow, capsys):
    assert run(["check", flow]) == 1
    assert "acme_sms.capabilities may not be imported" in capsys.readouterr().out


def test_a_name_of_the_kernels_is_not_to_be_had(installed, flow, capsys):
    installed("http.write")
    (found,) = registry.announced()
    assert found.problem == "acme_sms.capabilities.SmsSend calls itself http.write, as flowlattice does"
    assert registry.named("http.write") == registry.own_types()["HttpWrite"]
    assert run(["check", flow]) == 1
    assert found.problem in capsys.readouterr().out


def test_two_distributions_with_one_name_are_both_refused(installed):
    installed()
    installed(distribution="rival-sms", package="rival_sms")
    problems = [found.problem for found in registry.announced()]
    assert problems == [
        "acme_sms.capabilities.SmsSend calls itself sms.send, as rival-sms does",
        "rival_sms.capabilities.SmsSend calls itself sms.send, as acme-sms does",
    ]
    assert registry.named("sms.send") is None


@pytest.mark.parametrize("module", ["os", "flowlattice.sandbox"])
def test_a_module_that_is_not_its_own_is_not_announced(installed, module):
    installed(module=module)
    (found,) = registry.announced()
    assert found.problem == f"acme-sms announces {module}, which is not its own"
    assert registry.find(module) is None


def test_a_module_that_cannot_be_imported_says_so(installed):
    installed(module="acme_sms.absent")
    (found,) = registry.announced()
    assert found.problem == "acme_sms.absent of acme-sms cannot be imported (ModuleNotFoundError)"
