"""Every fenced code block of the documentation runs; how, `tests/support/docblocks.py` says."""

from pathlib import Path

import pytest

from tests.support.docblocks import ROOT, Workplace, run_block
from tests.support.markdown import Block, blocks_of


def _pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def _cases():
    cases = []
    for page in _pages():
        earlier: list[Block] = []
        for block in blocks_of(page):
            where = f"{page.relative_to(ROOT).as_posix()}:{block.line}"
            cases.append(pytest.param(block, tuple(earlier), id=where))
            earlier.append(block)
    return cases


@pytest.mark.parametrize(("block", "earlier"), _cases())
def test_block(block, earlier, tmp_path):
    run_block(block, list(earlier), Workplace.at(tmp_path))
