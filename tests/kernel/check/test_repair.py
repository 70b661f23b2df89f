"""Fixing on disk: to a fixed point, in one step a file, and nothing that does not parse."""

import stat

import pytest

from flowlattice.check import CheckContext, rules
from flowlattice.check.repair import examine, repair
from flowlattice.ir import TASK
from flowlattice.sandbox import Sandbox

FLOW = """from flowlattice import Determinism, Effects, Flow, Record, http, node
from .parts import A

@node(effects=Effects.PURE, determinism=Determinism.STRICT)
def f(a: A, k) -> A:  # kept
    return A(v=''.join({'x', 'y'}))


@node
def g(a):
    return A(v=a.v)


flow = Flow("t", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=A))
flow.connect(hook, f)
flow.connect(f, g)
"""
PARTS = "from flowlattice import Record\n\n\nclass A(Record):\n    v: str\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "parts.py").write_text(PARTS)
    return tmp_path


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(TASK) as made:
        yield made


def codes(found):
    return sorted(diagnostic.code for diagnostic in found)


def test_safe_fixes_reach_a_fixed_point(folder, sandbox):
    done = repair(folder, CheckContext(), sandbox)
    assert codes(done.left) == ["DAG003", "DATA101"]
    assert done.changed == ("flow.py",)
    text = (folder / "flow.py").read_text()
    assert "def g(a: A) -> A:" in text
    assert "sorted({'x', 'y'})" in text
    assert "# kept" in text
    assert text.endswith("flow.connect(g, flow.respond())\n")
    assert (folder / "parts.py").read_text() == PARTS
    again = repair(folder, CheckContext(), sandbox)
    assert (again.changed, again.left) == ((), done.left)


def test_unsafe_fixes_only_when_asked_and_in_every_file(folder, sandbox):
    done = repair(folder, CheckContext(), sandbox, unsafe=True)
    assert codes(done.left) == ["DAG003"]
    assert done.changed == ("flow.py", "parts.py")
    assert (folder / "parts.py").read_text() == PARTS.replace("A(Record)", 'A(Record, data="internal")')


def test_what_cannot_be_built_is_left_alone(folder, sandbox):
    (folder / "flow.py").write_text("x = (\n")
    done = repair(folder, CheckContext(), sandbox, unsafe=True)
    assert codes(done.left) == ["LOAD001"]
    assert done.changed == ()
    assert (folder / "flow.py").read_text() == "x = (\n"


def test_permissions_marks_and_line_ends_stay(folder, sandbox):
    file = folder / "flow.py"
    file.write_bytes(("\ufeff" + FLOW.replace("\n", "\r\n")).encode())
    file.chmod(0o640)
    repair(folder, CheckContext(), sandbox)
    data = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert data.startswith("\ufeff".encode())
    assert data.count(b"\n") == data.count(b"\r\n")
    assert sorted(path.name for path in folder.iterdir()) == ["flow.py", "parts.py"]


def test_a_file_that_cannot_be_written_is_said_and_stays(folder, sandbox, monkeypatch):
    """A disk that is full when the new text is to be replaced leaves the old one and no other file."""

    def full(_self, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        repair(folder, CheckContext(), sandbox)
    assert (folder / "flow.py").read_text() == FLOW
    assert sorted(path.name for path in folder.iterdir()) == ["flow.py", "parts.py"]


def test_examining_changes_nothing(folder, sandbox):
    built, found = examine(folder, CheckContext(), sandbox)
    assert built.ir is not None
    assert "DAG001" in codes(found)
    assert (folder / "flow.py").read_text() == FLOW


def test_every_rule_with_a_safe_fix_says_so_on_its_page():
    for rule in rules():
        fix = rule.page.partition("## Fix\n\n")[2]
        assert fix.startswith("None") == (rule.fix is None), rule.code
