"""`flows review` as a reviewer meets it: hunks, decisions, what they break, terminals, kills."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from flowlattice.deployments import Deployments
from flowlattice_agents.review import Rejections, decision
from flowlattice_agents.runs import RunResult, Runs
from flowlattice_agents.workspace import Workspace
from tests.support.runs import events
from tests.support.terminal import Terminal

FLOWS = [sys.executable, "-m", "flowlattice"]
PATIENCE_S = 120

OLD = """
name: pay
records: [{name: Pay, data: payment, fields: [{name: card, type: string}, {name: cents, type: integer}]}]
routes:
- {method: POST, path: /pay, accepts: Pay, reply: {body: '{"ok": "yes"}'}}
rate_limit: {qps: 10, burst: 20}
"""
NEW = """
name: pay
records: [{name: Pay, data: payment, fields: [{name: card, type: string}, {name: cents, type: integer}]}]
routes:
- method: POST
  path: /pay
  accepts: Pay
  calls:
  - {name: charge, binding: stripe, url: "https://api.stripe.com/v1/charges", body: '{"source": card}', key: [card]}
  reply: {body: '{"ok": "yes"}'}
rate_limit: {qps: 50, burst: 20}
"""
# The hunks from OLD to NEW.
IMPORTS, CHARGE, WIRING, LIMIT = 1, 2, 3, 4


@dataclass
class Reviewer:
    """Somebody with a run that waits for a review."""

    folder: Path
    run: str

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "FLOWS_HOME": str(self.folder / "home"), "NO_COLOR": "1", "TERM": "xterm"}

    @property
    def flow(self) -> str:
        return (self.folder / "out" / "flow.py").read_text()

    def flows(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [*FLOWS, *arguments], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    def decided(self, *arguments: str) -> dict[str, Any]:
        _, out, err = self.flows("review", self.run, *arguments, "--json")
        assert out, err
        return json.loads(out)

    def looked(self) -> dict[str, Any]:
        return json.loads(self.flows("review", "--json")[1])

    def log(self) -> list[str]:
        workspace = Workspace(self.folder / "home" / "runs" / self.run / "workspace")
        return [f"{edit.agent}: {edit.reason}" for edit in workspace.log()]

    def rejections(self) -> Rejections:
        result = Runs(self.folder / "home").state(self.run)
        return result.store.model(Rejections, str(result.state.get("rejections_digest")))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Reviewer:
    """A flow that is deployed, and a run that proposes another version of it."""
    folder = tmp_path_factory.mktemp("waiting")
    for name, text in (("old.yaml", OLD), ("new.yaml", NEW), ("hosts.yaml", "[api.stripe.com]")):
        (folder / name).write_text(text)
    reviewer = Reviewer(folder, "")
    assert reviewer.flows("author", "--spec", "old.yaml", "--out", "out", "--yes")[0] == 0
    said = reviewer.flows("author", "--spec", "new.yaml", "--out", "out", "--allow-hosts", "hosts.yaml", "--json")[1]
    return Reviewer(folder, json.loads(said)["run"])


@pytest.fixture
def reviewer(waiting: Reviewer, tmp_path: Path) -> Reviewer:
    """The same, to decide on without changing it for others."""
    folder = tmp_path / "desk"
    shutil.copytree(waiting.folder, folder, symlinks=True)
    parameters = folder / "home" / "runs" / waiting.run / "run.json"
    parameters.write_text(parameters.read_text().replace(str(waiting.folder), str(folder)))
    return Reviewer(folder, waiting.run)


def test_it_shows_the_diff_with_its_meaning_and_decides_nothing(waiting: Reviewer) -> None:
    code, out, _ = waiting.flows("review")
    assert code == 0
    assert "+flow.rate_limit(qps=50, burst=20)" in out
    assert "riskier  takes at most 50 requests a second, was at most 10" in out
    assert "riskier  Pay.card (payment) can leave to api.stripe.com (by charge)" in out
    assert "riskier  one run of POST /pay makes 1 calls to api.stripe.com at worst, loops aside; was 0" in out
    assert out.index("riskier") < out.index("neutral")
    assert waiting.flows("review", "--show")[1] == out


def test_json_has_everything_that_a_tool_needs(waiting: Reviewer) -> None:
    found = waiting.looked()
    assert found["run"] == waiting.run
    assert set(found["review"]) == {
        "kind", "text", "digest", "diff", "before", "after", "meaning", "changes", "certificate", "broken",
            "sources", "impacts", "waivers",
    }  # fmt: skip
    assert [hunk["hunk"] for hunk in found["hunks"]] == [IMPORTS, CHARGE, WIRING, LIMIT]
    limit, wiring = found["hunks"][LIMIT - 1], found["hunks"][WIRING - 1]
    assert limit["title"] == "flow.rate_limit"
    assert limit["certificate"]["loses"] == ["flow"]
    assert limit["certificate"]["keeps"] == ["node:pay", "route:POST /pay"]
    assert "limits" in limit["certificate"]["again"]
    assert {"replay", "valid_inputs"} <= {*limit["certificate"]["stays"]}
    assert "node:charge" in wiring["certificate"]["adds"]
    assert wiring["certificate"]["note"] == "", "it is taken out of the whole, where it cannot be built alone"
    assert found["review"]["impacts"] == [hunk["certificate"] for hunk in found["hunks"]]


def test_each_hunk_is_shown_with_what_it_does_to_the_certificate(waiting: Reviewer) -> None:
    said = f"hunk {LIMIT} (flow.rate_limit): what holds for the whole flow loses its evidence; "
    assert said in waiting.flows("review")[1]
    assert f"hunk {LIMIT}" in waiting.flows("review", "--markdown")[1]


def test_markdown_for_machines_is_one_object(waiting: Reviewer) -> None:
    text = waiting.flows("review", waiting.run, "--markdown")[1]
    found = json.loads(waiting.flows("review", waiting.run, "--markdown", "--json")[1])
    assert found == {"run": waiting.run, "markdown": text.rstrip("\n")}


def test_what_is_accepted_is_deployed(reviewer: Reviewer) -> None:
    result = reviewer.decided("--accept", "--comment", "fine")
    assert result["outcome"] == "deployed"
    assert "qps=50" in reviewer.flow
    live = Deployments(reviewer.folder / "home").current("pay")
    assert live is not None
    assert live.approval.approved_by.endswith("(--accept)")
    assert "budget_digest" in live.approval.parts


def test_what_is_rejected_is_not(reviewer: Reviewer) -> None:
    result = reviewer.decided("--reject", "--comment", "we do not charge here")
    assert (result["outcome"], result["reason"]) == ("blocked", "we do not charge here")
    assert "qps=10" in reviewer.flow


def test_a_rejected_hunk_is_left_out_and_the_rest_certified_anew(reviewer: Reviewer) -> None:
    before = reviewer.looked()["review"]
    result = reviewer.decided("--reject", "--hunk", str(LIMIT), "--comment", "keep the limit")
    assert (result["outcome"], result["broken"]) == ("needs_input", [])
    after = reviewer.looked()["review"]
    assert after["digest"] != before["digest"]
    assert any("parts as certified in" in line for line in after["certificate"]), "only what is touched runs again"
    assert after["after"] == before["after"].replace("qps=50", "qps=10")
    assert reviewer.log() == ["builder: Render pay 1.0.0", f"reviewer: Reject hunk {LIMIT}"]
    (kept,) = reviewer.rejections().entries
    assert (kept.hunk, kept.title, kept.comment) == (LIMIT, "flow.rate_limit", "keep the limit")
    assert "+flow.rate_limit(qps=50, burst=20)" in kept.lines
    assert reviewer.decided("--accept")["outcome"] == "deployed"
    assert reviewer.flow == after["after"]


def test_accepting_hunks_approves_just_them_once_they_certify(reviewer: Reviewer) -> None:
    hunks = [argument for number in (IMPORTS, CHARGE, WIRING) for argument in ("--hunk", str(number))]
    assert reviewer.decided("--accept", *hunks)["outcome"] == "deployed"
    assert "charge" in reviewer.flow
    assert "qps=10" in reviewer.flow


def test_a_rejection_that_breaks_something_is_named_and_taken_back(reviewer: Reviewer) -> None:
    before = reviewer.looked()["review"]
    result = reviewer.decided("--reject", "--hunk", str(CHARGE))
    assert result["outcome"] == "needs_input"
    (sentence,) = result["broken"]
    assert sentence.startswith("LOAD002: charge is not defined here; without hunk 2")
    after = reviewer.looked()["review"]
    assert after == {**before, "broken": [sentence]}
    assert reviewer.log()[1:] == ["reviewer: Reject hunk 2", "reviewer: Restore what was certified before the review"]
    assert sentence in reviewer.flows("review", "--show")[1]
    assert reviewer.decided("--accept")["outcome"] == "deployed"


def test_hunks_that_only_hold_together_are_named_together(reviewer: Reviewer) -> None:
    result = reviewer.decided("--accept", "--hunk", str(CHARGE))
    assert result["outcome"] == "needs_input"
    assert any(f"without hunk {IMPORTS}" in sentence for sentence in result["broken"]), result["broken"]


def left_as(reviewer: Reviewer, change: Callable[[str], str]) -> RunResult:
    """The run after a reviewer has left the proposal as an edit of its text."""
    said: list[str] = []

    def answer(request: dict[str, JsonValue]) -> JsonValue | None:
        if said:
            return None
        said.append(change(str(request["after"])))
        return decision(revise={"source": said[0], "rejected": []})

    return Runs(reviewer.folder / "home").resume(reviewer.run, answer, lambda _: None)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("flow.rate_limit(qps=50, burst=20)\n", "", "DAG320"),
        ('@node(idempotency=by("card", ttl=seconds(86400)))', "@node", "DAG004"),
        ("api.stripe.com", "evil.example.com", "EGRESS101"),
        ("flow = Flow(", "flow = Flow((", "LOAD001"),
        ('PayOut(ok="yes")', 'PayOut(ok="yes" * 1_000_000_000)', ""),
    ],
)
def test_an_edit_that_breaks_something_is_taken_back(reviewer: Reviewer, before: str, after: str, says: str) -> None:
    proposal = reviewer.looked()["review"]
    assert before in proposal["after"]
    result = left_as(reviewer, lambda text: text.replace(before, after))
    assert result.waiting is not None
    broken = result.waiting["broken"]
    assert isinstance(broken, list)
    assert any(says in str(sentence) and "without the proposal's line" in str(sentence) for sentence in broken), broken
    assert {**result.waiting, "broken": []} == proposal
    assert not result.state.get("revised")


def test_an_edit_cannot_touch_what_judges_it(reviewer: Reviewer) -> None:
    result = left_as(reviewer, lambda text: text.replace("qps=50", "qps=40"))
    assert result.state.get("spec_digest") is not None
    workspace = Workspace(reviewer.folder / "home" / "runs" / reviewer.run / "workspace")
    assert set(workspace.files()) == {"flow.py", "spec.yaml"}
    assert result.waiting is not None
    assert result.waiting["broken"] == []


def test_a_rejection_that_fails_an_example_names_the_hunk(tmp_path: Path) -> None:
    example = '{request: {method: POST, path: /pay, json_body: {card: a, cents: 1}}, json_body: {ok: "YES"}}'
    new = f"{NEW.partition('routes')[0]}routes:{OLD.partition('routes:')[2]}examples: [{example}]\n"
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(new.replace('"yes"', '"YES"').replace("qps: 10", "qps: 9"))
    reviewer = Reviewer(tmp_path, "")
    assert reviewer.flows("author", "--spec", "old.yaml", "--out", "out", "--yes")[0] == 0
    waits = json.loads(reviewer.flows("author", "--spec", "new.yaml", "--out", "out", "--json")[1])
    assert waits["outcome"] == "needs_input", waits
    result = Reviewer(tmp_path, waits["run"]).decided("--reject", "--hunk", "1")
    assert result["outcome"] == "needs_input"
    (sentence,) = result["broken"]
    assert sentence.startswith("examples: ")
    assert sentence.endswith("without hunk 1 (def pay) this is broken")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--accept", "--reject"), "give one of them"),
        (("--hunk", "1"), "--accept or --reject"),
        (("--comment", "x"), "--accept or --reject"),
        (("--accept", "--show"), "decide nothing"),
        (("--reject", "--markdown"), "decide nothing"),
        (("--reject", "--hunk", "9"), "there is no hunk 9; the review has 4"),
        (("--reject", "--hunk", "0"), "there is no hunk 0"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(waiting: Reviewer, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = waiting.flows("review", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_without_a_review_it_says_what_to_do(waiting: Reviewer, tmp_path: Path) -> None:
    assert "no run waits for a review" in Reviewer(tmp_path, "").flows("review")[2]
    ended = next(run for run in Runs(waiting.folder / "home").names() if run != waiting.run)
    code, _, err = waiting.flows("review", ended)
    assert code == 1
    assert "has ended (deployed)" in err


def at_terminal(reviewer: Reviewer, **env: str) -> Terminal:
    return Terminal([*FLOWS, "review"], cwd=reviewer.folder, env={**reviewer.env, **env})


def test_a_session_goes_hunk_by_hunk(reviewer: Reviewer) -> None:
    with at_terminal(reviewer) as terminal:
        terminal.until("what it means")
        terminal.until("hunk 1/4")
        terminal.until("accept this hunk?")
        terminal.send("?")
        terminal.until("quit; nothing is decided")
        terminal.until("accept this hunk?")
        terminal.send("\x1b[A")
        terminal.until("accept this hunk?")
        terminal.send("yyy")  # typed ahead
        terminal.until("hunk 4/4  flow.rate_limit")
        terminal.until("→ riskier  takes at most 50 requests a second")
        terminal.until("accept this hunk?")
        terminal.send("cten is ")  # the comment, too
        terminal.until("comment: ")
        terminal.send("enough\n")
        terminal.until("accept this hunk?")
        terminal.send("n")
        terminal.until("3 of 4 hunks accepted")
        terminal.until("Certify what is accepted anew")
        terminal.send("y")
        terminal.until("certifies it")
        terminal.until("hunk 1/3")
        terminal.until("accept this hunk?")
        terminal.send("a")
        terminal.until("Approve pay 1.0.0")
        terminal.send("y")
        terminal.until("deployed")
        assert terminal.ends() == 0
    assert "qps=10" in reviewer.flow
    assert "charge" in reviewer.flow
    assert [entry.comment for entry in reviewer.rejections().entries] == ["ten is enough"]


def test_an_edit_takes_the_place_of_the_hunk(reviewer: Reviewer) -> None:
    editor = reviewer.folder / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/qps=50/qps=30/ "$1"\ntouch -d \'2 minutes\' "$1"\n')
    editor.chmod(0o755)
    with at_terminal(reviewer, EDITOR=str(editor), VISUAL=str(editor)) as terminal:
        for _ in range(3):
            terminal.until("accept this hunk?")
            terminal.send("y")
        terminal.until("accept this hunk?")
        terminal.send("e")
        terminal.until("4 of 4 hunks accepted, 1 edited")
        terminal.until("[y,q]")
        terminal.send("y")
        terminal.until("hunk 1/4")
        terminal.until("accept this hunk?")
        terminal.send("yyy")
        terminal.until("hunk 4/4")
        terminal.until("+flow.rate_limit(qps=30, burst=20)")
        terminal.until("accept this hunk?")
        terminal.send("a")
        terminal.until("Approve pay")
        terminal.send("y")
        assert terminal.ends() == 0
    assert "qps=30" in reviewer.flow
    assert reviewer.log()[-1] == "reviewer: Edit in review"


@pytest.mark.parametrize("keys", ["q", "\x04", "yq", "aq"])
def test_who_quits_has_decided_nothing(waiting: Reviewer, keys: str) -> None:
    before = waiting.looked()
    with at_terminal(waiting) as terminal:
        for key in keys:
            terminal.until("[y,n,")
            terminal.send(key)
        assert terminal.ends() == 1
        assert "needs_input" in terminal.shown
    assert waiting.looked() == before


def test_all_rejected_with_words_goes_back_to_the_builder(reviewer: Reviewer) -> None:
    with at_terminal(reviewer) as terminal:
        terminal.until("accept this hunk?")
        terminal.send("c")
        terminal.until("comment: ")
        terminal.send("leave the limit\r")
        terminal.until("accept this hunk?")
        terminal.send("d")
        terminal.until("Give this back to the Builder")
        terminal.send("y")
        terminal.until("has no other proposal")
        terminal.until("Approve pay")
        terminal.send("q")
        assert terminal.ends() == 1
    assert "leave the limit" in [entry.comment for entry in reviewer.rejections().entries]
    assert "qps=10" in reviewer.flow


def test_all_rejected_is_a_no(reviewer: Reviewer) -> None:
    with at_terminal(reviewer) as terminal:
        terminal.until("accept this hunk?")
        terminal.send("d")
        terminal.until("Reject the whole proposal")
        terminal.send("y")
        terminal.until("blocked")
        assert terminal.ends() == 1
    assert "qps=10" in reviewer.flow


Moment = Callable[[dict[str, str]], bool]
MOMENTS: dict[str, Moment] = {
    "decided": lambda event: event["text"].startswith("sent back"),
    "committed": lambda event: event["text"].startswith("commits the review"),
    "compiling": lambda event: (event["agent"], event["kind"]) == ("revise", "step"),
    "certifying": lambda event: event["agent"] == "test" and event["kind"] == "started",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_after_the_decision_loses_and_repeats_nothing(reviewer: Reviewer, moment: str) -> None:
    home = reviewer.folder / "home"
    known = len(list(events(home, reviewer.run)))

    def new() -> list[dict[str, str]]:
        return list(events(home, reviewer.run))[known:]

    process = subprocess.Popen(
        [*FLOWS, "review", "--reject", "--hunk", str(LIMIT), "--comment", "keep"], cwd=reviewer.folder,
        env=reviewer.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and not any(MOMENTS[moment](event) for event in new()):
        assert time.monotonic() < deadline, f"never came to {moment}"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    code, out, err = reviewer.flows("resume", reviewer.run, "--json")
    assert (code, json.loads(out)["outcome"]) == (1, "needs_input"), err
    if reviewer.log() == ["builder: Render pay 1.0.0"]:  # killed before the decision was on disk: it is made again
        reviewer.decided("--reject", "--hunk", str(LIMIT), "--comment", "keep")
    assert reviewer.log() == ["builder: Render pay 1.0.0", f"reviewer: Reject hunk {LIMIT}"]
    assert [entry.comment for entry in reviewer.rejections().entries] == ["keep"]
    assert reviewer.decided("--accept")["outcome"] == "deployed"
    assert "qps=10" in reviewer.flow
