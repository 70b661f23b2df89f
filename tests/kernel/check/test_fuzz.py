"""Anything at all can be checked and fixed: mutated flows and garbage give diagnostics, never a traceback."""

import tempfile
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowlattice.check import CheckContext, apply_fixes, check, with_edits
from flowlattice.check.render import render_json, render_sarif, render_text, summary
from flowlattice.cli import run
from flowlattice.ir import TASK
from flowlattice.ir.build import build
from flowlattice.sandbox import Sandbox
from tests.support.docblocks import ROOT

HERE = Path(__file__).parent
SEEDS = [
    (ROOT / "examples" / "s01_echo" / "flow.py").read_text(encoding="utf-8"),
    (HERE.parent / "ir" / "flows" / "everything" / "flow.py").read_text(encoding="utf-8"),
    (HERE / "flows" / "wrong" / "flow.txt").read_text(encoding="utf-8"),
]
SNIPPETS = [
    "",
    "(",
    "\n",
    "\t",
    "\x00",
    "\x0c",
    "\ufeff",
    "é",
    "\u2028",
    "\ud800",
    "None",
    "0",
    "-1",
    "10**9",
    "[]",
    "lambda x: x",
    "@node",
    "flow",
    "'''",
    "#",
    "\\",
    "async ",
    "await ",
    "yield ",
    "*",
    "**{}",
    ": int",
    " -> None",
    "from .parts import Order\n",
    "class A(A): pass\n",
    "flow.connect(flow, flow)\n",
    "def f(*, a): pass\n",
]


@st.composite
def mutated(draw):
    """A flow file after some slips: pieces left out, doubled, moved or written between others."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["delete", "double", "insert", "replace", "line"]))
        if kind == "delete":
            text = text[:start] + text[end:]
        elif kind == "double":
            text = text[:end] + text[start:]
        elif kind == "line":
            lines = text.split("\n")
            line = draw(st.integers(0, len(lines) - 1))
            other = draw(st.integers(0, len(lines) - 1))
            lines[line], lines[other] = lines[other], lines[line]
            text = "\n".join(lines)
        else:
            snippet = draw(st.sampled_from(SNIPPETS))
            text = text[:start] + snippet + text[end if kind == "replace" else start :]
    return text.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(TASK) as made:
        yield made


def examined(data, sandbox):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "flow.py").write_bytes(data)
        (Path(folder) / "parts.py").write_text((HERE / "flows" / "wrong" / "parts.txt").read_text())
        records = HERE.parent / "ir" / "flows" / "everything" / "records.py"
        (Path(folder) / "records.py").write_text(records.read_text())
        built = build(Path(folder), sandbox=sandbox)
    found = built.diagnostics
    if built.ir is not None:
        found = with_edits(built.ir, check(built.ir, CheckContext(allowed_hosts=frozenset())), built.sources)
    return built, found


def looked_at(built, found):
    for diagnostic in found:
        assert diagnostic.line >= 1
        assert diagnostic.column >= 1
        assert diagnostic.file in {"flow.py", "parts.py", "records.py"}
        assert diagnostic.message.isprintable()
        if diagnostic.end_line is not None and diagnostic.end_column is not None:
            assert (diagnostic.end_line, diagnostic.end_column) >= (diagnostic.line, diagnostic.column)
    shown = click.unstyle(render_text(found, built.sources))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert summary(found)
    render_json(found)
    render_sarif(found, version="0")
    for name, text in built.sources.items():
        fixed = apply_fixes(text, [d for d in found if d.file == name], unsafe=True)
        if fixed != text:
            compile(fixed, name, "exec")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_flow(sandbox, data):
    looked_at(*examined(data, sandbox))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())))
def test_garbage(sandbox, data):
    built, found = examined(data, sandbox)
    looked_at(built, found)
    assert any(diagnostic.severity == "error" for diagnostic in found)


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 50_000, b"(" * 100_000, b"x = 1\n" * 60_000, b"'" * 99_999])
def test_large_garbage_on_the_command_line(tmp_path, capsys, data):
    (tmp_path / "flow.py").write_bytes(data)
    assert run(["check", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "error LOAD00" in out
    assert "Traceback" not in out + err
