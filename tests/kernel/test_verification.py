"""What is deployed is verified before it is run: each way in which its evidence may not hold, one line each."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from flowlattice.attestation import WaiverSummary
from flowlattice.certify.checks import CHECKS
from flowlattice.deployments import Deployment, Deployments, NotVerified
from flowlattice.deployments.verification import required_checks
from flowlattice.home import flows_home
from flowlattice.ir.digest import source_digest
from flowlattice.signing import Keys, SigningKey
from tests.support.deployed import AT, approve, deploy, said, sign
from tests.support.flows import ECHO, write_flow

WAIVER = WaiverSummary(id="W-7", policy="EGRESS-ALLOWED", owner="ada", expires=AT + timedelta(days=9))


@pytest.fixture
def file(tmp_path):
    return write_flow(tmp_path / "flow", ECHO)


def at(days: float) -> Deployments:
    """The deployments some days after they were attested."""
    return Deployments(flows_home(), clock=lambda: AT + timedelta(days=days))


def given(file, found, *, approval=None, key=None, **more):
    """What `record` takes for what is attested."""
    approval = approval or approve(found)
    return {
        "name": "echo",
        "digest": source_digest(file),
        "profile": "web",
        "environment": "local",
        "source_folder": file,
        "approval": approval,
        "attestation": sign(flows_home(), found, approval, key),
        **more,
    }


def change(**members: str | None) -> None:
    """Change the record behind the deployments' back."""
    connection = sqlite3.connect(flows_home() / "deployments.sqlite")
    with connection:
        for member, value in members.items():
            connection.execute("UPDATE deployments SET record = json_set(record, ?, ?)", (f"$.{member}", value))
    connection.close()


def live(deployments: Deployments) -> Deployment:
    """What the name stands for."""
    found = deployments.current("echo")
    assert found is not None
    return found


def refused(deployments: Deployments) -> str:
    """Why the flow is not run, which is one line with what to do."""
    with pytest.raises(NotVerified) as why:
        deployments.flow_file(live(deployments))
    text = str(why.value)
    assert len(text.splitlines()) == 1
    assert ";" in text
    return text


def test_the_required_checks_are_those_of_the_harness():
    assert required_checks() == {check.NAME for check in CHECKS}


def test_what_is_attested_is_verified_and_run(file):
    deployed = deploy(flows_home(), file, name="echo")
    assert at(0).verified(deployed).source_digest == deployed.digest
    assert at(0).flow_file(deployed).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("verdicts", "why"),
    [
        ({"replay": "failed"}, "check replay failed"),
        ({"limits": "could_not_run"}, "check limits could not run"),
        ({"examples": "missing"}, "lacks examples"),
        ({"allowed": False}, "the policies deny it in local"),
        ({"environment": "live"}, "the approval is not for"),
    ],
)
def test_what_lacks_evidence_is_not_recorded(file, verdicts: dict[str, Any], why):
    found = said("echo", source_digest(file), **verdicts)
    with pytest.raises(Exception, match=why):
        at(0).record(**given(file, found))
    assert at(0).current("echo") is None


def test_what_another_flow_or_other_sources_were_attested_with_is_not_recorded(file):
    for found, why in [
        (said("other", source_digest(file)), "what is attested is other for web, not echo for web"),
        (said("echo", source_digest(file), profile="queue"), "echo for queue, not echo for web"),
    ]:
        with pytest.raises(NotVerified, match=why):
            at(0).record(**given(file, found))
    fine = said("echo", source_digest(file))
    other = said("echo", "0" * 64)
    with pytest.raises(NotVerified, match="sources 000000000000, not"):
        at(0).record(**given(file, fine, attestation=sign(flows_home(), other, approve(fine))))


def test_an_approval_is_of_what_is_attested(file):
    fine, other = said("echo", source_digest(file)), said("echo", source_digest(file), more="passed")
    with pytest.raises(NotVerified, match="the approval is not of what is attested"):
        at(0).record(**given(file, fine, approval=approve(other)))
    with pytest.raises(NotVerified, match="the approval is not the one that was attested"):
        at(0).record(**given(file, fine, attestation=sign(flows_home(), fine, None)))


def test_a_waiver_that_has_expired_since_fails_closed(file):
    found = said("echo", source_digest(file), waivers=[WAIVER])
    at(8).activate(at(8).record(**given(file, found)))
    at(8).flow_file(live(at(8)))
    assert "the waiver W-7 of EGRESS-ALLOWED expired" in refused(at(9))
    with pytest.raises(NotVerified, match="W-7"):
        at(9).record(**given(file, found))


def test_only_trusted_keys_count(file, tmp_path):
    found = said("echo", source_digest(file))
    stranger = SigningKey.generate("stranger")
    with pytest.raises(NotVerified, match="not trusted here; flows keys trust FILE"):
        at(0).record(**given(file, found, key=stranger))
    keys = Keys(flows_home())
    keys.trust("stranger", stranger.public.pem)
    at(0).activate(at(0).record(**given(file, found, key=stranger)))
    at(0).flow_file(live(at(0)))
    keys.untrust("stranger")
    assert "not trusted here" in refused(at(0))
    again = at(0).activate(at(0).record(**given(file, found)))
    assert again.current, "signed anew, it is another record"
    at(0).flow_file(again)


def test_a_record_that_was_changed_is_not_run(file):
    deployed = deploy(flows_home(), file, name="echo")
    whole = deployed.attestation or ""
    changes: list[tuple[dict[str, str | None], str]] = [
        ({"attestation": None}, "it was deployed without an attestation; deploy it again: flows deploy PATH --approve"),
        ({"attestation": whole.replace('"payload":"', '"payload":"AAAA')}, "has been changed"),
        ({"attestation": "x"}, "damaged"),
        ({"attestation": whole, "environment": "live"}, "the policies decided for local, not for live"),
        ({"environment": "local", "bindings": "[x]"}, "the approval is not of what is attested and of how it is bound"),
        ({"bindings": None, "digest": "0" * 64}, "not 000000000000"),
    ]
    for members, why in changes:
        change(**members)
        assert why in refused(at(0))
    change(digest=deployed.digest)
    at(0).flow_file(live(at(0)))


def test_sources_that_were_changed_are_not_run_whatever_was_attested(file):
    deployed = deploy(flows_home(), file, name="echo")
    at(0).flow_file(deployed).write_text("raise SystemExit")
    assert "not the sources that were approved" in refused(at(0))


def test_rolling_back_goes_only_to_what_can_be_verified(file, tmp_path):
    found = said("echo", source_digest(file), waivers=[WAIVER])
    at(8).activate(at(8).record(**given(file, found)))
    later = deploy(flows_home(), write_flow(tmp_path / "later", ECHO + "# later\n"), name="echo")
    with pytest.raises(NotVerified, match=r"echo stays as it is: .* the waiver W-7"):
        at(9).rollback("echo")
    assert at(9).current("echo") == later
    back = at(8).rollback("echo")
    assert back is not None
    assert back.digest == source_digest(file)
