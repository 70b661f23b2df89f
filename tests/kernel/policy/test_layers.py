"""Profiles and overlays: what an environment and a team make of the organisation's rules."""

import pytest

from flowlattice.errors import UsageError
from flowlattice.policy import Ruleset
from flowlattice.policy.testing import run_all

RULE = """
- id: {id}
  severity: warn
  for_each: "[1]"
  require: params.most > 0
  message: m
  remedy: r
  parameters:
    most: {{value: 60, tighter: lower}}
    least: {{value: 10, tighter: higher}}
    known: {{value: [a, b], tighter: fewer}}
    kinds: {{value: [a, b], tighter: more}}
  tests:
    - {{name: good, passes: true, ir: {{}}}}
    - {{name: bad, passes: false, ir: {{}}, parameters: {{most: 0}}}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "overlays").mkdir()
    (tmp_path / "rules.yaml").write_text(RULE.format(id="A-RULE"))
    return tmp_path


def overlay(folder, text):
    (folder / "overlays" / "team.yaml").write_text(text)
    return Ruleset.load(folder, team="team").policies


def test_an_overlay_adds_rules_raises_severities_and_tightens_parameters(folder):
    added = RULE.format(id="B-RULE").replace("\n", "\n  ")
    changes = "{most: 30, least: 20, known: [a], kinds: [a, b, c]}"
    first, second = overlay(folder, f"severities: {{A-RULE: deny}}\nparameters: {{A-RULE: {changes}}}\nrules:{added}")
    assert (first.severity, second.id) == ("deny", "B-RULE")
    values = {name: given.value for name, given in first.parameters.items()}
    assert values == {"most": 30, "least": 20, "known": ("a",), "kinds": ("a", "b", "c")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severities: {A-RULE: audit}", "an overlay cannot make it audit"),
        ("parameters: {A-RULE: {most: 61}}", "cannot make it 61"),
        ("parameters: {A-RULE: {least: 9}}", "cannot make it 9"),
        ("parameters: {A-RULE: {known: [a, b, c]}}", r"cannot make it \[a, b, c\]"),
        ("parameters: {A-RULE: {kinds: [a]}}", r"cannot make it \[a\]"),
        ("parameters: {A-RULE: {most: [a]}}", "is a number, not a list"),
        ("parameters: {A-RULE: {other: 1}}", "has no parameter other"),
        ("parameters: {A-RULE: {most: true}}", "not a layer"),
        ("severities: {NONE: deny}", "there is no rule NONE"),
        ("rules:" + RULE.format(id="A-RULE").replace("\n", "\n  "), "stands twice"),
        ("severity: {A-RULE: deny}", "not a layer"),
        ("- a", "not a layer"),
    ],
)
def test_what_an_overlay_may_not_say_is_one_clear_line(folder, text, said):
    with pytest.raises(UsageError, match=said) as raised:
        overlay(folder, text)
    assert "\n" not in str(raised.value)
    assert "team.yaml" in str(raised.value)


def test_a_profile_may_be_milder_and_an_overlay_is_laid_over_it(folder):
    (folder / "profiles" / "dev.yaml").write_text("severities: {A-RULE: audit}\nparameters: {A-RULE: {most: 100}}")
    (folder / "overlays" / "team.yaml").write_text("parameters: {A-RULE: {most: 90}}")
    ruleset = Ruleset.load(folder, environment="dev", team="team")
    assert ruleset.layers == ("profile dev", "overlay team")
    assert (ruleset.policies[0].severity, ruleset.policies[0].parameters["most"].value) == ("audit", 90)
    with pytest.raises(UsageError, match="cannot make it 90"):
        Ruleset.load(folder, team="team")


def test_a_team_without_an_overlay_and_a_name_that_leaves_the_folder_are_refused(folder):
    with pytest.raises(UsageError, match=r"other\.yaml: not there"):
        Ruleset.load(folder, team="other")
    with pytest.raises(UsageError, match="no name of a team"):
        Ruleset.load(folder, team="../team")
    with pytest.raises(UsageError, match="no name of an environment"):
        Ruleset.load(folder, environment="../../etc")


def test_an_overlay_counts_for_the_flows_that_it_names_whoever_asks(folder, monkeypatch):
    changes = "{most: 30, known: [a], kinds: [a, b, c]}"
    (folder / "overlays" / "pay.yaml").write_text(f"flows: [pay*]\nparameters: {{A-RULE: {changes}}}")
    (folder / "overlays" / "team.yaml").write_text(
        "severities: {A-RULE: deny}\nparameters: {A-RULE: {most: 50, least: 20, known: [b], kinds: [a, b, d]}}"
    )
    plain = Ruleset.load(folder)
    assert plain.of("orders").layers == ()
    assert plain.of("payments").layers == ("overlay pay",)
    assert plain.of("payments").digest != plain.digest
    monkeypatch.setenv("FLOWS_TEAM", "team")
    both = Ruleset.load(folder).of("payments")
    values = {name: given.value for name, given in both.policies[0].parameters.items()}
    assert both.layers == ("overlay team", "overlay pay")
    assert values == {"most": 30, "least": 20, "known": (), "kinds": ("a", "b", "d", "c")}
    assert both.policies[0].severity == "deny"


def test_two_overlays_cannot_add_different_rules_of_one_id(folder):
    for team, rule in (("a", "params.most > 0"), ("b", "params.most > 1")):
        added = RULE.format(id="B-RULE").replace("params.most > 0", rule).replace("\n", "\n  ")
        (folder / "overlays" / f"{team}.yaml").write_text(f'flows: ["*"]\nrules:{added}')
    with pytest.raises(UsageError, match=r"b\.yaml: B-RULE stands twice"):
        Ruleset.load(folder).of("any")


def test_a_layer_changes_the_digest(folder):
    before = Ruleset.load(folder)
    (folder / "overlays" / "team.yaml").write_text("parameters: {A-RULE: {most: 30}}")
    assert Ruleset.load(folder, team="team").digest != before.digest
    (folder / "organisation.yaml").write_text("waivers: {longest_days: 7}")
    assert Ruleset.load(folder).digest != before.digest
    assert Ruleset.load(folder).longest.days == 7


def test_a_folder_without_rules_takes_the_packaged_ones(tmp_path, monkeypatch):
    packaged = Ruleset.load()
    (tmp_path / "waivers.yaml").write_text("[]\n")
    assert Ruleset.load(tmp_path).digest == packaged.digest
    assert Ruleset.load(tmp_path, environment="production").layers == ("profile production",)
    monkeypatch.setenv("FLOWS_POLICIES", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="FLOWS_POLICIES"):
        Ruleset.load()


def test_the_homes_folder_is_the_organisations(folder, monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "policies").symlink_to(folder)
    monkeypatch.setenv("FLOWS_HOME", str(home))
    assert [policy.id for policy in Ruleset.load().policies] == ["A-RULE"]


def test_the_tests_of_every_layer_run(folder):
    wrong = RULE.format(id="C-RULE").replace("parameters: {most: 0}", "parameters: {lost: 0}").replace("\n", "\n  ")
    (folder / "profiles" / "prod.yaml").write_text(f"rules:{wrong}")
    (folder / "overlays" / "team.yaml").write_text("severities: {A-RULE: audit}")
    (folder / "more.yaml").write_text(RULE.format(id="D-RULE").replace("most: 0", "most: 1"))
    (folder / "twice.yaml").write_text(RULE.format(id="E-RULE").replace("passes: false", "passes: true"))
    tested, problems = run_all(folder)
    failed = [(one.policy, one.test) for one in tested if not one.as_said]
    assert failed == [("D-RULE", "bad"), ("E-RULE", "bad")]
    assert [problem.partition(":")[0] for problem in problems[:2]] == ["E-RULE", "C-RULE"]
    assert "cannot make it audit" in problems[2]


def test_the_packaged_rules_are_judged_as_they_say_in_every_layer():
    tested, problems = run_all()
    assert (problems, [one for one in tested if not one.as_said]) == ((), [])
    assert "profile production" in {one.layer for one in tested}


def test_rule_files_without_a_rule_do_not_let_everything_pass(tmp_path):
    (tmp_path / "emptied.yaml").write_text("[]\n")
    with pytest.raises(UsageError, match="its files hold no rule"):
        Ruleset.load(tmp_path)
