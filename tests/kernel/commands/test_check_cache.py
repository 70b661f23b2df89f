"""What `flows check` keeps: shown again while nothing has changed, and believed no further than that."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowlattice import check_cache
from flowlattice.cli import run
from tests.support.distributions import install

FLOW = """
from flowlattice import Flow, HttpRead, Record, http, node
from .helpers import tidy
class A(Record, data="public"):
    v: str
@node
async def f(a: A, api: HttpRead) -> A:
    found = await api.get("https://api.example.com/x")
    return A(v=tidy(found.text))
flow = Flow("calls", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=A))
flow.connect(hook, f)
flow.connect(f, flow.respond())
flow.egress("api", "api.example.com")
"""
HELPERS = "def tidy(v):\n    return v.strip()\n"
BINDINGS = '[production.api]\nbackend = "http"\nheaders = { X-Token = "$API_TOKEN" }\n'
KEPT = "this was kept"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def flow(tmp_path, monkeypatch, home):
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "flow.py").write_text(FLOW)
    (folder / "helpers.py").write_text(HELPERS)
    monkeypatch.chdir(tmp_path)
    return folder


def results(home):
    return sorted((home / "cache" / "check").glob("*.json"))


def mark(home, **changed):
    """Change what is shown of every result, so that one that is shown again can be told from a new one."""
    for file in results(home):
        kept = json.loads(file.read_text())
        kept["shown"] = {"text": KEPT, "notice": None, "code": 0} | changed
        file.write_text(json.dumps(kept))


@pytest.fixture
def is_shown_again(capsys):
    """Whether a check shows what was kept."""

    def ask(*arguments):
        run(["check", "calls", *arguments])
        return KEPT in capsys.readouterr().out

    return ask


def test_the_same_is_shown_again(flow, home, capsys):
    first = run(["check", "calls"]), *capsys.readouterr()
    again = run(["check", "calls"]), *capsys.readouterr()
    assert again == first
    assert len(results(home)) == 1


def test_an_unchanged_flow_is_not_built(flow, home, is_shown_again):
    assert not is_shown_again()
    mark(home)
    assert is_shown_again()
    os.utime(flow / "flow.py", (1, 1))  # the same content at another time
    assert is_shown_again()


CHANGES = {
    "the flow file": lambda flow: (flow / "flow.py").write_text(FLOW.replace("/t", "/u")),
    "a helper file": lambda flow: (flow / "helpers.py").write_text(HELPERS.replace("strip", "lower")),
    "a file beside it": lambda flow: (flow / "connectors.toml").write_text("x = 1"),
    "a file that it may import from now on": lambda flow: (flow / "more.py").write_text(""),
    "a helper file that is gone": lambda flow: (flow / "helpers.py").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(flow, home, is_shown_again, change):
    is_shown_again()
    mark(home)
    change(flow)
    assert not is_shown_again()


def test_what_is_asked_is_a_part_of_it(flow, home, tmp_path, is_shown_again):
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("- api.example.com\n")
    (flow / "bindings.toml").write_text(BINDINGS)
    for arguments in ([], ["--allow-hosts", str(hosts)], ["--env", "production"], ["--format", "sarif"], ["--json"]):
        assert not is_shown_again(*arguments)
    mark(home)
    assert is_shown_again()
    assert is_shown_again("--allow-hosts", str(hosts))
    hosts.write_text("- other.example.com\n")
    assert not is_shown_again("--allow-hosts", str(hosts))
    assert is_shown_again("--env", "production")


def test_of_several_flows_only_those_that_changed_are_built(flow, home, tmp_path, capsys):
    (tmp_path / "other").mkdir()
    for file in flow.glob("*.py"):
        (tmp_path / "other" / file.name).write_text(file.read_text())
    run(["check", "calls", "other"])
    mark(home)
    (tmp_path / "other" / "helpers.py").write_text(HELPERS.replace("strip", "lower"))
    capsys.readouterr()
    assert run(["check", "other", "calls"]) == 0
    *built, kept = capsys.readouterr().out.splitlines()
    assert (built[-1], kept) == ("other/flow.py: 1 warning (calls 1.0.0, 3 nodes)", KEPT)


def test_which_credentials_are_missing_counts_and_none_is_kept(flow, home, monkeypatch, is_shown_again):
    (flow / "bindings.toml").write_text(BINDINGS)
    monkeypatch.delenv("API_TOKEN", raising=False)
    assert not is_shown_again("--env", "production")
    mark(home)
    assert is_shown_again("--env", "production")
    monkeypatch.setenv("API_TOKEN", "tok_secret")
    assert not is_shown_again("--env", "production")
    assert not any("tok_secret" in file.read_text() for file in results(home))


def test_no_cache_neither_reads_nor_writes(flow, home, is_shown_again):
    assert not is_shown_again("--no-cache")
    assert results(home) == []
    is_shown_again()
    mark(home)
    assert not is_shown_again("--no-cache")
    assert not is_shown_again("--fix")
    assert is_shown_again()


DAMAGED = {
    "no JSON": "{",
    "no object": "[]",
    "nothing": "{}",
    "another key": '{"sources": ["flow.py"], "key": "x", "shown": {"text": "", "notice": null, "code": 0}}',
    "names that are none": '{"sources": [1], "key": "x", "shown": {"text": "x", "notice": null, "code": 0}}',
    "a file outside": '{"sources": ["../x", "flow.py"], "key": "", "shown": {"text": "", "notice": null, "code": 0}}',
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_or_foreign_is_passed_over_and_written_anew(flow, home, is_shown_again, text):
    is_shown_again()
    (kept,) = results(home)
    good = kept.read_text()
    kept.write_text(text)
    assert not is_shown_again()
    assert kept.read_text() == good


@pytest.mark.parametrize(
    "shown",
    [{"text": "a\x1b]0;b\x07"}, {"text": 7}, {"code": 2}, {"code": "0"}, {"notice": 1}, {"text": "x" * (2 << 20)}],
    ids=["a sequence that a terminal obeys", "no text", "another exit code", "a text", "no notice", "too long"],
)
def test_what_cannot_be_shown_is_passed_over(flow, home, capsys, shown):
    run(["check", "calls"])
    good = capsys.readouterr()
    mark(home, **shown)
    assert run(["check", "calls"]) == 0
    assert capsys.readouterr() == good


def test_what_the_machine_may_be_to_blame_for_is_not_kept(flow, home, capsys):
    (flow / "flow.py").write_text("raise ValueError('later perhaps')\n")
    assert run(["check", "calls"]) == 1
    assert "LOAD003" in capsys.readouterr().out
    assert results(home) == []


def test_a_syntax_error_is_kept(flow, home, is_shown_again):
    (flow / "flow.py").write_text("flow = (\n")
    assert not is_shown_again()
    mark(home)
    assert is_shown_again()


def test_a_credential_is_not_kept(flow, home, capsys):
    (flow / "flow.py").write_text(FLOW.replace("https://api", "https://user:pw@api"))
    run(["check", "calls"])
    assert "user:pw" in capsys.readouterr().out
    assert results(home) == []


def test_the_oldest_results_make_room(flow, home, monkeypatch):
    monkeypatch.setattr(check_cache, "MOST_RESULTS", 2)
    for style in ("text", "json", "sarif"):
        run(["check", "calls", "--format", style])
    assert len(results(home)) == 2


def test_only_their_owner_reads_them(flow, home):
    run(["check", "calls"])
    (kept,) = results(home)
    assert kept.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_written_is_no_problem(flow, monkeypatch):
    monkeypatch.setenv("FLOWS_HOME", "/dev/null/home")
    assert run(["check", "calls"]) == 0


def test_a_distribution_that_announces_capabilities_counts(flow, home, tmp_path, monkeypatch, is_shown_again):
    announces = "[flowlattice.capabilities]\nsms = acme_sms.capabilities\n"
    libraries = install(tmp_path, "acme-sms", {"acme_sms/capabilities.py": ""}, announces)
    is_shown_again()
    mark(home)
    monkeypatch.setattr(sys, "path", [*sys.path, str(libraries)])
    assert not is_shown_again()
    mark(home)
    assert is_shown_again()
    (libraries / "acme_sms" / "capabilities.py").write_text("# other\n")
    assert not is_shown_again()


def test_a_kept_result_is_shown_without_what_builds_one(flow, home):
    program = (
        "import sys; from flowlattice.cli import run; code = run(['check', 'calls']);"
        "print(code, *sorted({'pydantic', 'libcst', 'flowlattice.ir', 'flowlattice.sandbox', 'flowlattice.language'}"
        " & set(sys.modules)))"
    )
    seen = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path.cwd())
        for _ in range(2)
    ]
    first, again = (each.stdout.splitlines() for each in seen)
    assert first[:-1] == again[:-1]
    assert "flowlattice.ir" in first[-1]
    assert again[-1] == "0"


PLUGIN = """
from typing import Annotated
from flowlattice import Flow, PluginPython, Profile, Record, node, queue, sandboxed
class A(Record, data="public"):
    v: str
@node
async def f(a: A, py: Annotated[PluginPython, sandboxed(".hidden/p.py", deterministic=True)]) -> A:
    return A(v=str(await py.call("clean", a.v)))
flow = Flow("calls", version="1.0.0", profile=Profile.QUEUE)
flow.connect(flow.trigger(queue("jobs", accepts=A)), f)
"""


def test_a_plugin_is_part_of_what_was_checked_wherever_it_is(flow, home, is_shown_again):
    plugin = flow / ".hidden" / "p.py"
    plugin.parent.mkdir()
    plugin.write_text("def clean(v):\n    return v\n")
    (flow / "flow.py").write_text(PLUGIN)
    assert not is_shown_again()
    mark(home)
    assert is_shown_again()
    plugin.write_text("def clean(v):\n    return w\n")
    assert not is_shown_again()
    mark(home)
    plugin.unlink()
    assert not is_shown_again()
