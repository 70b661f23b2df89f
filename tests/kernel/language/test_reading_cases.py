"""Bodies of every form: what each promises, and the file and the line that are the cause."""

import importlib.util
import textwrap
from pathlib import Path

import pytest


def _cases():
    spec = importlib.util.spec_from_file_location("reading_cases", Path(__file__).with_name("reading_cases.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CASES


CASES = _cases()


def marked(folder):
    return {
        (file.name, number)
        for file in folder.glob("*.py")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("# cause")
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_body(node_of, tmp_path, case):
    node = node_of(case.flow, **case.files)
    assert (node.effects, node.determinism) == case.promise, node.reasons
    causes = {(reason.source.file, reason.source.line) for reason in node.reasons}
    assert causes == (set() if case.promise == ("pure", "strict") else marked(tmp_path)), node.reasons
