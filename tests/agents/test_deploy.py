"""Deploy: only what was approved, and only if the live host answers as it was certified to."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowlattice.certify import Certificate, Laboratory
from flowlattice.deployments import Approval, Deployments, approved_digest
from flowlattice.policy import Decision, Ruleset
from flowlattice_agents.builder import Builder
from flowlattice_agents.decisions import waived
from flowlattice_agents.deploy import Deployer, parts_of
from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.policy import PolicyAgent
from flowlattice_agents.progress import Progress
from flowlattice_agents.revise import Reviser
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.state import RunState
from flowlattice_agents.store import RunStores
from flowlattice_agents.test import TestAgent
from flowlattice_agents.workbench import Workbench
from flowlattice_agents.workspace import Workspace
from tests.support.deployed import deploy

TEXT = """
name: double
records: [{name: In, data: public, fields: [{name: n, type: integer, minimum: 0, maximum: 9}]}]
routes:
- {method: POST, path: /double, accepts: In, reply: {body: '{"doubled": n * 2}'}}
rate_limit: {qps: 100, burst: 20}
"""
SPEC = FlowSpec.from_yaml(TEXT)

Make = Callable[[FlowSpec], tuple[Workbench, RunState]]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as lab:
        yield lab


@pytest.fixture
def certified(tmp_path: Path, laboratory: Laboratory) -> Make:
    """Takes a spec as far as a certificate, with the real agents."""
    count = iter(range(100))

    def make(spec: FlowSpec) -> tuple[Workbench, RunState]:
        store = RunStores(tmp_path / "home").create(f"run{next(count)}")
        bench = Workbench(
            model=OfflineModel(),
            store=store,
            workspace=Workspace(store.workspace),
            progress=Progress(store, lambda _: None),
            ruleset=Ruleset.load(),
            laboratory=laboratory,
            home=tmp_path / "home",
            target=None,
            base=tmp_path / "tree",
        )
        state: RunState = {"spec_digest": store.put_json(spec), "attempt": 0, "allowed_hosts": []}
        agents = Builder(bench), PolicyAgent(bench), TestAgent(bench), Reviser(bench)
        for step in (agents[0].build, agents[0].compile, agents[1].decide, agents[2].certify, agents[3].compare):
            state = {**state, **step(state)}
            assert not state.get("outcome"), state.get("reason")
        return bench, state

    return make


def approved(bench: Workbench, state: RunState) -> RunState:
    parts = parts_of(state, bench)
    approval = Approval(
        digest=approved_digest(parts), approved_by="ada", at=datetime.now(UTC), run=bench.store.run, parts=parts
    )
    return {**state, "approval_digest": bench.store.put_json(approval)}


def certified_otherwise(bench: Workbench, state: RunState) -> RunState:
    """The same state with a certificate that says the live host answers something else."""
    certificate = bench.store.model(Certificate, str(state["certificate_digest"]))
    samples = tuple(sample.model_copy(update={"answer": '{"doubled":7}'}) for sample in certificate.samples)
    return {**state, "certificate_digest": bench.store.put_json(certificate.model_copy(update={"samples": samples}))}


def test_what_is_approved_is_deployed_and_probed(certified: Make, tmp_path: Path) -> None:
    bench, state = certified(SPEC)
    done = Deployer(bench).deploy(approved(bench, state))
    assert done["outcome"] == "deployed", done
    current = Deployments(bench.home).current("double")
    assert current is not None
    assert (current.digest, current.approval.approved_by) == (state["source_digest"], "ada")
    assert (tmp_path / "tree" / "double" / "flow.py").read_text() == bench.workspace.files()["flow.py"]


def test_what_is_live_in_an_environment_is_not_replaced_by_doubles(certified: Make, tmp_path: Path) -> None:
    bench, state = certified(SPEC)
    deployments = Deployments(bench.home)
    deploy(bench.home, bench.workspace.folder / "flow.py", name="double", environment="live", bindings="")
    done = Deployer(bench).deploy(approved(bench, state))
    assert done["outcome"] == "certified"
    assert f"flows deploy {tmp_path / 'tree' / 'double'} --env live --approve" in str(done["reason"])
    current = deployments.current("double")
    assert current is not None
    assert current.environment == "live"
    assert (tmp_path / "tree" / "double" / "flow.py").exists()


RULE = """
- id: NO-DOUBLING
  severity: deny
  for_each: nodes
  require: it.name != "double"
  message: "node {it.name} doubles"
  remedy: "halve"
  tests:
  - {name: other, passes: true, ir: {nodes: [{name: half}]}}
  - {name: double, passes: false, ir: {nodes: [{name: double}]}}
"""


def ruled(bench: Workbench, folder: Path, days: int) -> Workbench:
    """The same, under a rule that is waived until some days from now."""
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(RULE)
    expires = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    scope = "{flow: double}"
    (folder / "waivers.yaml").write_text(
        f"- {{id: W-1, policy: NO-DOUBLING, scope: {scope}, owner: eve, reason: just now, expires: '{expires}'}}\n"
    )
    return replace(bench, ruleset=Ruleset.load(folder))


def test_what_is_waived_is_attested_and_what_has_expired_blocks(certified: Make, tmp_path: Path) -> None:
    bench, state = certified(SPEC)
    expired = PolicyAgent(ruled(bench, tmp_path / "rules", -1)).decide(state)
    assert expired["outcome"] == "blocked"
    assert "NO-DOUBLING: node double doubles (waiver W-1 expired at" in str(expired["reason"])
    allowed = PolicyAgent(ruled(bench, tmp_path / "rules", 9)).decide(state)
    assert not allowed.get("outcome")
    decision = bench.store.model(Decision, str(allowed["policy_digest"]))
    assert [said.partition("; ")[2].partition(" until")[0] for said in waived(decision)] == ["waived"]
    assert Deployer(bench).deploy(approved(bench, {**state, **allowed}))["outcome"] == "deployed"
    live = Deployments(bench.home).current("double")
    assert live is not None
    assert [one.id for one in Deployments(bench.home).verified(live).decision.waivers] == ["W-1"]


@pytest.mark.parametrize(
    "changed", ["source_digest", "ir_digest", "certificate_digest", "policy_digest", "budget_digest"]
)
def test_any_change_after_the_approval_voids_it(certified: Make, tmp_path: Path, changed: str) -> None:
    bench, state = certified(SPEC)
    altered: RunState = {**approved(bench, state)}
    altered[changed] = bench.store.put("something else")  # type: ignore[literal-required]  # each key in turn
    done = Deployer(bench).deploy(altered)
    assert done["outcome"] == "blocked"
    assert "void" in str(done["reason"])
    assert Deployments(bench.home).current("double") is None
    assert not (tmp_path / "tree").exists()


def test_a_probe_that_fails_withdraws_a_first_deployment(certified: Make) -> None:
    bench, state = certified(SPEC)
    done = Deployer(bench).deploy(approved(bench, certified_otherwise(bench, state)))
    assert done["outcome"] == "failed"
    assert "POST /double answers another body than the certified one" in str(done["reason"])
    assert Deployments(bench.home).current("double") is None


def test_a_probe_that_fails_leaves_what_was_live_before(certified: Make) -> None:
    bench, state = certified(SPEC)
    assert Deployer(bench).deploy(approved(bench, state))["outcome"] == "deployed"
    newer = SPEC.model_copy(update={"summary": "Doubles a digit"})
    other, changed = certified(newer)
    done = Deployer(other).deploy(approved(other, certified_otherwise(other, changed)))
    assert done["outcome"] == "failed"
    live = Deployments(bench.home).current("double")
    assert live is not None
    assert live.digest == state["source_digest"] != changed["source_digest"]


def test_more_routes_than_the_burst_are_probed_with_patience(certified: Make) -> None:
    routes = "\n".join(
        f"- {{method: POST, path: /double{n}, accepts: In, reply: {{body: '{{\"doubled\": n * 2}}'}}}}"
        for n in range(3)
    )
    line = "- {method: POST, path: /double, accepts: In, reply: {body: '{\"doubled\": n * 2}'}}"
    assert line in TEXT
    limited = TEXT.replace("qps: 100, burst: 20", "qps: 2, burst: 1")
    bench, state = certified(FlowSpec.from_yaml(limited.replace(line, routes)))
    done = Deployer(bench).deploy(approved(bench, state))
    assert done["outcome"] == "deployed", done


def test_a_run_that_is_repeated_is_deployed_though_a_later_one_took_its_place(certified: Make) -> None:
    bench, state = certified(SPEC)
    ready = approved(bench, state)
    assert Deployer(bench).deploy(ready)["reason"] is None
    other, changed = certified(SPEC.model_copy(update={"summary": "Doubles a digit"}))
    assert Deployer(other).deploy(approved(other, changed))["outcome"] == "deployed"
    again = Deployer(bench).deploy(ready)
    live = Deployments(bench.home).current("double")
    assert live is not None
    assert live.digest == changed["source_digest"]
    assert again["outcome"] != "deployed" or "a later deployment" in str(again["reason"])


def test_a_run_that_is_repeated_does_not_bring_back_what_a_person_rolled_back(certified: Make) -> None:
    bench, state = certified(SPEC)
    ready = approved(bench, state)
    assert Deployer(bench).deploy(ready)["outcome"] == "deployed"
    Deployments(bench.home).rollback("double")
    again = Deployer(bench).deploy(ready)
    assert again["outcome"] == "blocked", again
    assert "rolled back" in str(again["reason"])
    assert Deployments(bench.home).current("double") is None


def test_sources_that_were_changed_behind_the_approval_are_not_deployed(certified: Make) -> None:
    bench, state = certified(SPEC)
    ready = approved(bench, state)
    files = bench.workspace.files()
    bench.workspace.commit({**files, "flow.py": files["flow.py"] + "\n"}, agent="intruder", reason="Slip something in")
    done = Deployer(bench).deploy(ready)
    assert done["outcome"] != "deployed"
    assert Deployments(bench.home).current("double") is None
