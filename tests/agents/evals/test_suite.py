"""Suites are found by path or name, and everything wrong with one is said, with file and place."""

from pathlib import Path

import pytest

from flowlattice_agents.errors import SuiteError
from flowlattice_agents.evals.suite import ALL, load_suite, suite_names
from tests.agents.evals.conftest import TINY, write_suite

EDIT = "{id: change, family: edit, edit: BASE, brief: faster, expect: {outcome: deployed}}"


def problems_of(folder: Path, **briefs: str) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        load_suite(str(write_suite(folder / "suite", briefs)))
    return [problem.replace(f"{folder / 'suite'}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("name", [ALL, *suite_names()])
def test_packaged_suites_hold_together(name):
    suite = load_suite(name)
    assert suite.briefs
    for brief in suite.briefs:
        assert brief.edits_brief is None or suite.base_of(brief) is not None


def test_packaged_suites_have_the_families_of_web_flows():
    families = {brief.family for brief in load_suite(ALL).briefs}
    assert families >= {"simple", "web", "edit", "unclear", "unsafe"}
    assert len(load_suite("simple").briefs) == 16
    assert len(load_suite("web").briefs) == 12


def test_a_file_is_a_suite_of_one(tmp_path):
    folder = write_suite(tmp_path / "suite", TINY)
    (brief,) = load_suite(str(folder / "echo.yaml")).briefs
    assert (brief.id, brief.family, len(brief.probes)) == ("echo", "simple", 3)


def test_families_and_patterns_choose(tmp_path):
    suite = load_suite(str(write_suite(tmp_path / "suite", TINY)))
    assert [b.id for b in suite.briefs] == ["cook", "echo", "shout"]
    assert [b.id for b in suite.only(families=["simple"]).briefs] == ["echo", "shout"]
    assert [b.id for b in suite.only(families=["simple"], pattern="^sh").briefs] == ["shout"]


def test_an_edit_finds_its_base_though_it_is_not_chosen(tmp_path):
    folder = write_suite(tmp_path / "suite", {**TINY, "change": EDIT.replace("BASE", "echo")})
    chosen = load_suite(str(folder)).only(families=["edit"])
    assert [b.id for b in chosen.briefs] == ["change"]
    base = chosen.base_of(chosen.briefs[0])
    assert base is not None
    assert base.id == "echo"
    alone = load_suite(str(folder / "change.yaml"))
    assert alone.base_of(alone.briefs[0]) == base


def test_an_edit_may_change_a_packaged_brief_or_a_flow_as_text(tmp_path):
    folder = write_suite(tmp_path / "suite", {"change": EDIT.replace("BASE", "web-handle-01")})
    suite = load_suite(str(folder))
    assert suite.base_of(suite.briefs[0]) is not None
    text = "id: b\nfamily: edit\nbrief: x\nexpect: {outcome: deployed}\nedit: |\n  flow = 1\n  more = 2\n"
    (folder / "change.yaml").write_text(text)
    suite = load_suite(str(folder))
    assert suite.base_of(suite.briefs[0]) is None
    assert suite.briefs[0].edits_brief is None


def test_dates_and_keys_of_yaml_are_text(tmp_path):
    text = (
        "id: b\nfamily: web\nbrief: x\nexpect: {outcome: deployed}\nprobes:\n"
        "- {request: {path: /}, response: {json: {2: 2024-02-29}}}\n"
    )
    (brief,) = load_suite(str(write_suite(tmp_path / "suite", {"b": text}))).briefs
    assert brief.probes[0].response is not None
    assert brief.probes[0].response.json_body == {"2": "2024-02-29"}


def test_all_problems_are_said_with_file_and_place(tmp_path):
    found = problems_of(
        tmp_path,
        a="{id: 'a b', family: webb, brief: '', expect: {outcome: done, nodess: []}, extra: 1}",
        b="{id: b, family: web, brief: x, expect: {outcome: deployed}, "
        "probes: [{request: {path: x}}, {feed: [], x: 1}]}",
        c="{id: c, family: web, brief: x, answers: [{ask: '(', say: y}], expect: {outcome: deployed}}",
        d="{id: d, family: web, brief: x, expect: {outcome: deployed, mentions: ['[']}}",
        e="{id: e, family: edit, brief: x, expect: {outcome: deployed}}",
        f="id: [",
        g=EDIT.replace("BASE", "no-such-brief"),
    )
    text = "\n".join(found)
    for wanted in (
        "a.yaml: id: ", "a.yaml: family: ", "a.yaml: brief: ", "a.yaml: expect.outcome: ", "a.yaml: expect.nodess: ",
        "a.yaml: extra: ", "b.yaml: probes[0].request.path: ", "b.yaml: probes[1].x: ", "c.yaml: answers[0].ask: ",
        "d.yaml: expect.mentions[0]: ", "e.yaml: Value error, `edit` and family edit belong together", "f.yaml: ",
        "change: edit: no brief is named no-such-brief",
    ):  # fmt: skip
        assert wanted in text


@pytest.mark.parametrize(
    ("probe", "wrong"),
    [
        ("{}", "either `request` and `response`, or `feed`"),
        ("{request: {path: /}, response: {}, feed: []}", "either `request` and `response`, or `feed`"),
        ("{request: {path: /}}", "belong together"),
        ("{feed: [], response: {}}", "belong together"),
        ("{request: {path: /}, response: {}, outputs: []}", "belong to `feed`"),
    ],
)
def test_a_probe_is_of_one_kind(tmp_path, probe, wrong):
    (found,) = problems_of(
        tmp_path, a=f"{{id: a, family: web, brief: x, expect: {{outcome: deployed}}, probes: [{probe}]}}"
    )
    assert "a.yaml: probes[0]: " in found
    assert wrong in found


def test_two_briefs_of_one_name_and_an_empty_suite_are_problems(tmp_path):
    twice = problems_of(tmp_path, a=TINY["cook"], b=TINY["cook"])
    assert twice == [f"{tmp_path / 'suite'}: 2 briefs are named cook"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SuiteError, match=r"no brief \(\*\.yaml\) in it"):
        load_suite(str(tmp_path / "empty"))


def test_an_unknown_suite_names_the_known_ones():
    with pytest.raises(SuiteError, match=r"no-such: no such file, folder or packaged suite; .* all, .*web"):
        load_suite("no-such")
    with pytest.raises(SuiteError, match=r"missing\.yaml: No such file"):
        load_suite("missing.yaml")


def test_a_number_or_a_yes_is_a_reply_too(tmp_path):
    text = (
        "{id: b, family: web, brief: x, answers: [{ask: a, say: 5}, {ask: b, say: yes}], expect: {outcome: deployed}}"
    )
    (brief,) = load_suite(str(write_suite(tmp_path / "suite", {"b": text}))).briefs
    assert [answer.say for answer in brief.answers] == ["5", "yes"]
