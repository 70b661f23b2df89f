"""Attestations: whatever does not show that a flow may run is refused, with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from flowlattice.attestation import (
    PAYLOAD_TYPE,
    ApprovalSummary,
    Attestation,
    CertificateSummary,
    DecisionSummary,
    NotAttested,
    Provenance,
    WaiverSummary,
    attest,
    attested,
    read_statement,
)
from flowlattice.signing import Keyring, SigningKey

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = SigningKey.generate("release")
RING = Keyring([KEY.public])
REQUIRED = ("effects", "contract")
SUBJECTS = {"orders@1.2.0": {"blake3": "5" * 64}}
WAIVER = WaiverSummary(id="W-1", policy="EGRESS", owner="ines", expires=NOW + timedelta(days=1))
ATTESTATION = Attestation(
    flow="orders",
    version="1.2.0",
    profile="web",
    source_digest="5" * 64,
    ir_digest="6" * 64,
    schemas_digest="7" * 64,
    certificate=CertificateSummary(
        digest="c" * 64, harness="1", checks={"effects": "passed", "contract": "not_applicable", "budget": "passed"}
    ),
    decision=DecisionSummary(
        digest="d" * 64, policies_digest="e" * 64, environment="local", allowed=True, waivers=(WAIVER,)
    ),
    approval=ApprovalSummary(digest="a" * 64, approved_by="ines", at=NOW),
    provenance=Provenance(builder="flows publish", flowlattice="1", python="3.11", platform="linux"),
    at=NOW,
)


def opened(attestation: Attestation, *, ring: Keyring = RING, at: datetime = NOW) -> Attestation:
    return attested(attest(attestation, SUBJECTS, KEY), ring, at, required=REQUIRED)


def checks(**verdicts: str) -> Attestation:
    summary = ATTESTATION.certificate.model_copy(update={"checks": verdicts})
    return ATTESTATION.model_copy(update={"certificate": summary})


def test_what_holds_is_given_back_as_it_was_said():
    assert opened(ATTESTATION) == ATTESTATION


def test_the_statement_is_one_of_in_toto():
    statement = json.loads(attest(ATTESTATION, SUBJECTS, KEY).content())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:flowlattice:attestation:v1"
    assert statement["subject"] == [{"name": "orders@1.2.0", "digest": {"blake3": "5" * 64}}]
    assert read_statement(attest(ATTESTATION, SUBJECTS, KEY), RING).predicate == ATTESTATION


@pytest.mark.parametrize(
    ("attestation", "why"),
    [
        (checks(effects="passed"), "lacks contract"),
        (checks(), "lacks contract, effects"),
        (checks(effects="passed", contract="failed"), "check contract failed"),
        (checks(effects="could_not_run", contract="passed"), "check effects could not run"),
        (checks(effects="passed", contract="passed", more="failed"), "check more failed"),
        (checks(effects="passed", contract="Passed"), "check contract ended as 'Passed'"),
        (
            ATTESTATION.model_copy(update={"decision": ATTESTATION.decision.model_copy(update={"allowed": False})}),
            "the policies deny it in local",
        ),
    ],
)
def test_what_does_not_hold_is_refused(attestation, why):
    with pytest.raises(NotAttested, match=why) as caught:
        opened(attestation)
    assert caught.value.reason.startswith("orders@1.2.0: ")
    assert "\n" not in caught.value.reason


def test_no_check_is_no_pass_whatever_is_required():
    with pytest.raises(NotAttested, match="lacks any check"):
        attested(attest(checks(), SUBJECTS, KEY), RING, NOW, required=())


def test_a_waiver_counts_until_it_expires():
    assert opened(ATTESTATION, at=WAIVER.expires - timedelta(microseconds=1))
    with pytest.raises(NotAttested, match=r"waiver W-1 of EGRESS expired at 2026-02-01T12:00:00\+00:00; .* ask ines"):
        opened(ATTESTATION, at=WAIVER.expires)


def test_an_expiry_without_a_zone_is_no_expiry():
    naive = WAIVER.model_copy(update={"expires": datetime(2027, 1, 1)})
    decision = ATTESTATION.decision.model_copy(update={"waivers": (naive,)})
    with pytest.raises(NotAttested, match="expires"):
        opened(ATTESTATION.model_copy(update={"decision": decision}))


def test_only_trusted_keys_count():
    with pytest.raises(NotAttested, match="not trusted here"):
        opened(ATTESTATION, ring=Keyring())
    forged = SigningKey.generate("release")
    envelope = attest(ATTESTATION, SUBJECTS, forged)
    claimed = tuple(one.model_copy(update={"keyid": KEY.public.fingerprint}) for one in envelope.signatures)
    with pytest.raises(NotAttested, match="does not fit"):
        attested(envelope.model_copy(update={"signatures": claimed}), RING, NOW, required=REQUIRED)


@pytest.mark.parametrize(
    "change",
    [
        {"predicateType": "urn:flowlattice:attestation:v2"},
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"more": 1},
    ],
)
def test_another_statement_is_no_attestation(change):
    said = json.loads(attest(ATTESTATION, SUBJECTS, KEY).content())
    envelope = KEY.sign(json.dumps({**said, **change}).encode(), PAYLOAD_TYPE)
    with pytest.raises(NotAttested, match="no attestation that this version reads"):
        attested(envelope, RING, NOW, required=REQUIRED)


def test_an_envelope_of_another_type_is_no_attestation():
    with pytest.raises(NotAttested, match="'text/plain'"):
        attested(KEY.sign(b"{}", "text/plain"), RING, NOW, required=REQUIRED)
