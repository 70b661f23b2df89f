"""`flows deploy` as a person meets it: what is certified, refused, waived and signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from flowlattice.certify import Certificates, Check
from flowlattice.cli import run
from flowlattice.deployments import Deployments
from flowlattice.deployments.verification import required_checks
from flowlattice.home import flows_home
from tests.support.certified import passed
from tests.support.flows import ECHO

HEAD = "from flowlattice import DedupeStore, Flow, HttpWrite, Record, by, http, node, seconds\n"
BOUNDED = ECHO.replace("accepts=In", "accepts=In, deadline=seconds(5)") + "flow.rate_limit(qps=100, burst=100)\n"
CONTACT = """
class In(Record, data="pii"):
    name: str

class Out(Record, data="public"):
    status: str = "received"

@node(idempotency=by("name"))
async def send(req: In, mail: HttpWrite, seen: DedupeStore) -> Out:
    await mail.post("https://mail.example/send", json={"name": req.name})
    return Out()

flow = Flow("contact", version="1.0.0")
flow.connect(flow.trigger(http.post("/contact", accepts=In, deadline=seconds(5))), send)
flow.connect(send, flow.respond())
flow.egress("mail", "mail.example")
flow.rate_limit(qps=100, burst=100)
"""


def flows(*arguments: object) -> int:
    """Run a command in this process."""
    return int(run([*map(str, arguments)]))


def written(folder, text: str):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flow.py").write_text(HEAD + text)
    return folder / "flow.py"


def failing(*args, **more):
    """A certificate in which a check failed and another could not run; it stands in for `certify`."""
    fine = passed(*args, **more)
    worse = {
        "limits": Check(name="limits", verdict="failed", summary="lets all in", failures=("request 9 got 200",)),
        "replay": Check(name="replay", verdict="could_not_run", summary="took too long"),
    }
    return fine.model_copy(update={"checks": tuple(worse.get(check.name, check) for check in fine.checks)})


def waive(monkeypatch, folder, days: int) -> None:
    """A folder of the organisation's in which one finding is waived for some days from now."""
    folder.mkdir(exist_ok=True)
    waiver = {
        "id": "W-7",
        "policy": "EGRESS-ALLOWED",
        "scope": {"flow": "contact"},
        "owner": "ada",
        "reason": "until the list is there",
        "expires": f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
    }
    (folder / "waivers.yaml").write_text(yaml.safe_dump([waiver]))
    monkeypatch.setenv("FLOWS_POLICIES", str(folder))


def test_what_is_not_certified_is_not_deployed_and_the_check_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("flowlattice.certify.certify", failing)
    file = written(tmp_path, BOUNDED)
    assert flows("deploy", file, "--approve") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(
        "echo: not deployed: the check limits failed (and 1 more): request 9 got 200; flows certify "
    )
    assert flows("deploy", file, "--approve", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["deployed"] is False
    assert [(check["name"], check["verdict"]) for check in found["checks"]] == [
        ("limits", "failed"),
        ("replay", "could_not_run"),
    ]
    assert Deployments(flows_home()).current("echo") is None


def test_a_waiver_is_seen_and_an_expired_one_does_not_count(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("flowlattice.certify.certify", passed)
    file = written(tmp_path / "flow", CONTACT)
    waive(monkeypatch, tmp_path / "policies", -1)
    assert flows("deploy", file, "--approve") == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if "denies it" in line]
    assert "EGRESS-ALLOWED denies it" in line
    assert "waiver W-7 expired at" in line
    waive(monkeypatch, tmp_path / "policies", 9)
    assert flows("deploy", file, "--approve") == 0
    assert "(W-7): until the list is there" in capsys.readouterr().err
    current = Deployments(flows_home()).current("contact")
    assert current is not None
    [used] = Deployments(flows_home()).verified(current).decision.waivers
    assert (used.id, used.owner) == ("W-7", "ada")
    later = Deployments(flows_home(), clock=lambda: datetime.now(UTC) + timedelta(days=10))
    with pytest.raises(Exception, match="the waiver W-7"):
        later.verified(current)
    assert flows("deployments") == 0
    assert capsys.readouterr().out.rstrip().endswith("verified")


def test_an_approval_is_of_the_evidence_and_not_only_of_the_sources(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("flowlattice.certify.certify", passed)
    file = written(tmp_path / "flow", CONTACT)
    waive(monkeypatch, tmp_path / "policies", 9)
    assert flows("deploy", file, "--approve") == 0
    assert flows("deploy", file) == 0
    waive(monkeypatch, tmp_path / "policies", 8)
    capsys.readouterr()
    assert flows("deploy", file) == 1
    assert "were approved with another certificate or decision" in capsys.readouterr().err


def not_again(*_args: object, **_more: object):
    """Stands in for `certify` where nothing may be run."""
    raise AssertionError("it was certified again")


def test_what_is_certified_is_not_run_a_second_time_and_its_attestation_says_what_was_found(
    tmp_path, monkeypatch, capsys
):
    file = written(tmp_path, BOUNDED)
    assert flows("deploy", file, "--approve", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["approval"]["parts"]) == {
        "source_digest", "environment", "ir_digest", "certificate_digest", "policy_digest", "attested_digest",
    }  # fmt: skip
    monkeypatch.setattr("flowlattice.certify.certify", not_again)
    assert flows("deploy", file) == 0
    assert "certified before" in capsys.readouterr().err
    deployments = Deployments(flows_home())
    [deployed] = deployments.history("echo")
    found = deployments.verified(deployed)
    assert found.certificate.checks.keys() == required_checks()
    assert set(found.certificate.checks.values()) <= {"passed", "not_applicable"}
    assert told["approval"]["parts"]["certificate_digest"] == found.certificate.digest
    assert Certificates(flows_home()).named(found.certificate.digest).source_digest == deployed.digest


def test_what_is_published_is_what_is_deployed_whatever_lies_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr("flowlattice.certify.certify", passed)
    registry = ("--registry", tmp_path / "registry")
    file = written(tmp_path / "flow", BOUNDED)
    text = file.read_text()
    other = text.replace('Flow("echo"', 'Flow("other"')
    assert other != text
    file.write_text(other)
    mine = file.with_name("zecho.py")
    mine.write_text(f"from .flow import flow as beside  # noqa: F401\n{text}")
    assert flows("publish", mine, *registry) == 0
    assert flows("deploy", "echo@1.0.0", *registry, "--approve") == 0
    deployments = Deployments(flows_home())
    current = deployments.current("echo")
    assert current is not None
    assert deployments.flow_file(current).name == "zecho.py"
    assert deployments.current("other") is None


def test_what_is_published_is_deployed_with_its_certificate(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("flowlattice.certify.certify", passed)
    registry = ("--registry", tmp_path / "registry")
    file = written(tmp_path / "flow", BOUNDED)
    assert flows("publish", file, *registry) == 0
    monkeypatch.setattr("flowlattice.certify.certify", not_again)
    (tmp_path / "bindings.toml").write_text('[live.seen]\nbackend = "sqlite"\npath = "seen.sqlite"\n')
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert flows("deploy", "echo@1.0.0", *registry) == 1
    assert "echo@1.0.0: nobody has approved" in capsys.readouterr().err
    assert flows("deploy", "echo@1.0.0", *registry, "--approve") == 0
    monkeypatch.setattr("flowlattice.certify.certify", passed)  # what was found for one place is not of another
    assert flows("deploy", "echo@1.0.0", *registry, "--env", "live", "--approve") == 0
    deployments = Deployments(flows_home())
    current = deployments.current("echo")
    assert current is not None
    assert (current.environment, current.bindings) == ("live", (tmp_path / "bindings.toml").read_text())
    assert deployments.flow_file(current).read_bytes() == file.read_bytes()
    assert flows("deploy", "other@1.0.0", *registry, "--approve") == 1
    assert flows("deploy", "echo", *registry, "--approve") == 2
    assert "name a version of what is published" in capsys.readouterr().err
    assert flows("registry", "yank", "echo@1.0.0", "--reason", "it shouts", *registry) == 0
    capsys.readouterr()
    assert flows("deploy", "echo@1.0.0", *registry, "--approve") == 1
    assert (
        "echo@1.0.0 was yanked: it shouts; take another version, or this one with --yanked" in capsys.readouterr().err
    )
    assert flows("deploy", "echo@1.0.0", *registry, "--env", "live", "--approve", "--yanked") == 0
    for blob in (tmp_path / "registry" / "blobs").rglob("*"):
        if blob.is_file() and blob.read_bytes() == file.read_bytes():
            blob.chmod(0o600)
            blob.write_bytes(blob.read_bytes() + b"\n")
    assert flows("deploy", "echo@1.0.0", *registry, "--approve", "--yanked") == 1
    assert "sources/flow.py has been changed" in capsys.readouterr().err
