"""The replay check: nodes that the reader was told are strict, and that give something else when they run again.

Their flow is not one that admission lets in; what a library does that is installed beside a flow looks the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from flowlattice.certify import certify
from flowlattice.certify.bench import Bench
from flowlattice.certify.checks import replay
from flowlattice.certify.harness import LIMITS
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Check
from flowlattice.certify.simpler import simpler, weight
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
import datetime, functools, os, random, secrets, sys, time, uuid
from typing import Annotated

from flowlattice import AiRead, Flow, HttpRead, Record, SeededRng, field, http, model, node, require

HERE = sys.modules[__name__]  # what is taken from it by a name made up on the way, the reader has to be told


class In(Record, data="public"):
    words: Annotated[list[str], field(max_length=6)]
    number: int


class Out(Record, data="public"):
    same: int
    other: str


SEEN: list[str] = []
WEIGHTS = {"a": 1e16, "b": 1.0, "c": -1e16, "d": 0.1, "e": 3.0, "f": 1e8}
flow = Flow("again", version="1.0.0")
hook = flow.trigger(http.post("/x", accepts=In))
"""

NODE = """
@node(vouch=["getattr", "action"])
def {name}(given: In) -> Out:
    action = getattr(HERE, given.words and "{name}_" or "{name}_")
    return Out(same=given.number, other=str(action(given)))


def {name}_(given):
    return {body}


flow.connect(hook, {name})
"""

LIES = {
    "by_time": "int(time.time()) // 3600",
    "by_now": "datetime.datetime.now().year",
    "by_now_in_utc": "datetime.datetime.now(datetime.timezone.utc).date()",
    "by_today": "datetime.date.today()",
    "by_local_time": "time.strftime('%Y-%m', time.localtime())",
    "by_zone": "datetime.datetime(2020, 1, 1).astimezone().utcoffset()",
    "by_random": "random.random()",
    "by_urandom": "os.urandom(4).hex()",
    "by_uuid": "uuid.uuid4()",
    "by_token": "secrets.token_hex(4)",
    "by_hash": "hash('seed') % 1000",
    "by_order_of_a_set": "list({'ab', 'cd', 'ef', 'gh', *given.words})",
    "by_order_of_a_sum": "functools.reduce(float.__add__, (WEIGHTS[w] for w in {*'abcdef'}))",
    "by_counter": "SEEN.append('') or len(SEEN)",
    "by_environment": "os.environ.get('USER')",
}
HONEST = {
    "by_input": "sorted({*given.words})",
    "by_memory": "functools.lru_cache(len)(tuple(given.words))",
    "by_own_seed": "random.Random(7).random()",
    "by_stated_time": "datetime.datetime.fromtimestamp(0, datetime.timezone.utc)",
    "by_refusal": "require(given.number > 10, 'number', 'is too small') or 1",
    "by_failure": "1 // 0",
}
MORE = """
@node(vouch=["getattr", "action"])
def only_with_two_words(given: In) -> Out:
    action = getattr(HERE, given.words and "two_" or "two_")
    return Out(same=1, other=str(action(given.words)))


def two_(words):
    return time.time() if len(words) >= 2 else 0


@node
async def asks_a_model(
    given: In, ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=1, max_tokens=9, usd_per_million=("1", "1"))]
) -> str:
    return await ai.complete("Say something.", data=given)


@node
def draws(given: In, dice: SeededRng) -> int:
    return dice.integer(1, 6, seed=str(given.number))


@node
async def reads(given: In, api: HttpRead) -> int:
    return (await api.get("https://example.com/")).status


for other in (only_with_two_words, asks_a_model, draws, reads):
    flow.connect(hook, other)
flow.connect(draws, flow.respond())
flow.egress("api", "example.com")
"""


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as one:
        yield one


def checked(folder: Path, source: str, laboratory: Laboratory) -> Check:
    (folder / "flow.py").write_text(source, encoding="utf-8")
    ir = lower(load(folder))
    names = tuple(node.name for node in ir.nodes)
    bench = Bench(
        path=folder / "flow.py",
        ir=ir,
        nodes=names,
        routes=(),
        examples=(),
        laboratory=laboratory,
        limits=LIMITS,
    )
    return replay.run(bench)


@pytest.fixture(scope="module")
def found(tmp_path_factory, laboratory) -> Check:
    nodes = [NODE.format(name=name, body=body) for name, body in (LIES | HONEST).items()]
    # The first three that fail are shrunk: the one that fails on some inputs only is among them.
    return checked(tmp_path_factory.mktemp("again"), HEAD + MORE + "".join(nodes), laboratory)


def part(check: Check, node: str) -> tuple[str, str]:
    one = next(one for one in check.parts if one.name == f"node:{node}")
    return one.verdict, one.summary


@pytest.mark.parametrize("name", LIES)
def test_a_node_that_depends_on_what_must_not_matter_is_caught(found, name):
    assert part(found, name)[0] == "failed", part(found, name)


@pytest.mark.parametrize("name", [*HONEST, "asks_a_model", "draws"])
def test_a_node_that_repeats_passes(found, name):
    assert part(found, name)[0] == "passed", part(found, name)


def test_what_is_not_said_to_repeat_is_not_run(found):
    assert "node:reads" not in {one.name for one in found.parts}


def test_the_simplest_input_that_fails_is_kept_and_what_differs_is_said_without_values(found):
    assert {
        "check": "replay",
        "node": "only_with_two_words",
        "input": {"words": ["", ""], "number": 0},
    } in found.fixtures
    verdict, summary = part(found, "only_with_two_words")
    assert verdict == "failed"
    assert summary.endswith("other"), summary


def test_a_counter_shows_in_one_process(tmp_path, laboratory):
    source = HEAD + NODE.format(name="by_counter", body=LIES["by_counter"])
    check = checked(tmp_path, source, laboratory)
    assert part(check, "by_counter")[1].endswith("in one process, after other inputs: other")
    assert check.fixtures == ({"check": "replay", "node": "by_counter", "input": {"words": [], "number": 0}},)


ROUTES = """
from flowlattice import Flow, Record, http, node
import sys

HERE = sys.modules[__name__]


class In(Record, data="public"):
    v: str


@node
def right(given: In) -> In:
    return given


@node(vouch=["getattr", "action"])
def wrong(given: In) -> In:
    action = getattr(HERE, given.v and "other" or "other")
    return In(v=action())


def other():
    return "".join({"a", "b", "c", "d", "e"})


flow = Flow("routes", version="1.0.0")
for name, each in (("right", right), ("wrong", wrong)):
    flow.connect(flow.trigger(http.post(f"/{name}", accepts=In), name=f"ask_{name}"), each)
    flow.connect(each, flow.respond(name=f"say_{name}"))
"""


KEPT = """
def by_first_(given):
    return FIRST.setdefault(bool(given.words), given.number)


FIRST = {}
"""


def test_what_is_kept_of_an_input_shows_with_the_other_that_it_needs(tmp_path, laboratory):
    node = NODE.format(name="by_first", body="0")
    check = checked(tmp_path, HEAD + node + KEPT, laboratory)
    assert part(check, "by_first")[0] == "failed"
    (fixture,) = check.fixtures
    assert isinstance(fixture, dict)
    assert isinstance(fixture["others"], list)
    assert len(fixture["others"]) <= 3


def test_a_route_that_is_strict_from_end_to_end_answers_the_same(tmp_path, laboratory):
    file = tmp_path / "flow.py"
    file.write_text(ROUTES, encoding="utf-8")
    check = certify(file, lower(load(file)), source_digest="digest", laboratory=laboratory).check("replay")
    assert check is not None
    assert {one.name: one.verdict for one in check.parts} == {
        "node:right": "passed",
        "node:wrong": "failed",
        "route:POST /right": "passed",
        "route:POST /wrong": "failed",
    }


def test_simpler_values_get_simpler_until_there_is_none():
    value: JsonValue = {"words": ["é中", "b"], "number": 12.5}
    steps = 0
    while tried := simpler(value):
        assert all(weight(one) < weight(value) for one in tried)
        value, steps = tried[-1], steps + 1
    assert (value, steps < 100) == ({}, True)
