"""Flows for these tests: written, loaded in this process and lowered."""

import textwrap

import pytest

from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
{future}
import asyncio, collections, functools, heapq, itertools, json, math, operator
import random, re, secrets, statistics, time, uuid
import datetime as dt
import os as system
from datetime import datetime, timezone
from decimal import Decimal
from random import choice as pick
from uuid import uuid4, uuid5
from zoneinfo import ZoneInfo
from flowlattice import *
from flowlattice.operators import lists, text

class Req(Record, data="public"):
    v: str = ""
    n: int = 0
    words: list[str] = []
    tags: set[str] = set()

class Res(Record, data="public"):
    v: str = ""
    words: list[str] = []

TABLE = {{"a": "b"}}
NAMES = frozenset({{"x", "y"}})
COUNTS = {{}}
SEEN = []
PATTERN = re.compile("[a-z]+")
IDS = itertools.count()
DICE = random.Random()
LIMIT = Decimal("10")
"""

TAIL = """
flow = Flow("tested", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=Req))
flow.connect(hook, {name})
flow.connect({name}, flow.respond(body="empty"))
"""


@pytest.fixture
def flow_of(tmp_path):
    """The IR of a whole flow file, with other files beside it."""

    def build(text, **files):
        for name, content in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(content), encoding="utf-8")
        (tmp_path / "flow.py").write_text(text, encoding="utf-8")
        return lower(load(tmp_path))

    return build


@pytest.fixture
def node_of(flow_of):
    """The IR node of the function `f`, defined in a file that imports what bodies here use."""

    def build(definitions, *, future="", **files):
        text = HEAD.format(future=future) + textwrap.dedent(definitions) + TAIL.format(name="f")
        return next(node for node in flow_of(text, **files).nodes if node.name == "f")

    return build
