"""Deployments: approved digests by name, their history, rolling back, and sources that are verified before use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowlattice.deployments import Approval, Deployments, NotApproved, SourcesChanged, approved_digest
from flowlattice.errors import UsageError
from flowlattice.ir.digest import source_digest
from tests.support.flows import ECHO, write_flow


def approval(digest: str, run: str | None = None) -> Approval:
    return Approval(digest=digest, approved_by="ines", at=datetime(2026, 1, 31, tzinfo=UTC), run=run)


def record(deployments: Deployments, file, *, run: str | None = None, name: str = "echo", **more):
    digest = source_digest(file)
    given = {"profile": "web", "environment": "local", "approval": approval(digest, run)}
    return deployments.record(name=name, digest=digest, source_folder=file.parent, **{**given, **more})


@pytest.fixture
def versions(tmp_path):
    """Three versions of a flow."""
    return [write_flow(tmp_path / f"v{n}", ECHO + f"# version {n}\n") for n in range(3)]


def test_a_name_stands_for_what_was_recorded_last(tmp_path, versions):
    deployments = Deployments(tmp_path / "home")
    (tmp_path / "home").mkdir()
    assert deployments.current("echo") is None
    first, second = (record(deployments, file, run=file.parent.name) for file in versions[:2])
    assert deployments.current("echo") == second
    assert [(one.digest, one.current) for one in deployments.history("echo")] == [
        (second.digest, True),
        (first.digest, False),
    ]
    assert deployments.all_current() == [second]
    assert first.approval.approved_by == "ines"


@pytest.fixture
def deployments(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Deployments(home)


def test_recording_again_for_the_same_run_changes_nothing(deployments, versions):
    first = record(deployments, versions[0], run="r1")
    assert record(deployments, versions[0], run="r1") == first
    assert len(deployments.history("echo")) == 1
    record(deployments, versions[0], run="r2")
    assert len(deployments.history("echo")) == 2
    record(deployments, versions[0], run="r2", environment="production", bindings="")
    assert deployments.current("echo").environment == "production"


def test_rolling_back_goes_to_the_digest_before(deployments, versions):
    first = record(deployments, versions[0], run="r1")
    record(deployments, versions[1], run="r2")
    record(deployments, versions[1], run="r3")
    assert deployments.rollback("echo") == first
    assert deployments.current("echo") == first
    assert [one.current for one in deployments.history("echo")] == [False, False, True]
    assert deployments.rollback("echo") is None
    assert deployments.current("echo") is None
    assert deployments.all_current() == []
    with pytest.raises(UsageError, match="nothing is deployed as echo"):
        deployments.rollback("echo")


def test_what_was_rolled_back_can_be_deployed_again(deployments, versions):
    record(deployments, versions[0], run="r1")
    record(deployments, versions[1], run="r2")
    deployments.rollback("echo")
    again = record(deployments, versions[1], run="r2")
    assert deployments.current("echo") == again


def test_an_approval_covers_the_sources_or_everything_with_them(versions):
    digest = source_digest(versions[0])
    parts = {"source_digest": digest, "certificate_digest": "c"}
    at = datetime(2026, 1, 31, tzinfo=UTC)
    whole = Approval(digest=approved_digest(parts), approved_by="i", at=at, parts=parts)
    assert approval(digest).covers(digest)
    assert whole.covers(digest)
    assert not approval("other").covers(digest)
    assert not whole.covers("other")
    assert not whole.model_copy(update={"digest": digest}).covers(digest), "parts have to make up the digest"
    forged = {"source_digest": "other", "note": digest}
    assert not Approval(digest=approved_digest(forged), approved_by="i", at=at, parts=forged).covers(digest)


def test_without_an_approval_of_the_digest_nothing_is_deployed(deployments, versions):
    other = approval(source_digest(versions[1]))
    with pytest.raises(NotApproved, match="approve again"):
        record(deployments, versions[0], approval=other)
    assert deployments.current("echo") is None


def test_sources_that_changed_since_they_were_approved_are_not_deployed(deployments, versions):
    digest = source_digest(versions[0])
    versions[0].write_text("changed")
    with pytest.raises(SourcesChanged, match="changed since"):
        deployments.record(
            name="echo",
            digest=digest,
            profile="web",
            environment="local",
            source_folder=versions[0],
            approval=approval(digest),
        )


def test_kept_sources_are_verified_before_they_are_used(deployments, versions):
    deployed = record(deployments, versions[0])
    kept = deployments.flow_file(deployed)
    assert kept.read_bytes() == versions[0].read_bytes()
    versions[0].write_text("the person goes on editing")
    assert deployments.flow_file(deployed) == kept
    kept.write_text("tampered")
    with pytest.raises(SourcesChanged, match="deploy it again"):
        deployments.folder(deployed)
    versions[0].write_text(versions[0].read_text())
    kept.unlink()
    with pytest.raises((SourcesChanged, UsageError)):
        deployments.folder(deployed)


def test_damaged_sources_are_put_right_when_they_are_deployed_again(deployments, versions):
    deployed = record(deployments, versions[0])
    deployments.flow_file(deployed).write_text("tampered")
    record(deployments, versions[0], run="again")
    assert deployments.flow_file(deployed).read_bytes() == versions[0].read_bytes()


def test_a_flow_of_several_files_is_kept_whole(deployments, tmp_path):
    file = write_flow(
        tmp_path / "several", "from .records import In\n" + ECHO.replace("class In", "class Unused"), name="orders.py"
    )
    (file.parent / "records.py").write_text(
        'from flowlattice import Record\nclass In(Record, data="public"):\n    v: str\n'
    )
    (file.parent / "notes.txt").write_text("stays where it is")
    digest = source_digest(file)
    deployed = deployments.record(
        name="echo", digest=digest, profile="web", environment="local", source_folder=file, approval=approval(digest)
    )
    kept = deployments.folder(deployed)
    assert sorted(path.name for path in kept.iterdir()) == ["orders.py", "records.py"]
    assert deployments.flow_file(deployed).name == "orders.py"
    (kept / "records.py").write_text("")
    with pytest.raises(SourcesChanged):
        deployments.folder(deployed)


def test_an_approval_is_found_again_until_it_is_rolled_back(deployments, versions):
    digest = source_digest(versions[0])
    assert deployments.approval_of(digest) is None
    deployed = record(deployments, versions[0])
    assert deployments.approval_of(digest) == deployed.approval
    deployments.rollback("echo")
    assert deployments.approval_of(digest) is None
