"""What is asked of the agents, and what is kept of it: changes, edits, records, seeds, arms, keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowlattice_agents.evals.brief import Brief
from flowlattice_agents.evals.processes import Children, Stopped, environment
from flowlattice_agents.evals.results import Result, Results
from flowlattice_agents.evals.runner import Runner, gather
from flowlattice_agents.evals.scoring import score
from flowlattice_agents.evals.solver import NoRecord, Settings, Solver
from flowlattice_agents.evals.suite import Suite
from tests.agents.evals.conftest import TINY, Played, brief_of
from tests.support.flows import PRELUDE

CHANGED = """
    id: echo
    family: simple
    brief: echo v
    expect: {outcome: deployed}
    probes: [{request: {method: POST, path: /echo, json: {v: A}}, response: {json: {v: a}}}]
    change:
      brief: upper case, please
      answers: [{ask: why, say: because}]
      allow_hosts: [api.example.com]
      expect: {outcome: deployed}
      probes: [{request: {method: POST, path: /echo, json: {v: a}}, response: {json: {v: A}}}]
    """
# The same without probes, where only what is asked and kept matters.
QUIET = """
    id: echo
    family: simple
    brief: echo v
    expect: {outcome: deployed}
    change: {brief: "upper case, please"}
    """
EDIT = """
    id: faster
    family: edit
    edit: echo
    brief: upper case, please
    expect: {outcome: deployed}
    probes: [{request: {method: POST, path: /echo, json: {v: a}}, response: {json: {v: A}}}]
    """


def solver_of(folder: Path, played: Played, settings: Settings | None = None, **more) -> Solver:
    (folder / "sample").mkdir()
    return Solver(settings=settings or Settings(), work=folder / "sample", children=played, **more)


def after(asked: list[str], option: str) -> str:
    return asked[asked.index(option) + 1]


def test_a_flow_that_behaves_is_asked_to_change(tmp_path, echo_flow):
    upper = echo_flow.replace(".lower()", ".upper()")
    played = Played({"built": {"source": echo_flow}, "changed": {"source": upper}})
    solver = solver_of(tmp_path, played)
    brief = brief_of(CHANGED)
    evidence = gather(brief, None, solver)
    assert score(brief, evidence).passed
    assert evidence.attempt is not None
    assert evidence.attempt.built is not None
    assert [answer.body for answer in evidence.attempt.built.http] == ['{"v":"a"}']
    assert evidence.change is not None
    assert evidence.change.built is not None
    assert evidence.change.built.sources == {"flow.py": upper}
    first, second = played.asked
    assert not {"--edit", "--answers", "--allow-hosts", "--record", "--arm", "--seed", "--price", "--budget-usd"} & {
        *first
    }
    given = Path(after(second, "--edit"))
    assert given.read_text() == echo_flow
    assert given != solver.work / "built" / "flow.py"
    assert Path(after(second, "--answers")).read_text() == "- ask: why\n  say: because\n"
    assert Path(after(second, "--allow-hosts")).read_text() == "- api.example.com\n"
    assert Path(second[1]).read_text() == "upper case, please"


def test_a_change_that_breaks_the_flow_is_not_survived(tmp_path, echo_flow):
    brief = brief_of(CHANGED)
    played = Played({"built": {"source": echo_flow}, "changed": {"source": echo_flow}})
    found = score(brief, gather(brief, None, solver_of(tmp_path, played)))
    assert (found.failed_at, found.category) == ("survives", "probe")


def test_nothing_is_changed_that_does_not_behave(tmp_path, echo_flow):
    brief = brief_of(CHANGED)
    played = Played({"built": {"source": echo_flow.replace(".lower()", ".upper()")}})
    found = score(brief, gather(brief, None, solver_of(tmp_path, played)))
    assert (found.failed_at, found.category) == ("behaves", "probe")
    assert len(played.asked) == 1


def test_an_edit_starts_from_the_flow_of_its_base(tmp_path, echo_flow):
    upper = echo_flow.replace(".lower()", ".upper()")
    played = Played({"base": {"source": echo_flow}, "built": {"source": upper}})
    brief, base = brief_of(EDIT), brief_of(TINY["echo"])
    evidence = gather(brief, base, solver_of(tmp_path, played))
    assert score(brief, evidence).reached[-1] == "survives"
    assert evidence.base_sources == {"flow.py": echo_flow}
    assert Path(played.asked[0][1]).read_text() == base.brief
    assert Path(after(played.asked[1], "--edit")).read_text() == echo_flow


def test_an_edit_of_a_flow_as_text(tmp_path, echo_flow):
    brief = Brief.model_validate({**brief_of(EDIT).model_dump(by_alias=True, exclude_unset=True), "edit": echo_flow})
    played = Played({"built": {"source": echo_flow}})
    evidence = gather(brief, None, solver_of(tmp_path, played))
    assert evidence.base_sources == {"flow.py": echo_flow}
    assert score(brief, evidence).category == "probe"


def test_without_its_base_an_edit_is_not_tried(tmp_path):
    played = Played({"base": {"outcome": "needs_input"}})
    brief = brief_of(EDIT)
    found = score(brief, gather(brief, brief_of(TINY["echo"]), solver_of(tmp_path, played)))
    assert (found.category, len(played.asked)) == ("base", 1)


def test_a_model_is_recorded_and_gets_seed_arm_price_and_budget(tmp_path, echo_flow):
    played = Played({"built": {"source": echo_flow}})
    settings = Settings(model="openai:m", seed=7, budget_usd="0.50", price="1/2")
    solver = solver_of(tmp_path, played, settings, arm="single", epoch=2, epochs=3)
    evidence = gather(brief_of(TINY["echo"]), None, solver)
    (asked,) = played.asked
    assert after(asked, "--model") == "openai:m"
    assert after(asked, "--seed") == "9"
    assert after(asked, "--arm") == "single"
    assert after(asked, "--price") == "1/2"
    assert after(asked, "--budget-usd") == "0.50"
    assert evidence.attempt is not None
    assert [exchange["task"] for exchange in evidence.attempt.authored.exchanges] == ["for built"]


def test_epochs_of_a_model_have_seeds_of_their_own_and_those_of_the_offline_one_none(tmp_path, echo_flow):
    played = Played({"built": {"outcome": "refused"}})
    for number, (model, epochs) in enumerate([("openai:m", 2), ("openai:m", 1), ("offline", 2)]):
        (tmp_path / str(number)).mkdir()
        solver = solver_of(tmp_path / str(number), played, Settings(model=model), epoch=epochs - 1, epochs=epochs)
        gather(brief_of(TINY["cook"]), None, solver)
    assert [after(asked, "--seed") if "--seed" in asked else None for asked in played.asked] == ["1", None, None]


def test_every_brief_is_replayed_from_its_own_record(tmp_path, echo_flow):
    records = tmp_path / "records"
    records.mkdir()
    for name in ("echo", "echo.change", "faster"):
        (records / f"{name}.jsonl").write_text(json.dumps({"v": 1, "task": name}) + '\n{"cut off')
    upper = echo_flow.replace(".lower()", ".upper()")
    played = Played(
        {name: {"source": source} for name, source in (("built", echo_flow), ("changed", upper), ("base", upper))}
    )
    settings = Settings(model=f"replay:{records}")
    evidence = gather(brief_of(QUIET), None, solver_of(tmp_path, played, settings))
    assert evidence.change is not None
    assert [exchange["task"] for exchange in evidence.change.authored.exchanges] == ["echo.change"]
    (tmp_path / "edit").mkdir()
    gather(brief_of(EDIT), brief_of(TINY["echo"]), solver_of(tmp_path / "edit", played, settings))
    replayed = [Path(after(asked, "--model").removeprefix("replay:")).name for asked in played.asked]
    assert replayed == ["echo.jsonl", "echo.change.jsonl", "echo.jsonl", "faster.jsonl"]
    (tmp_path / "none").mkdir()
    with pytest.raises(NoRecord, match=r"no record .*cook\.jsonl"):
        gather(brief_of(TINY["cook"]), None, solver_of(tmp_path / "none", played, settings))


def test_with_a_folder_of_records_a_model_is_asked_only_for_what_is_not_there(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    played = Played({"built": {"outcome": "refused"}})
    settings = Settings(model="openai:m", record=kept)
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        gather(brief_of(TINY["cook"]), None, solver_of(tmp_path / number, played, settings))
    first, second = played.asked
    assert (after(first, "--model"), after(first, "--record")) == ("openai:m", str(kept / "cook.jsonl"))
    assert after(second, "--model") == f"replay:{kept / 'cook.jsonl'}"
    assert "--record" not in second


def test_records_are_kept_where_replay_finds_them(tmp_path, echo_flow):
    upper = echo_flow.replace(".lower()", ".upper()")
    played = Played({"built": {"source": echo_flow}, "changed": {"source": upper}})
    results = Results(tmp_path / "out")
    suite = Suite((brief_of(QUIET),))
    runner = Runner(
        suite=suite, settings=Settings(model="openai:m"), arms=("six", "single"), results=results, children=played
    )
    found = runner.run(lambda _: None)
    assert [result.score.passed for result in found] == [True, True]
    kept = sorted(file.relative_to(tmp_path / "out" / "records").as_posix() for file in tmp_path.rglob("*.jsonl"))
    assert kept == ["echo.change.jsonl", "echo.jsonl", "single.0/echo.change.jsonl", "single.0/echo.jsonl"]
    again = Settings(model=f"replay:{tmp_path / 'out' / 'records'}")
    assert gather(brief_of(QUIET), None, solver_of(tmp_path, played, again)).change is not None


def test_what_was_unscored_is_tried_again_and_what_was_scored_is_not(tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    played = Played({"built": {"outcome": "refused"}})
    results = Results(tmp_path / "out")
    suite = Suite((brief_of(TINY["cook"]),))

    def run() -> Result:
        settings = Settings(model=f"replay:{records}")
        (found,) = Runner(suite=suite, settings=settings, results=results, children=played).run(lambda _: None)
        return found

    assert run().score.category == "record"
    (records / "cook.jsonl").write_text("{}\n")
    assert run().score.passed
    assert run().score.passed
    assert len(played.asked) == 1


def test_only_a_model_gets_its_key_and_nothing_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("FLOWS_MODEL", "openai:m")
    assert "OPENAI_API_KEY" not in environment(tmp_path)
    env = environment(tmp_path, keys=True)
    assert (env["OPENAI_API_KEY"], env["FLOWS_HOME"]) == ("sk-very-secret", str(tmp_path))
    assert "FLOWS_MODEL" not in env
    told = Children().flows("sk-very-secret", cwd=tmp_path, env=env, timeout_s=60)
    assert told.code == 2
    assert "there is no verb '(secret)'" in told.err


def test_what_takes_too_long_is_stopped(tmp_path):
    told = Children().flows("doctor", cwd=tmp_path, env=environment(tmp_path), timeout_s=0.01)
    assert told.code is None


def test_nothing_starts_once_stopped(tmp_path):
    children = Children()
    children.stop()
    with pytest.raises(Stopped):
        children.flows("doctor", cwd=tmp_path, env=environment(tmp_path), timeout_s=60)


MOVED = """
class In(Record, data="public"):
    v: str = "a"

@node
def same(req: In) -> In:
    return req

@node
def moved(req: In) -> In:
    return req

flow = Flow("moved", version="1.0.0")
flow.connect(flow.trigger(http.get("/new", accepts=In)), same)
flow.connect(same, flow.respond())
flow.connect(flow.trigger(http.get("/old", accepts=In)), moved)
flow.connect(moved, flow.respond(status=302, headers={"Location": "/new?v=b"}))
"""


def test_a_redirection_is_followed_unless_it_is_what_is_wanted(tmp_path):
    brief = brief_of("""
        id: moved
        family: web
        brief: x
        expect: {outcome: deployed}
        probes:
        - {request: {path: /old}, response: {status: 302}}
        - {request: {path: /old}, response: {status: 200, json: {v: b}}}
        """)
    solver = solver_of(tmp_path, Played({"built": {"source": PRELUDE + MOVED}}))
    evidence = gather(brief, None, solver)
    assert score(brief, evidence).passed, score(brief, evidence).why
