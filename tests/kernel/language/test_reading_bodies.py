"""Bodies of every form: what each promises, and the file and the line that are the cause."""

import pytest

from tests.support.bodies import (
    PURE,
    aliases,
    capabilities,
    classes,
    decorators,
    files,
    functions,
    handing,
    loading,
    mixed,
    sets,
    state,
    statements,
    texts,
    zones,
)

MODULES = (
    *(aliases, decorators, functions, classes, files, capabilities, statements, mixed),
    *(handing, loading, sets, state, texts, zones),
)
CASES = {name: case for module in MODULES for name, case in module.CASES.items()}


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
    causes = {(reason.source.file, reason.source.line) for reason in node.reasons}
    assert (node.effects, node.determinism) == case.promise, node.reasons
    assert causes == (set() if case.promise == PURE else marked(tmp_path)), node.reasons
