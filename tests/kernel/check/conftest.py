"""Flows for these tests: built in one sandbox, or loaded here where many small ones are needed."""

import pytest

from flowlattice.check import CheckContext, check
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from flowlattice import *

class A(Record, data="public"):
    v: str = ""
    n: int = 0

class B(Record, data="public"):
    v: str = ""

class C(A, data="public"):
    w: str = ""

@node
def same(a: A) -> A:
    return a

flow = Flow("tested", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=A))
"""


@pytest.fixture
def flow_of(tmp_path):
    """The IR of a flow that starts with `HEAD`."""

    def build(lines, head=HEAD):
        (tmp_path / "flow.py").write_text(head + lines, encoding="utf-8")
        return lower(load(tmp_path))

    return build


@pytest.fixture
def found_in(flow_of):
    """What is found in such a flow, as (code, text of the line, what is underlined there)."""

    def look(lines, context=None, head=HEAD, ignore=("CAP101",)):
        text = (head + lines).split("\n")
        found = check(flow_of(lines, head), context or CheckContext())
        return [
            (
                d.code,
                text[d.line - 1][d.column - 1 : d.end_column - 1 if d.end_line == d.line and d.end_column else None],
            )
            for d in found
            if d.code not in ignore
        ]

    return look
