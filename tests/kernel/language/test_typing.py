"""The authoring API is typed: mypy accepts what is right and rejects what the checker and the host would reject."""

import re
import subprocess
import sys

import pytest

from tests.support.docblocks import ROOT

RIGHT = '''
"""Everything that must type-check."""

from collections.abc import AsyncIterator
from typing import Annotated, assert_type

from flowlattice import (
    Buffer, Clock, Context, Effects, Filter, Flow, HttpRead, HttpWrite, If, KvWrite, Map, Merge, Record, Switch, by,
    field, http, ms, node,
)
from flowlattice.language.triggers import TriggerNode
from flowlattice.language.nodes import Node


class A(Record, data="public"):
    v: str


class B(Record, data="public"):
    n: int


class C(A, data="public"):
    w: str


@node
def plain(a: A) -> B:
    return B(n=len(a.v))


@node
async def waits(a: A, api: HttpRead, clock: Clock, ctx: Context) -> B:
    answer = await api.get("https://a.example", params={"v": a.v})
    return B(n=answer.status + clock.now().year + ctx.attempt)


@node
async def streams(a: A) -> AsyncIterator[B]:
    yield B(n=1)


@node(effects=Effects.EFFECTFUL, idempotency=by("v"), timeout=ms(5))
async def writes(a: A, api: HttpWrite, entries: KvWrite) -> B:
    await entries.set(a.v, "1", ttl=ms(5))
    return B(n=(await api.post("https://a.example", json={"v": a.v})).status)


@node
def several(a: A) -> list[B]:
    return [B(n=1)]


class Page(Record, data="public"):
    body: Annotated[str, field(body=True)]
    tag: Annotated[str, field(header="ETag")]


@node
def page(a: A) -> Page:
    return Page(body=a.v, tag=a.v)


def kind(b: B) -> str:
    return str(b.n)


def is_large(b: B) -> bool:
    return b.n > 1


def to_a(b: B) -> A:
    return A(v=str(b.n))


assert_type(plain, Node[A, B])
assert_type(waits, Node[A, B])
assert_type(streams, Node[A, B])
assert_type(writes, Node[A, B])
assert_type(Map(to_a), Node[B, A])

flow = Flow("right", version="1.0.0")
hook = flow.trigger(http.post("/a", accepts=A))
assert_type(hook, TriggerNode[A])
flow.connect(hook, plain)
flow.connect(hook, waits, buffer=Buffer(max_items=3), timeout=ms(5))
flow.connect(flow.trigger(http.post("/c", accepts=C)), plain)
kinds = Switch(kind, cases=["1"])
large = If(is_large)
some = Filter(is_large)
both = Merge[B]()
flow.connect(plain, kinds)
flow.connect(kinds.case("1"), large)
flow.connect(kinds.default, some)
flow.connect(large.true, Map(to_a))
flow.connect(large.false, both)
flow.connect(some, both)
flow.connect(both, flow.respond())
flow.connect(several, flow.respond(headers={"Cache-Control": "no-store"}))
flow.connect(page, flow.respond(body="html"))
flow.connect(page, flow.respond(body="json"))
flow.connect(several, flow.respond(body="events"))
flow.connect(plain.named("again"), flow.respond(status=404, body="empty"))
'''

HEAD = (
    RIGHT.partition("assert_type(plain")[0]
    + 'flow = Flow("f", version="1.0.0")\nhook = flow.trigger(http.post("/a", accepts=A))\n'
)

WRONG = {
    "a node that takes something else": "flow.connect(plain, plain)",
    "a trigger into another record": "flow.connect(flow.trigger(http.post('/b', accepts=B)), plain)",
    "the extended record is not the extending one": (
        "@node\ndef of_c(c: C) -> B:\n    return B(n=1)\nflow.connect(hook, of_c)"
    ),
    "a switch of another record": "flow.connect(hook, Switch(kind, cases=[]))",
    "a branch into another record": "flow.connect(If(is_large).true, plain)",
    "an if without a branch": "flow.connect(If(is_large), Map(to_a))",
    "a function that is no node": "flow.connect(hook, to_a)",
    "nothing comes out of a respond": "flow.connect(flow.respond(), plain)",
    "nothing goes into a trigger": "flow.connect(hook, hook)",
    "text from a record": "flow.connect(hook, flow.respond(body='text'))",
    "events from a record": "flow.connect(hook, flow.respond(body='events'))",
    "posting with what can only read": (
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.post('https://a.example')\n    return a"
    ),
    "reading with what can only write": (
        "@node\nasync def f(a: A, api: HttpWrite) -> A:\n    await api.get('https://a.example')\n    return a"
    ),
    "a bare number for a duration": "http.post('/x', accepts=A, deadline=250)",
    "an unknown way to respond": "http.post('/x', accepts=A, respond='later')",
    "something that is no record": "flow.trigger(http.post('/x', accepts=int))",
    "a claim by its name": "@node(effects='pure')\ndef f(a: A) -> A:\n    return a",
    "a key that is no text": "by(1)",
    "a predicate that gives text": "If(kind)",
    "a field that is not there": "@node\ndef f(a: A) -> B:\n    return B(m=1)",
    "changing a record": "@node\ndef f(a: A) -> A:\n    a.v = 'x'\n    return a",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """mypy's complaints about each case, by its name: all cases in one run, each a file."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "right.py").write_text(RIGHT)
    names = {f"wrong_{number}": name for number, name in enumerate(WRONG)}
    for file, name in names.items():
        (folder / f"{file}.py").write_text(HEAD + WRONG[name] + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "--no-incremental",
         "--disable-error-code", "unused-coroutine", *(str(folder / f"{file}.py") for file in ["right", *names])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found: dict[str, list[str]] = {name: [] for name in ["right", *WRONG]}
    for line in done.stdout.splitlines():
        match = re.match(r".*?(right|wrong_\d+)\.py:(\d+): error: (.*)", line)
        if match:
            found[names.get(match[1], match[1])].append(f"{match[2]}: {match[3]}")
    assert "checked" in done.stdout, done.stdout + done.stderr
    return found


def test_what_is_right_is_accepted(complaints):
    assert complaints["right"] == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_rejected_there(complaints, name):
    first = len(HEAD.splitlines()) + 1
    assert complaints[name]
    assert all(int(complaint.partition(":")[0]) >= first for complaint in complaints[name])
