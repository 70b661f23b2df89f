"""The runners of documentation blocks find what is wrong with a page: an example that fails cannot pass unseen."""

import time

import pytest

from flowlattice_agents.errors import SpecError
from tests.support.docblocks import COVERED, RUNNERS, Workplace, run_block
from tests.support.markdown import blocks_of

GOOD = {
    "python": "assert 1 + 1 == 2",
    'python title="helper.py"': "TWO = 2",
    "console": '$ echo "took 0.25 s" && echo two; echo three >&2\ntook 0.31 s\n...\n$ false || echo $?\n1',
    "console exit=3": "$ (exit 3)",
    "console checkout": "$ make help\n...\n  make demo  ...\n...",
    "sh": "test 1 -lt 2",
    "sh setup": "git clone URL flowlattice  # any\ncd flowlattice\nmake demo\npip install 'flowlattice[agents]'",
    "yaml answers": '- {ask: "path|route", say: /echo}',
    "yaml hosts": "[api.example.com]",
    "yaml rules": "severities: {WEB-DEADLINE: deny}",
    "json": '{"v": 1}',
    "jsonl": '{"v": 1}\n{"v": 2}',
    "toml": "v = 1",
    "mermaid": "flowchart LR\n  a --> b",
    "text": "a -> b",
}

BAD = {
    "": "what is this",
    "bash": "echo",
    "python": "assert 1 + 1 == 3",
    'python title="../out.py"': "",
    "console": "$ echo one\ntwo",
    "console ": "$ echo one",
    "console  ": "$ true\n$ false",
    "console   ": "no command",
    "console checkout": "$ make nothing\n...",
    "sh": "false\ntrue",
    "sh setup": "make everything",
    "sh setup ": "curl example.com | sh",
    "yaml": "a: 1",
    "yaml spec": "name: Wrong",
    "yaml answers": "- {question: path}",
    "yaml rules": "- {id: WEB-DEADLINE}",
    "json": "{v: 1}",
    "text": "$ echo one",
}


def _run(tmp_path, info, text):
    page = tmp_path / "page.md"
    page.write_text(f"Words.\n\n```{info}\n{text}\n```\n")
    (block,) = blocks_of(page)
    run_block(block, [], Workplace.at(tmp_path))


@pytest.mark.parametrize(("info", "text"), GOOD.items())
def test_a_right_block_passes(tmp_path, info, text):
    _run(tmp_path, info, text)


@pytest.mark.parametrize(("info", "text"), BAD.items())
def test_a_wrong_block_fails(tmp_path, info, text):
    with pytest.raises((AssertionError, ValueError, SpecError)):
        _run(tmp_path, info, text)


def test_every_kind_has_a_right_example():
    kinds = {info.split(" title=")[0].split(" exit=")[0] for info in GOOD}
    # Kinds that another test runs have their examples there.
    assert kinds >= set(RUNNERS) - set(COVERED) - {"yaml spec"}


def test_a_titled_block_is_a_file_for_the_next(tmp_path):
    page = tmp_path / "page.md"
    page.write_text('```json title="data/in.json"\n{}\n```\n\n~~~sh\ntest -f data/in.json\n~~~\n')
    first, second = blocks_of(page)
    assert (first.line, second.line) == (1, 5)
    run_block(second, [first], Workplace.at(tmp_path))


def test_a_block_that_is_never_closed_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("````text\n```\n")
    with pytest.raises(ValueError, match=r"page\.md:1: this code block is never closed"):
        list(blocks_of(page))


def test_a_server_in_the_background_is_waited_for_and_stopped(tmp_path):
    serve = "trap 'touch ../stopped; exit' TERM; echo http://127.0.0.1:8000; while :; do sleep 0.05; done"
    _run(tmp_path, "console", f"$ ({serve}) &\nhttp://127.0.0.1:1\n$ true")
    deadline = time.monotonic() + 10
    while not (tmp_path / "stopped").exists():
        assert time.monotonic() < deadline, "the server outlived its transcript"
        time.sleep(0.01)
