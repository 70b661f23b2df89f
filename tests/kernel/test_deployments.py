"""Deployments: approved digests by name, their history, rolling back, and sources that are verified before use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowlattice.deployments import (
    Approval,
    DeployedElsewhere,
    Deployments,
    NotApproved,
    SourcesChanged,
    approved_digest,
    deployed_parts,
)
from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from flowlattice.ir.digest import source_digest
from tests.support.deployed import approve, said, sign
from tests.support.flows import ECHO, write_flow


def approval(digest: str, run: str | None = None, environment: str = "local", bindings: str | None = None) -> Approval:
    return approve(said("echo", digest, environment=environment), bindings, run=run)


def probing(deployments: Deployments, file, *, run: str | None = None, evidence=None, **more):
    """Recorded, and not active yet."""
    digest = source_digest(file)
    bound = {"environment": "local", "bindings": None, **more}
    found = evidence or said("echo", digest, environment=bound["environment"])
    given = {"profile": "web", "approval": approve(found, bound["bindings"], run=run), **bound}
    given["attestation"] = more.get("attestation") or sign(flows_home(), found, given["approval"])
    return deployments.record(name="echo", digest=digest, source_folder=file.parent, run=run, **given)


def record(deployments: Deployments, file, **more):
    return deployments.activate(probing(deployments, file, **more))


@pytest.fixture
def versions(tmp_path):
    """Three versions of a flow."""
    return [write_flow(tmp_path / f"v{n}", ECHO + f"# version {n}\n") for n in range(3)]


def test_a_name_stands_for_what_was_recorded_last(versions):
    deployments = Deployments(flows_home())
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
def deployments():
    return Deployments(flows_home())


def test_recording_again_for_the_same_run_changes_nothing(deployments, versions):
    first = record(deployments, versions[0], run="r1")
    assert record(deployments, versions[0], run="r1") == first
    assert len(deployments.history("echo")) == 1
    record(deployments, versions[0], run="r2")
    assert len(deployments.history("echo")) == 2
    record(deployments, versions[0], run="r2", environment="production", bindings="")
    assert deployments.current("echo").environment == "production"


def test_what_belongs_to_a_flow_is_deployed_with_it(deployments, tmp_path):
    plugin = """
from flowlattice import PluginPython, sandboxed
@node
async def clean(req: In, py: Annotated[PluginPython, sandboxed("plugins/clean.py")]) -> Out:
    return Out(v="")
"""
    file = write_flow(tmp_path / "flow", ECHO + plugin)
    (file.parent / "plugins").mkdir()
    (file.parent / "plugins" / "clean.py").write_text("import pandas\n")
    (file.parent / "connectors.toml").write_text("")
    folder = deployments.folder(record(deployments, file))
    assert (folder / "plugins" / "clean.py").read_text() == "import pandas\n"
    assert (folder / "connectors.toml").exists()
    (folder / "plugins" / "clean.py").write_text("import os\n")
    with pytest.raises(SourcesChanged):
        deployments.folder(deployments.current("echo"))


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


def test_doubles_take_the_place_of_real_services_only_when_asked_to(deployments, versions):
    live = record(deployments, versions[0], environment="live", bindings="")
    with pytest.raises(DeployedElsewhere, match=r"echo is deployed in live, .* --env live, .* --replace"):
        record(deployments, versions[1])
    assert deployments.current("echo") == live
    assert deployments.history("echo") == [live], "nothing is left of what was refused"
    assert record(deployments, versions[1], replace=True).environment == "local"


def test_rolling_back_goes_to_the_environment_before(deployments, versions):
    record(deployments, versions[0], environment="live", bindings="")
    live = record(deployments, versions[1], environment="live", bindings="")
    record(deployments, versions[1], replace=True)
    assert deployments.rollback("echo") == live
    assert deployments.current("echo") == live


def test_what_was_rolled_back_can_be_deployed_again_by_a_person(deployments, versions):
    record(deployments, versions[0])
    record(deployments, versions[1])
    deployments.rollback("echo")
    again = record(deployments, versions[1])
    assert deployments.current("echo") == again
    assert record(deployments, versions[1]) == again, "it is current, so nothing changes"


def test_what_is_probed_is_not_seen_until_it_is_activated(deployments, versions):
    first = record(deployments, versions[0], run="r1")
    second = probing(deployments, versions[1], run="r2")
    assert second.state == "probing"
    assert deployments.current("echo") == first
    assert deployments.all_current() == [first]
    assert deployments.history("echo") == [first]
    assert deployments.approval_of(second.approval.parts) is None
    assert deployments.activate(second).state == "current"
    assert [one.state for one in deployments.history("echo")] == ["current", "superseded"]


def test_withdrawing_takes_exactly_that_record_away(deployments, versions):
    record(deployments, versions[0], run="r1")
    failing = probing(deployments, versions[1], run="r2")
    latest = record(deployments, versions[2], run="r3")
    deployments.withdraw(failing)
    deployments.withdraw(failing)
    assert deployments.current("echo") == latest
    assert len(deployments.history("echo")) == 2
    assert deployments.activate(failing).state == "withdrawn"
    assert deployments.current("echo") == latest


def test_a_number_that_is_given_again_is_another_record(deployments, versions):
    failing = probing(deployments, versions[0], run="r1")
    deployments.withdraw(failing)
    other = probing(deployments, versions[1], run="r2")
    assert other.id == failing.id
    assert deployments.activate(failing).state == "withdrawn"
    deployments.withdraw(failing)
    assert deployments.activate(other).state == "current"


def test_a_run_that_is_repeated_never_undoes_what_came_later(deployments, versions):
    first = probing(deployments, versions[0], run="r1")
    latest = record(deployments, versions[1], run="r2")
    assert deployments.activate(first).state == "superseded"
    assert record(deployments, versions[0], run="r1").state == "superseded"
    assert deployments.current("echo") == latest
    deployments.rollback("echo")
    assert record(deployments, versions[1], run="r2").state == "withdrawn"
    assert deployments.current("echo").id == first.id


def test_an_approval_holds_for_its_environment_and_its_bindings(deployments, versions):
    digest = source_digest(versions[0])
    local, bound = approval(digest), approval(digest, None, "production", "[production]")
    for given, environment, bindings in [
        (local, "production", "[production]"),
        (bound, "local", None),
        (bound, "production", "[production] # changed"),
        (bound, "staging", "[production]"),
        (bound.model_copy(update={"parts": {}}), "production", "[production]"),
    ]:
        assert not given.covers(digest, environment, bindings)
        with pytest.raises(NotApproved, match="approve again"):
            probing(deployments, versions[0], approval=given, environment=environment, bindings=bindings)
    record(deployments, versions[0], environment="production", bindings="[production]")
    assert deployments.approval_of(bound.parts) == bound
    assert deployments.approval_of(deployed_parts(digest, "production", "[production]")) == bound
    assert deployments.approval_of(deployed_parts(digest, "local", None)) is None
    assert deployments.approval_of(deployed_parts(digest, "production", "[production] # changed")) is None
    assert deployments.approval_of({**bound.parts, "attested_digest": "other"}) is None


def test_an_approval_covers_the_sources_and_may_be_bound_to_more(versions):
    digest = source_digest(versions[0])
    parts = {"source_digest": digest, "environment": "local", "certificate_digest": "c"}
    at = datetime(2026, 1, 31, tzinfo=UTC)
    whole = Approval(digest=approved_digest(parts), approved_by="i", at=at, parts=parts)
    assert approval(digest).covers(digest)
    assert whole.covers(digest)
    assert not approval("other").covers(digest)
    assert not whole.covers("other")
    assert not whole.model_copy(update={"digest": digest}).covers(digest), "parts have to make up the digest"
    forged = {"source_digest": "other", "environment": "local", "note": digest}
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
            attestation=sign(flows_home(), said("echo", digest), approval(digest)),
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
        name="echo",
        digest=digest,
        profile="web",
        environment="local",
        source_folder=file,
        approval=approval(digest),
        attestation=sign(flows_home(), said("echo", digest), approval(digest)),
    )
    kept = deployments.folder(deployed)
    assert sorted(path.name for path in kept.iterdir()) == ["orders.py", "records.py"]
    assert deployments.flow_file(deployed).name == "orders.py"
    (kept / "records.py").write_text("")
    with pytest.raises(SourcesChanged):
        deployments.folder(deployed)


def test_an_approval_is_found_again_until_it_is_rolled_back(deployments, versions):
    parts = approval(source_digest(versions[0])).parts
    assert deployments.approval_of(parts) is None
    deployed = record(deployments, versions[0])
    assert deployments.approval_of(parts) == deployed.approval
    deployments.rollback("echo")
    assert deployments.approval_of(parts) is None
