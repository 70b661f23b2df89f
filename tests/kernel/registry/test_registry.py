"""Publishing, finding, withdrawing; whatever is changed is seen."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest

from flowlattice.attestation import NotAttested
from flowlattice.registry import Damaged, Unpublished, Version, VersionTaken, VersionTooLow, Yanked
from flowlattice.signing import SigningKey
from tests.support.flows import ECHO
from tests.support.published import NOW, WAIVER, artefact

V1 = Version("1.0.0")
NARROWER = ECHO.replace("    v: str\n\nclass Out", "    v: str\n    more: str\n\nclass Out")
OTHER = ECHO.replace(".lower()", ".upper()")


@pytest.fixture(scope="module")
def echo(flows):
    return artefact(flows / "echo")


def version(flows, number: str, source: str = ECHO):
    return artefact(flows / sha256(source.encode()).hexdigest()[:8] / number, source, version=number)


def publish(shop, what, key=None):
    return shop.registry().publish(what, key or shop.key, at=NOW)


def test_what_is_published_is_found_whole(shop, echo):
    assert publish(shop, echo)
    registry = shop.registry()
    assert registry.names() == ["echo"]
    assert registry.versions("echo") == [V1]
    found = registry.fetched("echo", None, at=NOW)
    assert (found.attestation, dict(found.files)) == (echo.attestation, dict(echo.files))
    assert found.sources["flow.py"] == echo.files["sources/flow.py"]
    checked = registry.verified("echo", V1, at=NOW)
    assert (checked.holds, checked.status, checked.signers) == (True, "published", (shop.key.public.fingerprint,))


def test_the_same_sources_again_are_published_already(shop, echo, flows):
    assert publish(shop, echo)
    assert not publish(shop, artefact(flows / "echo"))
    with pytest.raises(VersionTaken, match=r"echo@1.0.0 is published already with other sources"):
        publish(shop, artefact(flows / "other", OTHER))
    assert shop.registry().artefact("echo", V1).sources == echo.sources


def test_of_several_publishes_of_one_version_exactly_one_wins(shop, flows):
    sources = [ECHO.replace(".lower()", f".lower() + '{n}'") for n in range(4)]
    wanted = [artefact(flows / f"race{n}", source) for n, source in enumerate(sources)]

    def attempt(one):
        try:
            return publish(shop, one)
        except VersionTaken as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, wanted))
    assert outcomes.count(True) == 1
    assert all("published already with other sources" in said for said in outcomes if said is not True)
    assert shop.registry().artefact("echo", V1).sources == wanted[outcomes.index(True)].sources
    assert shop.registry().verified("echo", V1, at=NOW).holds


def test_a_version_has_to_say_how_much_changed(shop, flows):
    publish(shop, version(flows, "1.0.0"))
    with pytest.raises(
        VersionTooLow, match=r"needs a major version after 1.0.0, 2.0.0 or higher: In.more is new and re"
    ):
        publish(shop, version(flows, "1.1.0", NARROWER))
    assert publish(shop, version(flows, "2.0.0", NARROWER))
    assert publish(shop, version(flows, "1.0.1", OTHER))  # compared with 1.0.0, not with 2.0.0
    assert publish(shop, version(flows, "3.0.0-rc.1"))
    assert [str(one) for one in shop.registry().versions("echo")] == ["1.0.0", "1.0.1", "2.0.0", "3.0.0-rc.1"]
    assert str(shop.registry().resolved("echo", None)) == "2.0.0"  # no pre-release unless it is named


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"verdict": "failed"}, "check contract failed"),
        ({"verdict": "could_not_run"}, "check contract could not run"),
        ({"line": "open"}, "a line of its checklists is open: Retry owner singular: as it is told"),
    ],
)
def test_nothing_is_published_that_did_not_pass(shop, flows, more, why):
    with pytest.raises(NotAttested, match=why):
        publish(shop, artefact(flows / "not-passed", **more))
    assert shop.registry().names() == []


def test_a_waiver_that_expired_since_is_seen(shop, flows):
    waived = artefact(flows / "waived", waived=True)
    assert publish(shop, waived)
    assert shop.registry().verified("echo", V1, at=NOW).holds
    late = WAIVER.expires + timedelta(seconds=1)
    (problem,) = shop.registry().verified("echo", V1, at=late).problems
    assert "waiver W-1 of EGRESS expired" in problem
    with pytest.raises(NotAttested, match="W-1"):
        shop.registry().fetched("echo", V1, at=late)


def test_a_check_that_is_missing_is_seen(shop, echo):
    publish(shop, echo)
    stricter = type(shop.registry())(shop.store, keyring=_ring(shop.key), required=("effects", "contract", "replay"))
    assert "lacks replay" in stricter.verified("echo", V1, at=NOW).problems[0]


def _ring(*keys):
    from flowlattice.signing import Keyring

    return Keyring(key.public for key in keys)


def test_a_key_that_is_not_trusted_is_seen(shop, echo):
    publish(shop, echo)
    stranger = SigningKey.generate("stranger")
    theirs = shop.registry(stranger)
    assert "not trusted here" in theirs.verified("echo", V1, at=NOW).problems[0]
    for ask in (lambda: theirs.artefact("echo", V1), lambda: theirs.fetched("echo", None, at=NOW)):
        with pytest.raises(Damaged, match=f"{shop.key.public.fingerprint}, which is not trusted here"):
            ask()


def test_deprecated_versions_are_found_and_yanked_ones_only_by_name(shop, flows):
    registry = shop.registry()
    for number in ("1.0.0", "1.0.1"):
        publish(shop, version(flows, number))
    last = Version("1.0.1")
    said = {"reason": "use 1.0.1", "by": "ines", "at": NOW, "key": shop.key}
    registry.decide("deprecate", "echo", V1, **said)
    assert registry.verified("echo", V1, at=NOW).notes == ("it is deprecated: use 1.0.1",)
    assert registry.verified("echo", V1, at=NOW).holds
    assert registry.resolved("echo", V1) == V1

    registry.decide("yank", "echo", last, **{**said, "reason": "loses orders"})
    assert registry.resolved("echo", None) == V1
    with pytest.raises(Yanked, match=r"echo@1\.0\.1 was yanked: loses orders"):
        registry.resolved("echo", last)
    assert registry.resolved("echo", last, yanked=True) == last
    assert registry.verified("echo", last, at=NOW).problems == ("it was yanked: loses orders",)
    registry.decide("yank", "echo", V1, **said)
    assert [event.number for event in registry.events("echo", V1)] == [1, 2]
    with pytest.raises(
        Unpublished, match=r"every version of echo was yanked or is a pre-release; name one: echo@1\.0\.1"
    ):
        registry.resolved("echo", None)


def test_events_by_several_at_once_are_all_kept(shop, echo):
    publish(shop, echo)
    registry = shop.registry()

    def decide(number):
        return registry.decide("deprecate", "echo", V1, reason=f"r{number}", by="ines", at=NOW, key=shop.key)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(event.number for event in pool.map(decide, range(6))) == [1, 2, 3, 4, 5, 6]
    assert {event.reason for event in registry.events("echo", V1)} == {f"r{number}" for number in range(6)}


def test_an_event_of_a_stranger_is_none(shop, echo):
    publish(shop, echo)
    stranger = SigningKey.generate("stranger")
    both = shop.registry(shop.key, stranger)
    both.decide("yank", "echo", V1, reason="spite", by="mallory", at=NOW, key=stranger)
    checked = shop.registry().verified("echo", V1, at=NOW)
    assert "event 1 cannot be trusted" in checked.problems[0]
    with pytest.raises(Damaged, match="event 1 cannot be trusted"):
        shop.registry().resolved("echo", V1)


def test_what_was_never_published_is_said(shop, echo):
    with pytest.raises(Unpublished, match="echo is not published in"):
        shop.registry().resolved("echo", None)
    publish(shop, echo)
    for ask in (shop.registry().artefact, shop.registry().events):
        with pytest.raises(Unpublished, match=r"echo@9\.0\.0 is not published"):
            ask("echo", Version("9.0.0"))


def files_of(shop):
    """All that lies in a folder registry."""
    return sorted(file for file in (shop.store._folder).rglob("*") if file.is_file())


def test_no_byte_of_any_file_changes_unseen(folder_shop, flows):
    shop = folder_shop
    publish(shop, artefact(flows / "waived", waived=True))
    registry = shop.registry()
    for kind in ("deprecate", "deprecate"):
        registry.decide(kind, "echo", V1, reason="old", by="ines", at=NOW, key=shop.key)
    assert registry.verified("echo", V1, at=NOW).holds
    files = files_of(shop)
    assert len(files) == 12  # the record, the statement, two events; flow, IR, schemas, certificate, decision, ...
    for file in files:
        file.chmod(0o644)
        content = file.read_bytes()
        places = {0, 1, len(content) // 3, len(content) // 2, len(content) - 2, len(content) - 1}
        changes = [
            content[:p] + bytes([content[p] ^ bit]) + content[p + 1 :] for p in sorted(places) for bit in (1, 32)
        ]
        for changed in [*changes, content + b"\n", content[:-1], b""]:
            file.write_bytes(changed)
            assert registry.verified("echo", V1, at=NOW).problems, (file.name, changed[:40])
        file.unlink()
        if "versions" not in file.parts and not file.name.endswith(
            "000002"
        ):  # that the last event is gone shows nowhere
            assert registry.verified("echo", V1, at=NOW).problems, file.name
        file.write_bytes(content)
    assert registry.verified("echo", V1, at=NOW).holds


def test_a_record_that_names_another_version_is_seen(folder_shop, flows):
    shop = folder_shop
    for number in ("1.0.0", "1.0.1"):
        publish(shop, version(flows, number))
    folder = shop.store._folder / "versions" / "echo"
    folder.joinpath("1.0.0").chmod(0o644)
    folder.joinpath("1.0.0").write_bytes(folder.joinpath("1.0.1").read_bytes())
    assert "what lies there is echo@1.0.1" in shop.registry().verified("echo", V1, at=NOW).problems[0]


@pytest.mark.parametrize(
    ("name", "edit", "why"),
    [
        ("certificate.json", lambda said: said["checks"].pop(), "the certificate and what the statement says"),
        ("certificate.json", lambda said: said.update(source_digest="0"), "the sources and what the statement"),
        ("decision.json", lambda said: said.update(environment="production"), "the policies' decision and what"),
        ("decision.json", lambda said: said.update(more=1), "a file is not what this version of flowlattice reads"),
        ("ir.json", lambda said: said.update(summary="x"), "the IR and what the statement says"),
    ],
)
def test_a_signed_statement_that_contradicts_its_files_is_seen(shop, echo, name, edit, why):
    said = json.loads(echo.files[name])
    edit(said)
    files = {**echo.files, name: json.dumps(said).encode()}
    forged = type(echo)(attestation=echo.attestation, files=files)
    publish(shop, forged)
    assert any(why in problem for problem in shop.registry().verified("echo", V1, at=NOW).problems)


def test_a_statement_that_lacks_a_file_is_seen(shop, echo):
    files = {name: content for name, content in echo.files.items() if name != "sbom.cdx.json"}
    publish(shop, type(echo)(attestation=echo.attestation, files=files))
    assert shop.registry().verified("echo", V1, at=NOW).problems == (
        "the statement lacks sbom.cdx.json; publish it again under another version",
    )


def test_a_damaged_blob_is_not_published_again(folder_shop, echo):
    shop = folder_shop
    digest = sha256(echo.files["ir.json"]).hexdigest()
    shop.store.put(f"blobs/{digest[:2]}/{digest}", b"something else")
    with pytest.raises(Damaged, match=f"{digest} in .* has been changed"):
        publish(shop, echo)
    assert shop.registry().names() == []
