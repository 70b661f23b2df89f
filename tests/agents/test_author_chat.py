"""`flows author` with a language model, as a user meets it: real processes, real HTTP, a scripted endpoint."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.planned import BRIEF, SPEC, drafted, edit
from tests.support.scripted_model import (
    Behaviour,
    Body,
    ScriptedModel,
    answering,
    reply_json,
    reply_text,
    scripted_model,
    silence,
    status,
)

FLOWS = [sys.executable, "-m", "flowlattice"]
PATIENCE_S = 60
EXPECTED = {
    "examples": [
        {"why": "", "request": {"method": "GET", "path": "/double?n=-3"}, "status": 200, "json_body": {"doubled": -6}}
    ]
}


@dataclass
class Ran:
    """A command that ran to its end."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return found


def environment(tmp_path: Path, server: ScriptedModel | None) -> dict[str, str]:
    keys = {} if server is None else server.environment("a-secret-key-of-tests")
    return {**os.environ, "FLOWS_HOME": str(tmp_path / "home"), **keys}


def flows(tmp_path: Path, server: ScriptedModel | None, *arguments: str, folder: str = ".") -> Ran:
    done = subprocess.run(
        [*FLOWS, *arguments],
        cwd=tmp_path / folder,
        env=environment(tmp_path, server),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def author(tmp_path: Path, server: ScriptedModel, *arguments: str, brief: str = BRIEF) -> Ran:
    return flows(tmp_path, server, "author", brief, "--yes", "--json", "--model", "openai:desk", *arguments)


def by_task(**answers: Any) -> Behaviour:
    """Each task's answer, told apart by the name of its schema."""

    def answer(body: Body) -> str:
        name = body["response_format"]["json_schema"]["name"]
        return json.dumps(answers[name])

    return answering(answer)


def test_a_brief_becomes_a_live_flow_that_its_record_repeats_byte_for_byte(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        ran = author(tmp_path, server, "--record", "record.jsonl", "--out", "made")
    assert (ran.code, ran.result["outcome"]) == (0, "deployed")
    assert ran.result["cost"] == {
        "usd": "0.000000",
        "tokens": 240,
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "calls": 2,
    }
    assert "made, it" not in ran.err
    spec = (tmp_path / "made" / "spec.yaml").read_text()
    assert "n=-3" in spec  # what the Test agent expects is kept as an example
    again = flows(
        tmp_path, None, "author", BRIEF, "--yes", "--json", "--model", "replay:record.jsonl", "--out", "again",
        "--record", "again.jsonl",
    )  # fmt: skip
    assert (again.code, again.result["outcome"], again.result["stale"]) == (0, "deployed", [])
    assert (tmp_path / "again" / "flow.py").read_bytes() == (tmp_path / "made" / "flow.py").read_bytes()
    assert (tmp_path / "again" / "spec.yaml").read_text() == spec
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "record.jsonl").read_bytes()


def test_no_secret_is_kept_anywhere(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        ran = author(tmp_path, server)
        assert all(headers["authorization"] == "Bearer a-secret-key-of-tests" for headers in server.headers)
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) > 10
    assert not [file for file in kept if b"a-secret-key-of-tests" in file.read_bytes()]
    assert "a-secret-key-of-tests" not in ran.out + ran.err


def test_a_stale_record_is_reported_and_not_failed(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        author(tmp_path, server, "--record", "record.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    for line in lines:
        line["prompt"]["version"], line["digest"] = 0, "0" * 64
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ran = flows(tmp_path, None, "author", BRIEF, "--yes", "--json", "--model", "replay:old.jsonl", "--out", "old")
    assert (ran.code, ran.result["outcome"]) == (0, "deployed")
    assert any("pm-draft" in reason and "version 0" in reason for reason in ran.result["stale"])


def test_a_replayed_run_goes_on_from_another_folder(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        author(tmp_path, server, "--record", "record.jsonl", "--out", "made")
    waits = flows(tmp_path, None, "author", BRIEF, "--json", "--model", "replay:record.jsonl", "--out", "again")
    assert waits.result["outcome"] == "needs_input"
    (tmp_path / "elsewhere").mkdir()
    ran = flows(tmp_path, None, "resume", waits.result["run"], "--yes", "--json", folder="elsewhere")
    assert (ran.code, ran.result["outcome"]) == (0, "deployed")


def test_a_disagreement_is_settled_before_anything_is_built(tmp_path: Path) -> None:
    wrong = drafted(spec={**SPEC, "examples": []}, body='{"doubled": n * 2 + 1}')
    settle = {"reasons": "the tester is right", "edits": [edit("n * 2 + 1", "n * 2")]}
    with scripted_model(by_task(draft=wrong, expect=EXPECTED, settle=settle)) as server:
        ran = author(tmp_path, server)
        assert len(server.requests) == 3
    assert ran.result["outcome"] == "deployed"
    assert "n * 2)" in (tmp_path / "double" / "flow.py").read_text()


def test_a_disagreement_that_stays_is_asked_with_both_answers(tmp_path: Path) -> None:
    wrong = drafted(spec={**SPEC, "examples": []}, body='{"doubled": n * 2 + 1}')
    with scripted_model(by_task(draft=wrong, expect=EXPECTED, settle={"reasons": "r"})) as server:
        ran = author(tmp_path, server)
    (question,) = ran.result["questions"]
    assert ran.result["outcome"] == "needs_input"
    assert "-6" in question["text"]
    assert "-5" in question["text"]


def test_an_unsafe_wish_is_blocked_with_the_code_and_an_alternative(tmp_path: Path) -> None:
    block = {
        "code": "DAG004",
        "reason": "Nothing tells two payments apart.",
        "alternative": "Let the caller send an order number.",
    }
    answer = {"reasons": "r", "account": [{"clause": BRIEF, "became": "?"}], "outcome": "block", "block": block}
    with scripted_model([reply_json(answer)]) as server:
        ran = author(tmp_path, server)
    assert (ran.code, ran.result["outcome"]) == (1, "blocked")
    assert (
        ran.result["reason"]
        == "DAG004: Nothing tells two payments apart. Instead: Let the caller send an order number."
    )


def test_what_is_assumed_if_allowed_is_assumed_only_if_allowed(tmp_path: Path) -> None:
    asks = {"slot": "zero", "text": "May n be 0?", "assumption": "yes"}
    question = {"reasons": "r", "account": [{"clause": BRIEF, "became": "?"}], "outcome": "ask", "questions": [asks]}
    with scripted_model([reply_json(question)]) as server:
        ran = author(tmp_path, server)
        assert ran.result["questions"] == [asks]
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        # The question is not asked again: its answer stands in the next request.
        resumed = flows(tmp_path, server, "resume", ran.result["run"], "--yes", "--assume", "--json")
        assert "May n be 0?" in server.requests[0]["messages"][1]["content"]
    assert resumed.result["outcome"] == "deployed"


def test_a_budget_that_is_too_small_stops_the_run_which_goes_on_with_more(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        ran = author(tmp_path, server, "--price", "10/10", "--budget-usd", "0.05")
        assert server.requests == []
        assert (ran.code, ran.result["outcome"]) == (1, "needs_input")
        assert ran.result["questions"][0]["slot"] == "budget"
        told = flows(tmp_path, server, "resume", ran.result["run"], "--yes")
        assert "flows resume" in told.out
        assert "finishing is estimated to cost $" in told.out
        more = flows(tmp_path, server, "resume", ran.result["run"], "--yes", "--json", "--budget-usd", "1")
    assert more.result["outcome"] == "deployed"
    assert more.result["cost"]["usd"] == "0.002400"  # 240 tokens at 10 dollars a million


def test_a_price_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with scripted_model([]) as server:
        ran = author(tmp_path, server, "--budget-usd", "1")
        assert server.requests == []
    assert (ran.code, ran.result["outcome"], ran.result["halted"]) == (3, "failed", "PriceUnknown")
    assert "--price IN/OUT" in ran.result["reason"]


def test_a_missing_key_is_said_at_once(tmp_path: Path) -> None:
    ran = flows(tmp_path, None, "author", BRIEF, "--json", "--model", "openai:gpt-4o")
    assert (ran.code, ran.result["halted"]) == (3, "ModelMisconfigured")
    assert "OPENAI_API_KEY" in ran.result["reason"]
    shown = flows(tmp_path, None, "author", BRIEF, "--model", "openai:gpt-4o")
    assert "flows resume" in shown.out


def test_an_endpoint_that_stays_away_fails_the_run_which_can_go_on(tmp_path: Path) -> None:
    with scripted_model([status(401, "bad key")]) as server:
        ran = author(tmp_path, server)
    assert (ran.code, ran.result["outcome"]) == (3, "failed")
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        again = flows(tmp_path, server, "resume", ran.result["run"], "--yes", "--json")
    assert again.result["outcome"] == "deployed"


def test_a_killed_run_pays_for_no_answer_twice(tmp_path: Path) -> None:
    with scripted_model([reply_json(drafted()), silence()]) as server:
        process = subprocess.Popen(
            [*FLOWS, "author", BRIEF, "--yes", "--json", "--model", "openai:desk"],
            cwd=tmp_path,
            env=environment(tmp_path, server),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE_S
        while len(server.requests) < 2:
            assert time.monotonic() < deadline, "never asked for expectations"
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    (run,) = [folder.name for folder in (tmp_path / "home" / "runs").iterdir()]
    with scripted_model([reply_json(EXPECTED)]) as server:
        ran = flows(tmp_path, server, "resume", run, "--yes", "--json")
        assert len(server.requests) == 1
    assert ran.result["outcome"] == "deployed"
    assert ran.result["cost"]["calls"] == 2


def test_a_run_that_could_use_no_answer_asks_anew_and_keeps_what_was_paid(tmp_path: Path) -> None:
    with scripted_model([reply_text("no")] * 4) as server:
        ran = author(tmp_path, server, "--record", "record.jsonl")
        assert server.surplus == 0
    assert (ran.result["outcome"], ran.result["halted"]) == ("failed", "AnswerUnusable")
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        again = flows(tmp_path, server, "resume", ran.result["run"], "--yes", "--json")
        assert len(server.requests) == 2
    assert again.result["outcome"] == "deployed"
    assert again.result["cost"]["calls"] == 6


def change(edits: list[dict[str, str]], clause: str) -> dict[str, Any]:
    return {"reasons": "r", "account": [{"clause": clause, "became": "it"}], "outcome": "edit", "edits": edits}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A flow that was built, with a remark that somebody put into it since."""
    with scripted_model([reply_json(drafted()), reply_json(EXPECTED)]) as server:
        assert author(tmp_path, server, "--out", "made").result["outcome"] == "deployed"
    file = tmp_path / "made" / "flow.py"
    file.write_text(file.read_text().replace("class Number(", "# Any whole number.\nclass Number("))
    return file


def test_a_change_leaves_everything_else_as_it_was(tmp_path: Path, made: Path) -> None:
    before = made.read_text().splitlines()
    answer = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    with scripted_model([reply_json(answer)]) as server:
        ran = author(tmp_path, server, "--edit", "made", brief="At most 250 a second.")
    assert (ran.result["outcome"], ran.result["flow"]) == ("deployed", str(made))
    after = made.read_text().splitlines()
    assert "# Any whole number." in after
    assert [line for line in after if line not in before] == ["flow.rate_limit(qps=250, burst=200)"]
    assert len(after) == len(before)
    assert "qps: 250" in (tmp_path / "made" / "spec.yaml").read_text()


def test_a_change_of_one_line_leaves_all_line_ends_as_they_were(tmp_path: Path, made: Path) -> None:
    made.write_bytes(made.read_bytes().replace(b"\n", b"\r\n"))
    before = made.read_bytes()
    answer = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    with scripted_model([reply_json(answer)]) as server:
        ran = author(tmp_path, server, "--edit", "made", brief="At most 250 a second.")
    assert ran.result["outcome"] == "deployed"
    assert made.read_bytes() == before.replace(b"qps=100", b"qps=250")


def test_a_change_of_what_must_be_answered_is_shown_in_the_review(tmp_path: Path, made: Path) -> None:
    edits = [
        edit('doubled": n * 2', 'doubled": n * 4'),
        edit("doubled: 8", "doubled: 16"),
        edit("doubled: -6", "doubled: -12"),
    ]
    with scripted_model([reply_json(change(edits, "Four times."))]) as server:
        ran = flows(
            tmp_path, server, "author", "Four times.", "--json", "--model", "openai:desk", "--edit", "made",
        )  # fmt: skip
    shown = flows(tmp_path, None, "review", ran.result["run"], "--show")
    assert 'GET /double?n=4 had to answer 200 {"doubled": 8}, now 200 {"doubled": 16}' in shown.out
    assert made.read_text().count("n * 2") == 1


def test_a_change_where_somebody_edited_is_made_in_the_file_itself(tmp_path: Path, made: Path) -> None:
    made.write_text(made.read_text().replace("qps=100", "qps=120"))
    of_spec = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    of_file = change([edit("qps=120", "qps=250")], "At most 250 a second.")
    with scripted_model([reply_json(of_spec), reply_json(of_file)]) as server:
        ran = author(tmp_path, server, "--edit", "made", "--out", "changed", brief="At most 250 a second.")
    assert ran.result["outcome"] == "deployed"
    assert "qps=250" in (tmp_path / "changed" / "flow.py").read_text()
    assert "qps=120" in made.read_text()


def edited_where_the_change_is(tmp_path: Path, made: Path, of_file: list[dict[str, str]], *arguments: str) -> Ran:
    """A change request for a flow in which somebody has edited the place that is to be changed."""
    made.write_text(made.read_text().replace("qps=100", "qps=120"))
    of_spec = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    answers = [reply_json(of_spec), reply_json(change(of_file, "At most 250 a second."))]
    with scripted_model([*answers, reply_json({"reasons": "r", "gave_up": "no"})]) as server:
        return flows(
            tmp_path, server, "author", "At most 250 a second.", "--yes", "--model", "openai:desk", "--edit", "made",
            *arguments,
        )  # fmt: skip


def test_a_file_whose_spec_is_set_aside_still_answers_what_the_spec_demands(tmp_path: Path, made: Path) -> None:
    wrong = [edit("qps=120", "qps=250"), edit("n * 2", "n * 3")]
    ran = edited_where_the_change_is(tmp_path, made, wrong, "--json", "--arm", "kernel-fixes")
    assert (ran.code, ran.result["outcome"]) == (1, "failed")
    assert "GET /double?n=4" in ran.result["reason"]
    assert (tmp_path / "made" / "spec.yaml").exists()


def test_a_spec_that_is_not_true_any_more_is_removed(tmp_path: Path, made: Path) -> None:
    ran = edited_where_the_change_is(tmp_path, made, [edit("qps=120", "qps=250")])
    assert ran.code == 0, ran.err
    assert "qps=250" in made.read_text()
    assert not (tmp_path / "made" / "spec.yaml").exists()
    assert "spec.yaml does not describe the flow any more; it is removed" in ran.err
    assert "removed  spec.yaml" in ran.out
    examples = next(check for check in certificate(tmp_path / "made")["checks"] if check["name"] == "examples")
    assert (examples["verdict"], examples["summary"]) == ("passed", "2 of 2 examples answered as the brief says")


def test_an_unknown_flow_to_edit_is_wrong_usage(tmp_path: Path) -> None:
    ran = flows(tmp_path, None, "author", "x", "--edit", "nowhere")
    assert ran.code == 2
    assert "no flow file to edit" in ran.err


def test_a_file_of_another_name_is_changed_only_into_another_folder(tmp_path: Path, made: Path) -> None:
    other = made.rename(made.with_name("orders.py"))
    before = other.read_text()
    ran = flows(tmp_path, None, "author", "At most 250 a second.", "--edit", "made/orders.py", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "--out FOLDER writes flow.py there; or rename it to flow.py" in ran.err
    of_file = change([edit("qps=100", "qps=250")], "At most 250 a second.")
    with scripted_model([reply_json(of_file)]) as server:
        ran = author(
            tmp_path, server, "--edit", "made/orders.py", "--out", "changed", brief="At most 250 a second."
        )  # fmt: skip
    assert ran.result["outcome"] == "deployed"
    assert "qps=250" in (tmp_path / "changed" / "flow.py").read_text()
    assert other.read_text() == before


SOURCE = '''"""Double."""

from flowlattice import Flow, Record, http, ms, node


class Number(Record, data="public"):
    n: int


class Doubled(Record, data="public"):
    doubled: int


@node
def double(number: Number) -> Doubled:
    return Doubled(doubled=number.n * 2)


flow = Flow("double", version="1.0.0")
flow.connect(flow.trigger(http.get("/double", accepts=Number, deadline=ms(500))), double)
flow.connect(double, flow.respond())
flow.rate_limit(qps=100, burst=200)
'''


def alone(source: str) -> dict[str, Any]:
    example = {"request": {"method": "GET", "path": "/double?n=4"}, "status": 200, "json_body": {"doubled": 8}}
    return {"reasons": "r", "outcome": "flow", "flow": source, "examples": [example]}


def test_the_model_mends_what_the_kernel_does_not(tmp_path: Path) -> None:
    wrong = SOURCE.replace("double, flow.respond()", "Number, flow.respond()")
    mend = {"reasons": "a record is no node", "edits": [edit("Number, flow.respond()", "double, flow.respond()")]}
    with scripted_model(by_task(flow=alone(wrong), repair=mend)) as server:
        ran = author(tmp_path, server, "--arm", "single", "--out", "made")
    assert ran.result["outcome"] == "deployed"
    assert {fix["by"] for fix in ran.result["fixes"]} == {"model"}
    assert all(fix["attempts"] == 1 for fix in ran.result["fixes"])


def test_a_flow_without_a_spec_is_written_to_the_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow" / "flow.py").write_text("mine = 1\n")
    with scripted_model(by_task(flow=alone(SOURCE))) as server:
        ran = author(tmp_path, server, "--arm", "single")
        again = author(tmp_path, server, "--arm", "single")
    assert (ran.result["outcome"], ran.result["flow"]) == ("deployed", str(tmp_path / "double" / "flow.py"))
    assert again.result["outcome"] == "deployed"
    assert (tmp_path / "flow" / "flow.py").read_text() == "mine = 1\n"


def test_a_flow_without_a_spec_does_not_take_the_place_of_what_somebody_wrote(tmp_path: Path) -> None:
    (tmp_path / "double").mkdir()
    (tmp_path / "double" / "flow.py").write_text("mine = 1\n")
    with scripted_model(by_task(flow=alone(SOURCE))) as server:
        ran = author(tmp_path, server, "--arm", "single")
    assert ran.result["outcome"] == "failed"
    assert "double holds files that no run wrote as they are" in ran.result["reason"]
    assert (tmp_path / "double" / "flow.py").read_text() == "mine = 1\n"


@pytest.mark.parametrize("arm", ["no-fix", "kernel-fixes"])
def test_arms_without_the_model_in_the_loop_do_not_ask_it(tmp_path: Path, arm: str) -> None:
    spec = {**SPEC, "functions": [function('import_module = open("x")\nreturn n')]}
    with scripted_model(by_task(draft=drafted(spec=spec, body='{"doubled": twice(n)}'), expect=EXPECTED)) as server:
        ran = author(tmp_path, server, "--arm", arm)
        tasks = [body["response_format"]["json_schema"]["name"] for body in server.requests]
    assert ran.result["outcome"] in ("blocked", "failed")
    assert "repair" not in tasks


def function(body: str) -> dict[str, Any]:
    return {
        "name": "twice",
        "parameters": [{"name": "n", "type": "integer"}],
        "returns": "integer",
        "body": body,
        "meaning": "Twice.",
    }


@pytest.mark.parametrize(
    ("edits", "what"),
    [
        ([edit("x", "y", file="policies/web.yaml")], "policies/web.yaml"),
        ([edit("doubled: 8", "doubled: 9")], "the examples of spec.yaml"),
        ([edit("data: internal", "data: public")], "the data classes of spec.yaml"),
        ([edit("qps: 100.0", "qps: 1000.0")], "the limits of spec.yaml"),
    ],
)
def test_a_fix_loop_that_reaches_for_what_judges_it_is_stopped(
    tmp_path: Path, edits: list[dict[str, str]], what: str
) -> None:
    spec = {**SPEC, "functions": [function("return n * 3")]}
    answers = {
        "draft": drafted(spec=spec, body='{"doubled": twice(n)}'),
        "expect": {"examples": []},
        "repair": {"reasons": "r", "edits": edits},
    }
    with scripted_model(by_task(**answers)) as server:
        ran = author(tmp_path, server)
    assert (ran.code, ran.result["outcome"]) == (1, "blocked")
    assert f"tried to edit {what}, which is not its to change" in ran.result["reason"]
    assert not (tmp_path / "double").exists()


def test_what_certification_finds_goes_back_to_the_builder(tmp_path: Path) -> None:
    spec = {**SPEC, "functions": [function("return n * 3")]}
    answers = {
        "draft": drafted(spec=spec, body='{"doubled": twice(n)}'),
        "expect": EXPECTED,
        "repair": {"reasons": "it tripled", "edits": [edit("return n * 3", "return n * 2")]},
    }
    with scripted_model(by_task(**answers)) as server:
        ran = author(tmp_path, server)
        assert "examples: " in server.requests[-1]["messages"][1]["content"]
    assert ran.result["outcome"] == "deployed"
    assert "return n * 2" in (tmp_path / "double" / "flow.py").read_text()


TWO = {
    **SPEC,
    "routes": [*SPEC["routes"], {**SPEC["routes"][0], "path": "/triple", "reply": {"body": '{"tripled": n * 3}'}}],
}


def certificate(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "certificate.json").read_text())
    return found


def test_only_what_a_change_touches_is_tested_again(tmp_path: Path) -> None:
    answer = change([edit('tripled": n * 3', 'tripled": n + n + n')], "Add it up.")
    draft = drafted(spec=SPEC)
    draft["spec"]["routes"] = TWO["routes"]
    with scripted_model(by_task(draft=draft, expect=EXPECTED, change=answer)) as server:
        author(tmp_path, server, "--out", "made")
        ran = author(tmp_path, server, "--edit", "made", "--out", "changed", brief="Add it up.")
    assert ran.result["outcome"] == "deployed"
    before, after = certificate(tmp_path / "made"), certificate(tmp_path / "changed")
    assert after["base"] is not None
    carried = [check["carried"] for check in after["checks"] if check.get("carried")]
    assert carried
    assert {sample["target"] for sample in after["samples"]} == {sample["target"] for sample in before["samples"]}


def test_a_certificate_that_nobody_approved_is_not_carried_over(tmp_path: Path) -> None:
    answer = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    with scripted_model(by_task(draft=drafted(), expect=EXPECTED, change=answer)) as server:
        author(tmp_path, server, "--out", "made")
        file = tmp_path / "made" / "certificate.json"
        forged = certificate(tmp_path / "made")
        forged["checks"][0]["summary"] = "all is well"
        file.write_text(json.dumps(forged))
        ran = author(tmp_path, server, "--edit", "made", "--out", "changed", brief="At most 250 a second.")
    assert ran.result["outcome"] == "deployed"
    assert certificate(tmp_path / "changed")["base"] is None


def test_what_a_reviewer_says_goes_back_to_the_builder(tmp_path: Path, made: Path) -> None:
    answer = change([edit("qps: 100.0", "qps: 250.0")], "At most 250 a second.")
    repair = {"reasons": "as the reviewer says", "edits": [edit("qps=100", "qps=150", file="flow.py")]}
    with scripted_model(by_task(change=answer, repair=repair)) as server:
        ran = flows(
            tmp_path, server, "author", "At most 250 a second.", "--json", "--model", "openai:desk", "--edit", "made",
        )  # fmt: skip
        run = ran.result["run"]
        again = flows(
            tmp_path, server, "review", run, "--reject", "--hunk", "1", "--comment", "150 is enough", "--json"
        )
        assert "150 is enough" in server.requests[-1]["messages"][1]["content"]
    assert again.result["outcome"] == "needs_input"
    shown = flows(tmp_path, None, "review", run, "--show")
    assert "+flow.rate_limit(qps=150, burst=200)" in shown.out
    with scripted_model([]) as server:
        accepted = flows(tmp_path, server, "review", run, "--accept", "--json")
    assert accepted.result["outcome"] == "deployed"
    assert "qps=150" in made.read_text()


def test_settling_cannot_take_back_what_the_brief_was_read_to_demand(tmp_path: Path) -> None:
    expected = {
        "examples": [{"request": {"method": "GET", "path": "/double?n=5"}, "status": 200, "json_body": {"doubled": 11}}]
    }
    settle = {
        "reasons": "r",
        "edits": [edit("n * 2", "n * 3"), edit("doubled: 8", "doubled: 12")],
        "withdrawn": [{"number": 1, "reason": "no"}],
    }
    with scripted_model(by_task(draft=drafted(), expect=expected, settle=settle)) as server:
        ran = author(tmp_path, server)
    assert ran.result["outcome"] == "needs_input"
    (question,) = ran.result["questions"]
    assert "GET /double?n=4" in question["text"]
    assert '{"doubled": 8}' in question["text"]
    assert '{"doubled": 12}' in question["text"]


def without_examples(folder: Path) -> dict[str, str]:
    text = (folder / "spec.yaml").read_text()
    return edit(text[text.index("examples:\n") : text.index("spec: '1'")], "")


def test_a_change_cannot_drop_an_answer_that_still_holds(tmp_path: Path, made: Path) -> None:
    with scripted_model(by_task(change=change([without_examples(tmp_path / "made")], "Say less."))) as server:
        ran = author(tmp_path, server, "--edit", "made", brief="Say less.")
    assert ran.result["outcome"] == "deployed"
    assert "doubled: 8" in (tmp_path / "made" / "spec.yaml").read_text()


def test_a_change_that_answers_most_requests_otherwise_is_questioned(tmp_path: Path, made: Path) -> None:
    edits = [without_examples(tmp_path / "made"), edit("n * 2", "n * 3")]
    with scripted_model(by_task(change=change(edits, "Say less."))) as server:
        ran = author(tmp_path, server, "--edit", "made", brief="Say less.")
    assert ran.result["outcome"] == "needs_input"
    assert "2 of 2 requests would be answered otherwise" in ran.result["questions"][0]["text"]


@pytest.mark.parametrize("same", [True, False])
def test_a_model_that_never_stops_asking_is_stopped(tmp_path: Path, same: bool) -> None:
    numbers = iter(range(1000))

    def ask(_: Body) -> str:
        text = "Which one?" if same else f"Which one of {next(numbers)}?"
        asks = [{"slot": "which", "text": text, "assumption": "the first"}]
        account = [{"clause": BRIEF, "became": "?"}]
        return json.dumps({"reasons": "r", "account": account, "outcome": "ask", "questions": asks})

    with scripted_model(answering(ask)) as server:
        ran = author(tmp_path, server, "--assume")
        assert len(server.requests) <= 7
    assert (ran.code, ran.result["outcome"]) == (1, "needs_input")


def test_what_only_people_can_say_is_never_assumed(tmp_path: Path) -> None:
    asks = [{"slot": "identity", "text": "What tells two apart?", "assumption": "nothing"}]
    answer = {"reasons": "r", "account": [{"clause": BRIEF, "became": "?"}], "outcome": "ask", "questions": asks}
    with scripted_model(by_task(draft=answer)) as server:
        ran = author(tmp_path, server, "--assume")
    assert ran.result["outcome"] == "needs_input"
    assert "assumption" not in ran.result["questions"][0]


def test_who_only_approves_needs_no_key(tmp_path: Path) -> None:
    with scripted_model(by_task(draft=drafted(), expect=EXPECTED)) as server:
        ran = flows(tmp_path, server, "author", BRIEF, "--json", "--model", "openai:desk")
    accepted = flows(tmp_path, None, "review", ran.result["run"], "--accept", "--json")
    assert accepted.result["outcome"] == "deployed"
