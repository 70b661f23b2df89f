"""The digest of a body changes with what is computed, wherever in the flow that is written, and with nothing else."""

from pathlib import Path

import pytest

from flowlattice.language.bodies import body_digest
from flowlattice.language.loading import load
from flowlattice.language.nodes import Node

TABLES = """
RATES = {"de": 19, "fr": 20}
def plain(text: str) -> str:
    return text.strip()
"""
FLOW = '''
"""A flow."""
import re
from flowlattice import Flow, Record, http, node
from . import tables
from .tables import RATES

WORD = re.compile("[a-z]+")
LIMIT = 10

class Req(Record, data="public"):
    v: str
    n: int = 0

    def doubled(self) -> int:
        return self.n * 2

def helper(n: int) -> int:
    return n + 1 if n < LIMIT else helper(n - 1)

def marked(function):
    return function

@node
def work(req: Req) -> Req:
    """Do it."""
    words = len(WORD.findall(tables.plain(req.v)))
    return Req(v=req.v, n=helper(req.doubled() + words) + RATES["de"])

flow = Flow("f", version="1.0.0")
hook = flow.trigger(http.post("/a", accepts=Req))
flow.connect(hook, work)
flow.connect(work, flow.respond())
'''


def digest(folder: Path, flow: str = FLOW, tables: str = TABLES) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "flow.py").write_text(flow, encoding="utf-8")
    (folder / "tables.py").write_text(tables, encoding="utf-8")
    program = load(folder)
    work = next(end.target for end in program.flow.connections if isinstance(end.target, Node))
    return body_digest(program.sources, work.function)


SAME = {
    "a docstring": ('"""Do it."""', '"""Do it again."""'),
    "a comment": ("    words =", "    # count\n    words ="),
    "layout": ("n + 1 if n", "(n + 1) if n"),
    "a decorator": ("@node\n", "@node\n@marked\n"),
    "annotations": ("helper(n: int) -> int", "helper(n: 'int') -> float"),
    "another function": ("def marked(function):", "def unused():\n    return 1\n\ndef marked(function):"),
    "the wiring": ("flow.connect(work,", "flow.rate_limit(qps=1, burst=1)\nflow.connect(work,"),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_computes_the_same_has_the_same_digest(tmp_path: Path, old: str, new: str) -> None:
    assert old in FLOW
    assert digest(tmp_path, FLOW.replace(old, new)) == digest(tmp_path / "before")


OTHER = {
    "the body": ('+ RATES["de"]', '- RATES["de"]'),
    "a constant in it": ('RATES["de"]', 'RATES["fr"]'),
    "a helper": ("return n + 1", "return n + 2"),
    "a constant of a helper": ("LIMIT = 10", "LIMIT = 11"),
    "a pattern": ('"[a-z]+"', '"[a-z]*"'),
    "a method": ("self.n * 2", "self.n * 3"),
    "a field of a record it makes": ("n: int = 0", "n: int = 1"),
}


@pytest.mark.parametrize(("old", "new"), OTHER.values(), ids=OTHER)
def test_what_computes_something_else_has_another_digest(tmp_path: Path, old: str, new: str) -> None:
    assert old in FLOW
    assert digest(tmp_path, FLOW.replace(old, new)) != digest(tmp_path / "before")


@pytest.mark.parametrize(("old", "new"), [("19", "16"), ("text.strip()", "text.upper()")])
def test_files_beside_the_flow_count(tmp_path: Path, old: str, new: str) -> None:
    assert digest(tmp_path, tables=TABLES.replace(old, new)) != digest(tmp_path / "before")


def test_the_folder_says_nothing(tmp_path: Path) -> None:
    assert digest(tmp_path / "one") == digest(tmp_path / "other")


def test_values_count_by_what_they_are(tmp_path: Path) -> None:
    digest(tmp_path)
    sources = load(tmp_path).sources
    different = [[1, 2], (1, 2), [2, 1], {1, 2}, {1: 2}, {2: 1}, "1", 1, 1.0, True, None, b"1", "12"]
    assert len({body_digest(sources, value) for value in different}) == len(different)
    assert body_digest(sources, {"b", "a", "c"}) == body_digest(sources, {"c", "b", "a"})
