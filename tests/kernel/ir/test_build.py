"""Building: every fault of a flow file is a diagnostic with file, line and cause; nothing of it runs in here."""

import sys

import pytest

from flowlattice.errors import UsageError
from flowlattice.ir import TASK
from flowlattice.ir.build import build
from flowlattice.sandbox import Sandbox

GOOD = """
from flowlattice import Flow, Record, http
class Req(Record, data="public"):
    v: str
flow = Flow("good", version="1.0.0")
flow.connect(flow.trigger(http.post("/a", accepts=Req)), flow.respond())
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(TASK) as made:
        yield made


@pytest.fixture
def built(tmp_path, sandbox):
    def build_files(content=GOOD, **files):
        for name, text in {"flow": content, **files}.items():
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{name}.py").write_bytes(data)
        return build(tmp_path, sandbox=sandbox)

    return build_files


def name_of(built):
    assert built.ir is not None, built.diagnostics
    return built.ir.name


def only(built):
    assert built.ir is None
    assert len(built.diagnostics) == 1, built.diagnostics
    return built.diagnostics[0]


def test_a_good_flow_is_built(built, tmp_path):
    done = built()
    assert done.ir.name == "good"
    assert done.diagnostics == ()
    assert done.file == tmp_path / "flow.py"
    assert done.sources == {"flow.py": GOOD}


def test_a_sandbox_of_its_own_is_the_default(tmp_path):
    (tmp_path / "flow.py").write_text(GOOD)
    assert name_of(build(tmp_path / "flow.py")) == "good"


def test_nothing_of_it_runs_in_this_process(built):
    before = set(sys.modules)
    built()
    assert not [name for name in set(sys.modules) - before if name.startswith("_flow_")]


def test_trusted_code_runs_here_and_is_not_read_first(tmp_path):
    (tmp_path / "flow.py").write_text("import os\n" + GOOD)
    assert build(tmp_path).diagnostics[0].code == "LOAD002"
    assert name_of(build(tmp_path, trusted=True)) == "good"


def test_no_flow_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError):
        build(tmp_path)


UNREADABLE = {
    "x = (": (1, 5, "was never closed"),
    "x = 1\ny = = 2\n": (2, 5, "invalid syntax"),
    "def f():\nreturn 1\n": (2, 1, "indented block"),
    b"x = '\xff'": (1, 6, "codec"),
    b"x = 1\0": (1, 1, "null"),
    b"#\x80": (1, 1, "not Python"),
    b"# coding: nonsense\n": (1, 1, "nonsense"),
    "(" * 300 + ")" * 300: (1, 200, "nested"),
    "-" * 100_000 + "1": (1, 1, "nested too deeply"),
    "return 1\n": (1, 1, "outside function"),
    "x = 1 if": (1, 8, ""),
    "\ud83d": None,
}


@pytest.mark.parametrize(("text", "place"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_what_is_no_python(built, text, place):
    if place is None:
        text = text.encode("utf-8", "surrogatepass")
    found = only(built(text))
    assert found.code == "LOAD001"
    assert found.file == "flow.py"
    if place is not None:
        line, column, message = place
        assert (found.line, message in found.message) == (line, True), found
        assert abs(found.column - column) <= 2


def test_a_sibling_that_is_no_python_has_its_own_name(built):
    found = only(built("from .parts import x\n" + GOOD, parts="x = 1\nx = (\n"))
    assert (found.code, found.file, found.line) == ("LOAD001", "parts.py", 2)


REFUSED = {
    "import os\n": (1, "os may not be imported"),
    "import subprocess as harmless\n": (1, "subprocess"),
    "x = 1\nx.__class__\n": (2, "__class__"),
    "eval('1')\n": (1, "eval"),
    "from ..other import x\n": (1, "leaves the flow's folder"),
}


@pytest.mark.parametrize(("text", "place"), REFUSED.items(), ids=REFUSED)
def test_what_a_flow_may_not_use(built, text, place):
    done = built(text + GOOD)
    line, message = place
    assert [(d.code, d.line) for d in done.diagnostics] == [("LOAD002", line)]
    assert message in done.diagnostics[0].message


def test_every_refusal_is_reported(built):
    done = built("import os\nimport sys\n" + GOOD)
    assert [(d.code, d.line) for d in done.diagnostics] == [("LOAD002", 1), ("LOAD002", 2)]


def test_a_refused_sibling_is_refused(built):
    found = only(built("from .parts import x\n" + GOOD, parts="import socket\nx = 1\n"))
    assert (found.code, found.file, found.line) == ("LOAD002", "parts.py", 1)


FAILING = {
    "x = 1 / 0\n": ("ZeroDivisionError: division by zero", 1),
    "def f():\n    raise ValueError('oh\\nno \\x1b[2J')\nf()\n": ("ValueError: oh no \\x1b[2J", 2),
    "class E(Exception):\n    pass\nraise E\n": ("E", 3),
    "from flowlattice import Flow\nflow = Flow('a')\n": ("TypeError", 2),
    "flow = 1\n": ("defines 0 flows", 1),
    "def f():\n    return f()\nf()\n": ("RecursionError", 2),
    "x = [0] * 10 ** 12\n": ("MemoryError", 1),
    GOOD + "flow.connect(len, flow)\n": ("a graph has nodes", 7),
    GOOD + "flow.trigger(http.post('/x', accepts=Req, deadline=3))\n": ("a duration is written ms", 7),
    GOOD.replace('"1.0.0"', '"1.0.0", profile="web"'): ("AttributeError", 5),
}


@pytest.mark.parametrize(("text", "place"), FAILING.items(), ids=range(len(FAILING)))
def test_what_fails_while_it_is_built(built, text, place):
    found = only(built(text))
    message, line = place
    assert (found.code, found.line) == ("LOAD003", line), found
    assert message in found.message
    assert found.message.isprintable()


@pytest.mark.parametrize(
    ("claim", "help_"),
    [
        ("effects='pure'", "write effects=Effects.PURE"),
        ("determinism=1", "leave determinism out: what the body does is derived"),
    ],
)
def test_a_claim_that_is_no_level_is_said_with_what_to_write(built, claim, help_):
    found = only(built(f"from flowlattice import node\n@node({claim})\ndef f(a: str) -> str:\n    return a\n"))
    assert (found.code, found.line, found.help) == ("LOAD003", 2, help_)
    assert f"not {claim.partition('=')[2]}" in found.message


def test_trusted_code_that_ends_the_process_does_not(tmp_path):
    (tmp_path / "flow.py").write_text("raise SystemExit(3)\n")
    found = only(build(tmp_path, trusted=True))
    assert (found.code, found.line, found.message) == ("LOAD003", 1, "building the graph failed: SystemExit: 3")


def test_a_value_of_the_wrong_kind_is_underlined(built):
    found = only(built(GOOD + "bad = flow.trigger(http.post('/x', accepts=Req, deadline=3))\n"))
    assert (found.line, found.column, found.end_line, found.end_column) == (7, 7, 7, 61)


def test_a_failure_in_a_sibling_has_its_place(built):
    found = only(built("from .parts import f\nf()\n" + GOOD, parts="def f():\n    return {}['no']\n"))
    assert (found.code, found.file, found.line) == ("LOAD003", "parts.py", 2)


def test_what_uses_too_much_is_ended(built):
    found = only(built("x = []\nwhile True:\n    x.append('a' * 10 ** 7)\n"))
    assert found.code in {"LOAD003", "LOAD004"}


def test_a_flow_that_prints_is_heard_by_nobody(built, capfd):
    assert built(GOOD + "print('hello')\n").ir.name == "good"
    assert capfd.readouterr() == ("", "")


def test_a_flow_that_warns_does_not_fail(built):
    assert built('x = "\\d"\n' + GOOD).ir.name == "good"
