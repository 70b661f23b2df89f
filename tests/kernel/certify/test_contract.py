"""What services do to nodes: who says so passes, who swallows it, hides its kind, or asks too often does not."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flowlattice.certify.bench import Bench
from flowlattice.certify.checks import contract
from flowlattice.certify.harness import LIMITS
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Check
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
from flowlattice import (
    CallFailed, Connector, DedupeStore, Exponential, Flow, HttpRead, HttpReadPinned, HttpWrite, If, InvalidInput,
    Profile, Record, Retry, by, http, ms, node,
)


class In(Record, data="internal"):
    v: str


class Made(Record, data="internal"):
    id: str
"""
HONEST = """
@node(idempotency=by("v"))
async def asks(it: In, api: HttpWrite, seen: DedupeStore) -> In:
    (await api.post("https://a.example/things", json={"v": it.v})).raise_for_status()
    return it


@node(idempotency=by("v"))
async def reads(it: In, api: HttpWrite, more: HttpRead) -> Made:
    (await api.put("https://a.example/things", json={"v": it.v})).raise_for_status()
    return (await more.get("https://b.example:8443/made", params={"v": it.v})).read(Made)


@node
async def says(it: In, more: HttpRead) -> Made:
    answer = await more.get("https://b.example:8443/made")
    if answer.status == 404:
        raise InvalidInput("v", "is not known")
    return Made(id=answer.raise_for_status().text)


@node
async def goes(it: In, more: HttpRead) -> Made:
    answer = await more.get("https://b.example:8443/made")
    return Made(id="busy") if answer.status == 429 else answer.read(Made)


def is_busy(made: Made) -> bool:
    return made.id == "busy"


@node(idempotency=by("v"))
async def removes(it: In, api: HttpWrite) -> In:
    answer = await api.delete(f"https://a.example/things/{it.v}")
    if answer.status != 404:
        answer.raise_for_status()
    return it


@node(idempotency=by("v"))
async def created(it: In, api: HttpWrite) -> Made:
    answer = await api.post("https://a.example/things", json={"v": it.v})
    answer.raise_for_status()
    if answer.status != 201:
        raise RuntimeError("it says that it has made nothing")
    return answer.read(Made)


@node
async def pinned(it: In, more: HttpReadPinned) -> Made:
    return Made(id=(await more.get("https://b.example:8443/x", digest="sha256:" + "0" * 64)).text)


@node
async def polls(it: In, more: HttpRead) -> Made:
    for _ in range(3):
        answer = (await more.get("https://b.example:8443/job")).raise_for_status()
    return Made(id=answer.text)
"""
LIES = """
@node(idempotency=by("v"))
async def ignores(it: In, api: HttpWrite) -> In:
    await api.post("https://a.example/things", json={"v": it.v})
    return it


@node(idempotency=by("v"))
async def hides(it: In, api: HttpWrite) -> In:
    answer = await api.post("https://a.example/things", json={"v": it.v})
    if not answer.ok:
        raise RuntimeError("no")
    return it


@node
async def insists(it: In, more: HttpRead) -> Made:
    for _ in range(3):
        answer = await more.get("https://b.example:8443/made")
        if answer.ok:
            break
    return answer.read(Made)


@node(idempotency=by("v"))
async def swallows(it: In, api: HttpWrite) -> In:
    try:
        (await api.post("https://a.example/things", json={"v": it.v})).raise_for_status()
    except CallFailed:
        pass
    return it


@node
async def defaults(it: In, more: HttpRead) -> Made:
    answer = await more.get("https://b.example:8443/made")
    try:
        return answer.read(Made)
    except CallFailed:
        return Made(id="none")


@node
async def leaves(it: In, api: HttpWrite) -> In:
    (await api.post("https://a.example/one", json={"v": it.v})).raise_for_status()
    (await api.post("https://a.example/two", json={"v": it.v})).raise_for_status()
    return it


@node
async def mistakes(it: In, more: HttpRead) -> Made:
    answer = (await more.get("https://b.example:8443/made")).raise_for_status()
    import json
    return Made(id=json.loads(answer.text)["thing"])


@node
async def never(it: In, more: HttpRead) -> In:
    return it


@node
async def strange(it: In, more: HttpRead) -> Made:
    answer = (await more.get("https://b.example:8443/made")).raise_for_status()
    import json
    return Made(id=json.loads(answer.text)["things"][3]["id"] or json.loads(answer.text)[1][2])
"""


def flow_of(*names: str, more: str = "") -> str:
    lines = [f"flow.connect(flow.trigger(http.post('/{name}', accepts=In)), {name})" for name in names]
    replies = [f"flow.connect({name}, flow.respond())" for name in names]
    egress = ["flow.egress('api', 'a.example')", "flow.egress('more', 'b.example:8443')"]
    return "\n".join(["flow = Flow('f', version='1.0.0', profile=Profile.DEV)", *lines, *replies, *egress, more, ""])


@pytest.fixture(scope="module")
def laboratory():
    with Laboratory() as started:
        yield started


def look(laboratory: Laboratory, path: Path) -> Check:
    ir = lower(load(path))
    names = tuple(node.name for node in ir.nodes)
    bench = Bench(path=path, ir=ir, nodes=names, routes=(), examples=(), laboratory=laboratory, limits=LIMITS)
    assert contract.applies(bench) is None
    return contract.run(bench)


def looked_at(laboratory: Laboratory, folder: Path, nodes: str, *names: str) -> Check:
    retried = f"flow.on_error({names[0]}, Retry(max=2, backoff=Exponential(ms(200))))"
    path = folder / "flow.py"
    path.write_text(HEAD + nodes + flow_of(*names, more=retried), encoding="utf-8")
    return look(laboratory, path)


@pytest.fixture(scope="module")
def honest(laboratory, tmp_path_factory):
    names = ("asks", "reads", "says", "removes", "created", "pinned", "polls", "goes")
    path = tmp_path_factory.mktemp("honest") / "flow.py"
    retried = "flow.on_error(asks, Retry(max=2, backoff=Exponential(ms(200))))\n"
    busy = "busy = If(is_busy)\nflow.connect(goes, busy)\nflow.connect(busy.true, flow.respond(status=503))\n"
    path.write_text(HEAD + HONEST + flow_of(*names, more=retried + busy), encoding="utf-8")
    return look(laboratory, path)


@pytest.fixture(scope="module")
def lying(laboratory, tmp_path_factory):
    names = ("hides", "ignores", "insists", "defaults", "swallows", "leaves", "mistakes", "never", "strange")
    return looked_at(laboratory, tmp_path_factory.mktemp("lying"), LIES, *names)


def row(check: Check, node: str, call: str) -> dict[str, str]:
    matrix: Any = check.measured["matrix"]
    found: dict[str, str] = matrix[node][call]
    return found


def test_who_says_what_services_do_passes(honest):
    assert (honest.verdict, honest.failures) == ("passed", ())
    assert {part.name: part.verdict for part in honest.parts} == dict.fromkeys(
        [f"node:{name}" for name in "asks reads says removes created pinned polls goes".split()], "passed"
    )


def test_a_matrix_says_what_each_fault_comes_to(honest):
    assert row(honest, "asks", "1 POST a.example") == {
        "401": "auth",
        "403": "auth",
        "404": "permanent",
        "429": "rate_limited, 3 times",
        "429_later": "rate_limited, 3 times",
        "500": "transient",  # it may have happened, and nobody says that it is done once: one attempt, then in doubt
        "502": "transient",
        "503": "transient",
        "no_connection": "transient",
        "timeout": "transient",
        "dropped": "transient",
        "dropped_late": "transient",
        "truncated": "transient",
        "html": "not looked at",
        "other_json": "not looked at",
        "redirect": "permanent",
    }
    second = row(honest, "reads", "2 GET b.example")
    assert [second[name] for name in ("html", "other_json", "redirect")] == [
        "schema_mismatch",
        "schema_mismatch",
        "policy_denied",
    ]
    said = row(honest, "says", "1 GET b.example")
    assert [said[name] for name in ("404", "429", "html")] == ["invalid_input", "rate_limited", "handed on"]
    assert row(honest, "goes", "1 GET b.example")["429"] == "handled"
    assert row(honest, "removes", "1 DELETE a.example")["404"] == "handled"
    assert row(honest, "pinned", "1 GET b.example")["503"] == "PinBroken"
    assert row(honest, "polls", "1 GET b.example")["503"] == "transient"


STATUSES = "answers 401, 403, 404, 429, 429 with Retry-After: 1, 500, 502 or 503"
SAY = "say `answer.raise_for_status()`"


@pytest.mark.parametrize(
    ("node", "sentences"),
    [
        (
            "ignores",
            [
                f"where POST a.example {STATUSES} or redirects to another host, it is taken for a success; {SAY} and "
                "let what it raises pass",
            ],
        ),
        (
            "swallows",
            [
                f"where POST a.example {STATUSES}, takes no connection, does not answer, closes the connection before "
                "it has read, closes the connection without an answer, breaks off in the body or redirects to another "
                f"host, it is taken for a success; {SAY} and let what it raises pass",
            ],
        ),
        (
            "defaults",
            [
                "where GET b.example answers 401, 403, 429, 429 with Retry-After: 1, 500, 502 or 503, it is taken for "
                f"a success; {SAY} and let what it raises pass",
                "where GET b.example answers 200 with a page or 200 with other JSON, it is taken for a success; read "
                "it with `answer.read(Record)`",
            ],
        ),
        (
            "hides",
            [
                f"where POST a.example answers 401 or 403, it fails with RuntimeError, not with auth; {SAY} and let "
                "what it raises pass",
                "where POST a.example answers 401, 403 or 404 or redirects to another host, it is asked 3 times, "
                "where the one owner of its retries asks once",
            ],
        ),
        (
            "insists",
            [
                f"where GET b.example {STATUSES}, it is asked 3 times, where the one owner of its retries asks once",
                "where GET b.example answers 429 with Retry-After: 1, it is asked again before that",
            ],
        ),
        (
            "leaves",
            [
                "where POST a.example answers 401, 403, 404, 429, 429 with Retry-After: 1, 500, 502 or 503, does not "
                "answer, closes the connection before it has read, closes the connection without an answer, breaks off "
                "in the body or redirects to another host, its POST a.example was done before, without a key; state "
                "idempotency=by(...)"
            ],
        ),
        (
            "mistakes",
            [
                "where GET b.example answers 200 with a page, it fails with JSONDecodeError, not with "
                "schema_mismatch; read it with `answer.read(Record)`",
            ],
        ),
        ("never", ["it asks no service on any of the inputs that were tried; record an input on which it does"]),
        (
            "strange",
            [
                "it does well on no answer that was tried; read its answers with `answer.read(Record)`, or give its "
                "connector a fixture"
            ],
        ),
    ],
)
def test_who_hides_what_services_do_is_found_out(lying, node, sentences):
    [part] = [part for part in lying.parts if part.name == f"node:{node}"]
    assert [sentence for sentence in sentences if sentence not in part.summary] == [], part.summary
    assert part.verdict == ("could_not_run" if node in {"never", "strange"} else "failed")
    assert lying.verdict == "failed"


def test_a_connector_is_held_to_its_fixtures(laboratory, tmp_path):
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "made.json").write_text(json.dumps({"things": [{"id": "t-1"}]}), encoding="utf-8")
    source = """
    import json


    @node(idempotency=by("v"))
    async def make(it: In, api: HttpWrite) -> Made:
        answer = (await api.post("https://a.example/things", json={"v": it.v})).raise_for_status()
        return Made(id=json.loads(answer.text)["things"][0]["id"])


    connector = Connector(
        "things", version="1.0.0", nodes=[make], egress={"api": ["a.example"]}, fixtures=["fixtures/made.json"]
    )
    """
    path = tmp_path / "things.py"
    path.write_text(HEAD + dedent(source), encoding="utf-8")
    found = row(look(laboratory, path), "make", "1 POST a.example")
    assert (found["429"], found["html"]) == ("rate_limited", "JSONDecodeError")


def test_what_talks_to_no_service_has_no_contract(laboratory, tmp_path):
    source = "@node\ndef same(it: In) -> In:\n    return it\n\n\n"
    path = tmp_path / "flow.py"
    path.write_text(HEAD + source + flow_of("same").partition("flow.egress")[0], encoding="utf-8")
    ir = lower(load(path))
    bench = Bench(path=path, ir=ir, nodes=("same",), routes=(), examples=(), laboratory=laboratory, limits=LIMITS)
    assert contract.applies(bench) == "no node talks HTTP"
