"""What a certificate says to people and tools, and where it is kept."""

from __future__ import annotations

import json

import pytest

from flowlattice.certify import Certificate, Certificates, Check
from flowlattice.certify.checklists import checklists
from flowlattice.certify.checks import CHECKS
from flowlattice.certify.model import Checklist, Line, Part
from flowlattice.certify.render import page_of, report_lines, sarif_of
from flowlattice.errors import UsageError
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from tests.support.docblocks import ROOT
from tests.support.sarif import assert_sarif

NASTY = "<script>alert('x')</script>\x1b[31m"
ROUTE = "route:POST /echo"


@pytest.fixture(scope="module")
def ir():
    return lower(load(ROOT / "examples" / "s01_echo"))


def certificate(*checks: Check, complete: bool = True, lines: tuple[Line, ...] = ()) -> Certificate:
    return Certificate(
        source_digest="ab" * 32,
        flow="echo 1.0.0",
        checks=checks,
        protection="a sandbox",
        flowlattice="0.1.0",
        harness="2",
        complete=complete,
        checklists=(Checklist(title="Ready", lines=lines),),
    )


def passed(name: str) -> Check:
    return Check(name=name, verdict="passed", summary="fine")


TICKED = Line(title="a", state="ticked", evidence="shown")
OPEN = Line(title="b", state="open", evidence=f"nothing shows it {NASTY}")
LATER = Line(title="c", state="open", evidence="made when it is published", later=True)
FAILED = Check(
    name="replay",
    verdict="failed",
    summary="1 of 2 answered otherwise",
    failures=(f"an answer with {NASTY}",),
    fixtures=({"text": NASTY},),
    measured={"sent": 2},
    parts=(
        Part(name=ROUTE, verdict="failed", summary="differs", digest="1"),
        Part(name="node:norm", verdict="passed", digest="2", carried="cd" * 32),
    ),
    carried="1 part as certified in cdcdcdcdcdcd: nothing has changed",
)


@pytest.mark.parametrize(
    ("made", "publishable", "said"),
    [
        (certificate(passed("replay"), lines=(TICKED, LATER)), True, "certified and publishable"),
        (certificate(passed("replay"), lines=(TICKED, OPEN)), False, "certified, not publishable: 1 open line (b)"),
        (certificate(FAILED, lines=(TICKED,)), False, "not certified: replay"),
        (certificate(passed("replay"), complete=False, lines=(TICKED,)), False, "only a run of all checks"),
        (certificate(Check(name="host", verdict="could_not_run", summary="no host")), False, "not certified: host"),
    ],
)
def test_only_a_whole_run_without_an_open_line_can_be_published(made, publishable, said):
    assert made.publishable is publishable
    assert said in [*report_lines(made)][-1]


def test_the_report_has_failures_carried_parts_and_lines_and_nothing_that_acts():
    made = certificate(passed("host"), FAILED, lines=(TICKED, OPEN, LATER))
    lines = [*report_lines(made)]
    text, page = "\n".join(lines), page_of(made)
    assert "\x1b" not in text
    assert "[x] a" in text
    assert "[ ] b" in text
    assert "1 part as certified in cdcdcdcdcdcd: nothing has changed (1 check)" in text
    assert "looked at again: route:POST /echo" in text
    assert "<script>" not in page
    for shown in ("&lt;script&gt;", "1 of 2 answered otherwise", made.digest, "node:norm", "as in cdcdcdcdcdcd"):
        assert shown in page


def test_sarif_has_a_result_for_each_part_that_failed_and_each_open_line(ir):
    made = certificate(passed("host"), FAILED, lines=(TICKED, OPEN, LATER))
    log = json.loads(sarif_of(made, ir, folder="flows/"))
    assert_sarif(log)
    [run] = log["runs"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [
        ("certify/replay", "error"),
        ("certify/checklist", "warning"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "flows/flow.py"
    [route] = [node for node in ir.nodes if node.kind == "trigger"]
    assert place["region"]["startLine"] == route.source.line
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {f"certify/{check.NAME}" for check in CHECKS} < rules


def test_a_certificate_is_found_by_what_it_is_or_what_it_certifies(tmp_path):
    kept = Certificates(tmp_path)
    first, second = certificate(passed("host")), certificate(passed("replay"))
    kept.keep(first)
    file = kept.keep(second)
    assert kept.named(first.digest[:8]) == first
    assert kept.named("ab" * 6).source_digest == first.source_digest
    assert kept.of("ab" * 32, environment=None, decision=None) is not None
    assert kept.of("ab" * 32, environment="production", decision=None) is None
    for wrong, why in (("abc", "at least 8"), ("0" * 10, "no certificate is kept")):
        with pytest.raises(UsageError, match=why):
            kept.named(wrong)
    file.write_text(file.read_text().replace("fine", "forged"))
    with pytest.raises(UsageError, match="no certificate is kept"):
        kept.named(second.digest)


def lines_of(ir, *checks: Check) -> dict[str, Line]:
    return {line.title: line for checklist in checklists(ir, checks) for line in checklist.lines}


EVERY = tuple(passed(check.NAME) for check in CHECKS)
PROVEN = {
    "Effects derived == declared": "effects",
    "Determinism replay proof attached": "replay",
    "Contract tests (200/401/429/5xx)": "contract",
}


def test_what_was_not_run_or_could_not_be_ticks_nothing(ir):
    for title, name in PROVEN.items():
        assert lines_of(ir)[title].state == "open"
        assert lines_of(ir, Check(name=name, verdict="could_not_run", summary="s"))[title].state == "open"
        assert lines_of(ir, passed(name))[title].state == "ticked"
    assert lines_of(ir, *EVERY)["SBOM + signature"].later


@pytest.mark.parametrize(
    ("story", "ticked", "missing"),
    [
        ("s04_payments", {"Idempotency key present (if effectful)", "Retry owner singular & justified"}, "idempotency"),
        ("s04_payments", {"HITL TTL & escalation policy defined", "Temporal thresholds set (if Temporal)"}, None),
        ("s03_etl_logs", {"Window/watermark specified when aggregating", "Partition keys for hot paths"}, None),
    ],
)
def test_lines_rest_on_what_the_flow_says(story, ticked, missing):
    flow = lower(load(ROOT / "examples" / story))
    policies = (passed("policy"), passed("data"), passed("goldens"))
    found = lines_of(flow, *EVERY, *policies)
    assert {title for title in ticked if found[title].state == "ticked"} == ticked
    if missing is not None:
        left = [check for check in EVERY if check.name != missing]
        assert lines_of(flow, *left)["Idempotency key present (if effectful)"].state == "open"


def test_a_checkpoint_without_an_end_and_an_aggregate_without_a_window_are_open():
    payments = lower(load(ROOT / "examples" / "s04_payments"))
    endless = tuple(one.model_copy(update={"ttl_s": None}) for one in payments.checkpoints)
    line = lines_of(payments.model_copy(update={"checkpoints": endless}), *EVERY)[
        "HITL TTL & escalation policy defined"
    ]
    assert (line.state, line.evidence.partition(":")[0]) == ("open", "HITL101")
    logs = lower(load(ROOT / "examples" / "s03_etl_logs"))
    nodes = tuple(node.model_copy(update={"kind": "node"}) if node.kind == "window" else node for node in logs.nodes)
    line = lines_of(logs.model_copy(update={"nodes": nodes}), *EVERY)["Window/watermark specified when aggregating"]
    assert (line.state, line.evidence.partition(":")[0]) == ("open", "WIN001")
