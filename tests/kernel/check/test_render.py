"""How findings look: to people, and to tools."""

import json
import shutil
from pathlib import Path

import click
import pytest

from flowlattice.check import check, rules, with_edits
from flowlattice.check.render import render_json, render_sarif, render_text, summary
from flowlattice.diagnostics import Diagnostic, Fix, TextEdit
from flowlattice.ir.build import build

HERE = Path(__file__).parent
WRONG = HERE / "flows" / "wrong"


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A flow that is wrong in many ways, and what is found in it."""
    folder = tmp_path_factory.mktemp("wrong")
    for name in ("flow", "parts"):
        shutil.copy(WRONG / f"{name}.txt", folder / f"{name}.py")
    built = build(folder)
    assert built.ir is not None
    return built, with_edits(built.ir, check(built.ir), built.sources)


def test_text_is_as_it_was_looked_at(wrong, golden):
    built, found = wrong
    shown = f"{render_text(found, built.sources, 'wrong/')}\n{summary(found)}\n"
    golden(HERE / "golden" / "wrong.txt", click.unstyle(shown))


def test_json_is_as_it_was_looked_at(wrong, golden):
    golden(HERE / "golden" / "wrong.jsonl", render_json(wrong[1]) + "\n")


def test_sarif_is_as_it_was_looked_at(wrong, golden):
    log = json.loads(render_sarif(wrong[1], version="0.1.0", folder="wrong/"))
    del log["runs"][0]["tool"]["driver"]["rules"]
    golden(HERE / "golden" / "wrong.sarif", json.dumps(log, indent=2) + "\n")


def test_json_lines_are_diagnostics(wrong):
    lines = render_json(wrong[1]).splitlines()
    assert tuple(Diagnostic.model_validate_json(line) for line in lines) == wrong[1]


def test_a_sarif_log_has_what_its_readers_need(wrong):
    """The parts that SARIF 2.1.0 requires, and those that code scanning reads."""
    log = json.loads(render_sarif(wrong[1], version="0.1.0"))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    driver = log["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in rules()]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}: ")
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    assert len(log["runs"][0]["results"]) == len(wrong[1])
    for result, found in zip(log["runs"][0]["results"], wrong[1], strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == found.code
        assert result["level"] == found.severity
        assert result["message"]["text"]
        assert result["suppressions"] == []
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == found.file
        region = place["region"]
        assert (region["startLine"], region["startColumn"]) == (found.line, found.column)
        assert (region.get("endLine", 99), region.get("endColumn", 999)) > (found.line, found.column)
        for fix in result.get("fixes", []):
            assert fix["description"]["text"]
            for change in fix["artifactChanges"]:
                assert all("deletedRegion" in replaced for replaced in change["replacements"])


def finding(line, column, end_line=None, end_column=None, **more):
    return Diagnostic(
        code="X1", message="m", file="f.py", line=line, column=column, end_line=end_line, end_column=end_column, **more
    )


UNDERLINES = {
    "a part": ("x = abc", finding(1, 5, 1, 8), ["     1 | x = abc", "       |     ^^^"]),
    "one character where the end is unknown": ("x = abc", finding(1, 5), ["     1 | x = abc", "       |     ^"]),
    "to the end of the line": ("x = (abc,\n1)", finding(1, 5, 2, 3), ["     1 | x = (abc,", "       |     ^^^^^"]),
    "tabs": ("\tx = a", finding(1, 6, 1, 7), ["     1 |     x = a", "       |         ^"]),
    "wide characters": ("数 = 量", finding(1, 5, 1, 6), ["     1 | 数 = 量", "       |      ^^"]),
    "combining characters": ("e\u0301 = a", finding(1, 6, 1, 7), ["     1 | e\u0301 = a", "       |     ^"]),
    "control characters": (
        "x = '\x1b[2J'",
        finding(1, 5, 1, 11),
        ["     1 | x = '\\x1b[2J'", "       |     ^^^^^^^^^"],
    ),
    "beyond the line": ("ab", finding(1, 9, 1, 12), ["     1 | ab", "       |   ^"]),
    "beyond the file": ("ab", finding(7, 1), []),
    "an empty line": ("\n\n", finding(2, 1), []),
}


@pytest.mark.parametrize(("text", "found", "lines"), UNDERLINES.values(), ids=UNDERLINES)
def test_underlining(text, found, lines):
    shown = click.unstyle(render_text([found], {"f.py": text})).splitlines()
    assert shown[0] == f"f.py:{found.line}:{found.column}: error X1 m"
    assert shown[1:] == lines


def test_a_long_line_is_cut_around_the_place():
    text = "x = " + "a" * 5000 + " + b"
    shown = click.unstyle(render_text([finding(1, 5008, 1, 5009)], {"f.py": text})).splitlines()
    assert all(len(line) < 200 for line in shown)
    assert shown[1].rstrip().endswith("+ b")
    assert shown[2].rindex("^") == shown[1].rindex("b")


def test_help_and_fix_are_said():
    fix = Fix(
        applicability="safe", title="do it", edits=(TextEdit(line=1, column=1, end_line=1, end_column=1, text=""),)
    )
    shown = click.unstyle(render_text([finding(1, 1, help="do this", fix=fix)], {}))
    assert shown.splitlines()[1:] == ["       = help: do this", "       = safe fix: do it"]


def test_nothing_in_a_text_is_obeyed_by_a_terminal():
    hostile = Diagnostic(code="X1", message="\x1b[2Jm", file="\x1b]0;f\x07.py", line=1, help="\rh")
    assert click.unstyle(render_text([hostile], {})).isprintable() is False  # it has line ends
    assert all(line.isprintable() for line in click.unstyle(render_text([hostile], {})).splitlines())


def test_summaries():
    safe, unsafe = (Fix(applicability=kind, title="t") for kind in ("safe", "unsafe"))
    assert summary([]) == "no problems"
    assert summary([finding(1, 1)]) == "1 error"
    found = [finding(1, 1, fix=safe), finding(1, 1, severity="warning"), finding(1, 1, severity="warning", fix=unsafe)]
    assert summary(found) == "1 error, 2 warnings; --fix answers 1; 1 has an unsafe fix (--fix --unsafe-fixes)"
