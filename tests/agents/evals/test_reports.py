"""Reports: JUnit that parses, HTML in which nothing of a brief, a model or a flow is markup, and comparisons."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from flowlattice.errors import UsageError
from flowlattice_agents.evals.brief import Brief, Request
from flowlattice_agents.evals.comparison import compare
from flowlattice_agents.evals.evidence import Attempt, Authored, Built, Evidence, HttpAnswer, Told
from flowlattice_agents.evals.reports.html import page
from flowlattice_agents.evals.reports.junit import junit
from flowlattice_agents.evals.reports.terminal import comparison_lines, lines_of
from flowlattice_agents.evals.results import Manifest, Result, Results
from flowlattice_agents.evals.scoring import score
from flowlattice_agents.evals.solver import Settings
from flowlattice_agents.evals.summary import Summary, summarise

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x00\x1b[31m\u202e"
REQUEST = Request(method="POST", path="/evil", json_body=EVIL)
OK = Told(code=0, out="", err="")
COST = {"usd": "0.25", "calls": 3, "prompt_tokens": 4000}
FIXES = [
    {"code": "DAG001", "by": "kernel"},
    {"code": "DAG002", "by": "model"},
    {"code": "DAG003", "by": "none"},
    {"code": "DAG004", "by": "model", "round": 2},
]


def result(name: str, *, passed: bool | None, arm: str = "six", epoch: int = 0) -> Result:
    """A sample that passed, failed, or could not be asked, full of what would be markup."""
    brief = Brief.model_validate(
        {
            "id": name,
            "family": "web",
            "brief": EVIL,
            "expect": {"outcome": "deployed"},
            "probes": [{"request": REQUEST, "response": {"status": 200, "text": re.escape(EVIL)}}],
        }
    )
    exchange = {
        "task": EVIL,
        "model": EVIL,
        "messages": [{"role": "system", "prompt": "abc"}, {"role": "user", "text": EVIL}],
        "reply": {"text": EVIL, "refusal": EVIL, "finish": "stop"},
        "usage": {"prompt_tokens": 5, "completion_tokens": 6},
        "usd": "0.25",
    }
    outcome = {"outcome": "deployed", "certificate": "c", "reason": EVIL, "cost": COST, "fixes": FIXES}
    authored = Authored(
        told=OK if passed is not None else Told(code=3, out="", err=f"error: {EVIL}"),
        result=outcome if passed is not None else None,
        seconds=1.5,
        exchanges=(exchange,),
        events=({"agent": "pm", "kind": "note", "text": EVIL},),
    )
    answer = HttpAnswer(request=REQUEST, status=200 if passed else 500, body=EVIL)
    built = Built(sources={"flow.py": f"# {EVIL}\n"}, check=OK, ir={"name": EVIL}, http=(answer,))
    evidence = Evidence(attempt=Attempt(authored=authored, built=built if passed is not None else None))
    return Result(arm=arm, epoch=epoch, brief=brief, evidence=evidence, score=score(brief, evidence))


MANIFEST = Manifest.of(EVIL, Settings(model="openai:m"))
_REPEATED = [(arm, n, epoch) for arm in ("six", "single") for n in (1, 2) for epoch in (0, 1)]
MIXED = [
    *(result(f"w-{n}", passed=n == 2, arm=arm, epoch=epoch) for arm, n, epoch in _REPEATED),
    result("w-3", passed=None),
]


def summary_of(results: list[Result]) -> Summary:
    return summarise(MANIFEST, "results", results)


class Reader(HTMLParser):
    """Collects elements, and texts outside script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_nothing_that_was_said_becomes_markup():
    text = page(summary_of(MIXED), MIXED)
    read = Reader(text)
    assert [name for name, _ in read.elements].count("script") == 1
    assert "img" not in [name for name, _ in read.elements]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    shown = "".join(read.texts)
    assert shown.count("<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\\x00\\x1b[31m\\u202e") > 20
    assert "\x00" not in text
    assert "\u202e" not in text


def test_the_page_loads_nothing():
    read = Reader(page(summary_of(MIXED), MIXED))
    assert not [a for _, a in read.elements if {"src", "href", "srcset", "action"} & {*a}]
    policy = next(a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in str(policy)
    assert "url(" not in "".join(read.texts)
    assert "@import" not in "".join(read.texts)


def test_the_page_has_every_sample_with_what_filters_look_for():
    read = Reader(page(summary_of(MIXED), MIXED))
    samples = [a for _, a in read.elements if a.get("class") == "sample"]
    assert len(samples) == len(MIXED)
    assert {(a["data-arm"], a["data-state"], a["data-category"]) for a in samples} == {
        ("six", "pass", "none"), ("six", "fail", "probe"), ("six", "error", "engine"),
        ("single", "pass", "none"), ("single", "fail", "probe"),
    }  # fmt: skip
    assert {a["data-filter"] for _, a in read.elements if "data-filter" in a} == {"state", "arm", "family", "category"}


def test_junit_is_xml_that_counts_each_kind_apart():
    root = Xml.fromstring(junit(summary_of(MIXED), MIXED))
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("9", "4", "1", "0")
    assert [suite.get("name") for suite in root] == ["six.web", "single.web"]
    cases = root.findall("testsuite/testcase")
    assert [case.get("name") for case in cases[:3]] == ["w-1", "w-1 #2", "w-2"]
    failure = cases[0].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == ("behaves: probe", "probe")
    assert failure.text is not None
    assert "<script>alert(1)</script>" in failure.text
    assert root.findall("testsuite/testcase/error")[0].get("message") == "engine"


def test_the_summary_keeps_scored_error_and_unscored_apart_and_counts_cost():
    unscored = score(MIXED[0].brief, lost := Evidence(unscored="no record"))
    results = [*MIXED, MIXED[0].model_copy(update={"epoch": 5, "evidence": lost, "score": unscored})]
    six, family, single, _ = summary_of(results).groups
    assert (six.arm, six.family, family.family, single.arm) == ("six", "all", "web", "single")
    assert (six.samples, six.scored, six.passed, six.errors, six.unscored) == (6, 4, 2, 1, 1)
    assert (six.rate, six.k, six.pass_at_k, six.pass_hat_k) == (0.5, 2, 0.5, 0.5)
    assert (six.calls, six.prompt_tokens, six.usd) == (3, 4000, 1.0)
    assert (six.fixes.kernel, six.fixes.model, six.fixes.none) == (4, 4, 4)
    assert six.fixes.share == pytest.approx(1 / 3)
    assert six.rungs == {"understood": (4, 4), "compiles": (4, 4), "certifies": (4, 4), "behaves": (2, 4)}
    assert six.categories == {"probe": 2, "engine": 1, "record": 1}


def test_the_terminal_says_whether_arms_differ():
    better = [result(f"w-{n}", passed=True) for n in range(9)]
    worse = [result(f"w-{n}", passed=n == 0, arm="single") for n in range(9)]
    text = "\n".join(lines_of(summary_of(better + worse)))
    assert re.search(r"six passes 88\.9% more than single \(95 % interval .*, 9 briefs\): more than noise", text)
    assert "the kernel fixed 33% of first-round diagnostics for nothing" in text
    (pair,) = summary_of(better + worse).arms
    assert (pair.one, pair.other, pair.briefs, pair.is_more) == ("six", "single", 9, True)
    assert pair.low is not None
    assert 0 < pair.low < pair.mean
    same = "\n".join(lines_of(summary_of(MIXED)))
    assert "six passes as much as single on each of 2 briefs" in same
    assert "pass@2 50.0%, pass^2 50.0%" in same


def kept(folder: Path, results: list[Result], settings: Settings) -> Results:
    found = Results(folder)
    found.begin(Manifest.of("suite", settings))
    for one in results:
        found.put(one)
    return found


OFFLINE, MODEL = Settings(), Settings(model="openai:m")


@pytest.mark.parametrize(
    ("settings", "fallen", "epochs", "is_drop"),
    [
        (OFFLINE, 0, 1, False),
        (OFFLINE, 1, 1, True),  # the same result every time: one brief that fell is a drop
        (MODEL, 1, 1, False),  # one of ten may be chance
        (MODEL, 6, 1, True),
        (MODEL, 1, 3, False),
        (MODEL, 10, 3, True),
    ],
)
def test_only_a_real_drop_counts(tmp_path, settings, fallen, epochs, is_drop):
    names = [(n, epoch) for n in range(10) for epoch in range(epochs)]
    base = [result(f"w-{n}", passed=True, epoch=epoch) for n, epoch in names]
    new = [result(f"w-{n}", passed=n >= fallen, epoch=epoch) for n, epoch in names]
    found = compare(kept(tmp_path / "base", base, settings), kept(tmp_path / "new", new, settings))
    assert found.is_drop == is_drop
    (arm,) = found.arms
    assert [(one.id, one.before, one.after) for one in arm.changed] == [(f"w-{n}", 1, 0) for n in range(fallen)]
    assert not compare(kept(tmp_path / "new", [], settings), kept(tmp_path / "base", [], settings)).is_drop


def test_a_comparison_says_what_rose_and_what_was_lost(tmp_path):
    base = kept(
        tmp_path / "base", [result("a", passed=False), result("b", passed=True), result("c", passed=True)], OFFLINE
    )
    new = kept(
        tmp_path / "new", [result("a", passed=True), result("b", passed=None), result("c", passed=True)], OFFLINE
    )
    text = "\n".join(comparison_lines(compare(base, new)))
    assert "rose" in text
    assert "a  0% -> 100%" in text
    assert "scored before and not now: b" in text
    assert text.endswith("no real drop")
    other = kept(tmp_path / "other", [result("a", passed=True, arm="single")], OFFLINE)
    assert "no arm is in both" in "\n".join(comparison_lines(compare(base, other)))


def test_a_folder_of_something_else_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="holds no results of `flows eval`"):
        compare(Results(tmp_path), Results(tmp_path))
    found = kept(tmp_path / "out", [result("a", passed=True)], OFFLINE)
    with pytest.raises(UsageError, match=r"holds results for model offline; name another folder with --out"):
        found.begin(Manifest.of("suite", MODEL))
    file = next((tmp_path / "out" / "samples").rglob("*.json"))
    file.write_text("{}")
    with pytest.raises(UsageError, match="is no result of this version"):
        list(found.all())


def test_a_folder_is_written_by_one_eval_at_a_time(tmp_path):
    one, other = Results(tmp_path), Results(tmp_path)
    said = pytest.raises(UsageError, match="another `flows eval` writes here")
    with one.held(), said, other.held():
        raise AssertionError
    with other.held():
        assert (tmp_path / "lock").exists()
