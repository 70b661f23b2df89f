"""What nodes are given for capabilities: what a call gives, what the run log has of it, what is refused."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest

from flowlattice.bindings import EnvironmentBindings, LocalBindings
from flowlattice.errors import UsageError
from tests.support.flows import running, runtime_of, web

HEAD = """
from flowlattice import (
    AiRead, BlobRead, BlobReadByHash, BlobWrite, Creds, DbRead, DbWrite, HttpReadPinned, KafkaWrite, Mail,
    QueueConsume, QueuePublish, SeededRng, SessionRead, SessionStore, TokenBudget, model, per, scopes,
    tokens,
)

class In(Record, data="public"):
    v: str
    n: int = 0

class Out(Record, data="public"):
    v: str

"""
TAIL = """
flow = Flow("granted", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(20)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
flow.egress("site", "site.example.com")
"""


def source(node):
    return HEAD + node + TAIL


def calls(client):
    return [(call.capability, call.method, call.target) for call in client.log.calls]


def answers(folder, node, *records, bindings=None):
    """What the node's answers hold, and the calls."""

    async def send():
        async with web(folder, source(node), bindings=bindings) as client:
            found = [await client("POST", "/go", json=record) for record in records]
            return [(answer.status, json.loads(answer.body)) for answer in found], calls(client), client.log.calls

    return asyncio.run(send())


def test_rows_that_were_written_are_read_again(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite, again: DbRead) -> Out:
    await db.upsert("orders", req, key="v")
    await db.upsert("orders", {"v": req.v, "n": req.n + 1}, key=["v"])
    await db.insert("notes", {"about": req.v, "at": date(2026, 1, 31), "on": True, "rate": 0.5, "raw": b"x"})
    changed = await db.update("orders", {"n": 9, "seen": "yes"}, where={"v": req.v})
    gone = await db.delete("notes", where={"about": "nobody"})
    rows = await db.select("orders", order_by="v", limit=5)
    note = await db.first("notes", where={"about": req.v})
    nothing = await db.first("absent", where={"v": req.v})
    other = await again.select("orders", where={"v": req.v})
    return Out(v=f"{changed} {gone} {[dict(row) for row in rows]} {note} {nothing} {len(other)}")
"""
    ((answer, called, _),) = [answers(tmp_path, node, {"v": "a"})]
    note = "{'about': 'a', 'at': '2026-01-31', 'on': 1, 'rate': 0.5, 'raw': b'x'}"
    assert answer == [(200, {"v": "1 0 [{'v': 'a', 'n': 9, 'seen': 'yes'}] " + note + " None 0"})]
    assert called == [
        ("db.write", "upsert", "orders"),
        ("db.write", "upsert", "orders"),
        ("db.write", "insert", "notes"),
        ("db.write", "update", "orders"),
        ("db.write", "delete", "notes"),
        ("db.read", "select", "orders"),
        ("db.read", "first", "notes"),
        ("db.read", "first", "absent"),
        ("db.read", "select", "orders"),
    ]


def test_each_change_carries_a_key_of_its_own(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite) -> Out:
    await db.insert("t", {"v": req.v})
    await db.insert("t", {"v": req.v})
    return Out(v=req.v)
"""
    _, _, log = answers(tmp_path, node, {"v": "a"})
    assert log[0].key is not None
    assert [call.key for call in log] == [log[0].key, f"{log[0].key}-2"]


TRANSACTION = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite, outer: DbRead) -> Out:
    try:
        async with db.transaction():
            await db.insert("orders", {"v": req.v})
            await db.insert("outbox", {"v": req.v})
            inside = len(await db.select("orders"))
            if req.n:
                raise ValueError("no")
    except ValueError:
        pass
    left = len(await db.select("orders"))
    return Out(v=f"{inside} {left}")
"""


def test_a_transaction_commits_as_a_whole(tmp_path):
    answer, called, log = answers(tmp_path, TRANSACTION, {"v": "a"})
    assert answer == [(200, {"v": "1 1"})]
    # What is read is recorded when it is read, what is changed when it is committed.
    assert called == [
        ("db.read", "select", "orders"),
        ("db.write", "insert", "orders"),
        ("db.write", "insert", "outbox"),
        ("db.read", "select", "orders"),
    ]
    assert {call.outcome for call in log} == {"done"}


def test_a_transaction_that_fails_leaves_nothing_and_is_no_effect(tmp_path):
    answer, called, _ = answers(tmp_path, TRANSACTION, {"v": "a", "n": 1})
    assert answer == [(200, {"v": "1 0"})]
    assert called == [("db.read", "select", "orders"), ("db.read", "select", "orders")]


def test_transactions_do_not_nest(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite) -> Out:
    async with db.transaction():
        try:
            async with db.transaction():
                pass
        except RuntimeError as error:
            return Out(v=str(error))
    return Out(v="nested")
"""
    answer, _, _ = answers(tmp_path, node, {"v": "a"})
    assert answer == [(200, {"v": "binding db has a transaction open already; they do not nest"})]


def test_a_change_that_cannot_be_made_is_no_effect(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite) -> Out:
    said = []
    for table, row, key in (
        ("a b", {"v": 1}, "v"), ("t", {"a'": 1}, "a'"), ("t", {}, "v"), ("t", {"v": 1}, "w"), ("t", {"v": {1}}, "v"),
    ):
        try:
            await db.upsert(table, row, key=key)
        except (ValueError, TypeError) as error:
            said.append(str(error))
    return Out(v=" | ".join(said))
"""
    answer, called, _ = answers(tmp_path, node, {"v": "a"})
    ((status, body),) = answer
    assert status == 200
    said = body["v"].split(" | ")
    assert "'a b' is no name of a table or a column" in said[0]
    assert '"a\'" is no name' in said[1]
    assert said[2:] == [
        "there has to be at least one column",
        "the key (w) has to be among the columns (v)",
        "a set is no value of a table",
    ]
    assert called == []


def test_transactions_of_several_runs_take_turns(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, db: DbWrite) -> Out:
    async with db.transaction():
        row = await db.first("counter", where={"id": 1}) or {"n": 0}
        await asyncio.sleep(0)
        await db.upsert("counter", {"id": 1, "n": int(row["n"]) + 1}, key="id")
    return Out(v="")
"""

    async def send():
        async with web(tmp_path, source(node), bindings=(bindings := LocalBindings(tmp_path / "state"))) as client:
            await asyncio.gather(*(client("POST", "/go", json={"v": str(number)}) for number in range(8)))
            async with bindings.db("db").transaction() as connection:
                return await connection.select("counter", {}, None, None)

    assert asyncio.run(send()) == [{"id": 1, "n": 8}]


def test_objects_by_key_and_by_digest(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, put: BlobWrite) -> Out:
    made = await put.put(f"a/{req.v}.txt", req.v.encode())
    again = await put.put(f"b/{req.v}.txt", req.v.encode())
    await put.delete(f"b/{req.v}.txt")
    await put.delete("absent")
    return Out(v=f"{made.bucket} {made.key} {made.digest == again.digest} {made.size}")
"""
    answer, called, _ = answers(tmp_path, node, {"v": "x"})
    assert answer == [(200, {"v": "put a/x.txt True 1"})]
    assert called == [("blob.write", method, "put") for method in ("put", "put", "delete", "delete")]


def test_a_session_is_kept_between_requests(tmp_path):
    node = """
@node(idempotency=by("v", "n"))
async def act(req: In, visit: SessionStore) -> Out:
    before = await visit.read(req.v)
    if req.n == 9:
        await visit.end(req.v)
    else:
        await visit.write(req.v, {"count": str(req.n)}, ttl=minutes(5))
    return Out(v=str(dict(before)))
"""
    records = [{"v": "s", "n": 1}, {"v": "s", "n": 2}, {"v": "t", "n": 9}, {"v": "s", "n": 9}, {"v": "s", "n": 9}]
    answer, called, _ = answers(tmp_path, node, *records)
    assert [body["v"] for _, body in answer] == ["{}", "{'count': '1'}", "{}", "{'count': '2'}", "{}"]
    assert called[:3] == [
        ("session.read", "read", "visit"),
        ("session", "write", "visit"),
        ("session.read", "read", "visit"),
    ]


def test_what_is_sent_is_recorded_by_where_it_goes(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, jobs: QueuePublish, log: KafkaWrite, post: Mail) -> Out:
    await jobs.publish("resize", req, delay=seconds(5))
    await log.send("clicks", {"v": req.v}, key=req.v)
    await post.send(to="ines@example.com", subject="hello", text=req.v)
    return Out(v="")
"""
    answer, called, log = answers(tmp_path, node, {"v": "a"})
    assert [status for status, _ in answer] == [200]
    assert called == [
        ("queue.publish", "publish", "resize"),
        ("kafka.write", "send", "clicks"),
        ("mail.send", "send", "example.com"),
    ]
    assert len({call.key for call in log}) == 3


def test_what_can_be_no_mail_is_invalid_input_and_leaves_no_key_in_doubt(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, post: Mail, seen: DedupeStore) -> Out:
    to, _, subject = req.v.partition("|")
    await post.send(to=to, subject=subject, text="hello", reply_to=to)
    return Out(v="")
"""
    wrong = ["a@b.co|" + "x" * 901, ":;x@é.é|hi", "a@b.co, c@d.co|hi", "a@b\nBcc: c@d|hi", "a..b@c|hi"]
    right = ["ä.o@bücher.example|Grüße", "a@b.co|a\u2028b\nBcc: c@d.co"]
    sent = [{"v": text} for text in (*wrong, *wrong, *right)]
    answer, called, _ = answers(tmp_path, node, *sent)
    assert [status for status, _ in answer] == [422] * len(wrong) * 2 + [200, 200]
    assert answer[0][1]["fields"] == [{"field": "subject", "reason": "is too long"}]
    assert {field["field"] for field in answer[1][1]["fields"]} == {"to", "reply_to"}
    assert [capability for capability, _, _ in called if capability == "mail.send"] == ["mail.send"] * 2


def test_a_model_is_asked_whole_or_piece_by_piece(tmp_path):
    node = """
@node
async def act(
    req: In,
    ai: Annotated[AiRead, model("desk-2026-01-31", seed=7, max_tokens=3)],
    budget: Annotated[TokenBudget, per(call=tokens(100))],
) -> Out:
    pieces = [piece async for piece in ai.stream(req.v, max_tokens=2)]
    return Out(v=f"{await ai.complete(req.v)}|{pieces}|{budget.exhausted}")
"""
    answer, called, _ = answers(tmp_path, node, {"v": "one two three four"})
    assert answer == [(200, {"v": "one two three|['one', ' two']|False"})]
    assert called == [("ai.read", "stream", "desk-2026-01-31"), ("ai.read", "complete", "desk-2026-01-31")]


def test_seeded_values_are_the_same_for_ever(tmp_path):
    node = """
@node
def act(req: In, rng: SeededRng) -> Out:
    die = [rng.integer(1, 6, seed=f"{req.v}/{n}") for n in range(8)]
    return Out(v=f"{rng.random(seed=req.v)} {die} {rng.uuid(seed=req.v)} {rng.integer(3, 3, seed='')}")
"""
    answer, _, _ = answers(tmp_path, node, {"v": "a"}, {"v": "a"}, {"v": "b"})
    first, again, other = [body["v"] for _, body in answer]
    assert first == again != other
    assert first == SEEDED
    assert UUID(first.split()[-2]).version == 4


SEEDED = "0.8300454708751388 [5, 1, 4, 6, 3, 2, 4, 4] 5b799cc2-4290-4d49-8646-cb4306749488 3"


def test_a_seeded_range_has_to_hold_a_number(tmp_path):
    node = """
@node
def act(req: In, rng: SeededRng) -> Out:
    try:
        return Out(v=str(rng.integer(2, 1, seed=req.v)))
    except ValueError as error:
        return Out(v=str(error))
"""
    answer, _, _ = answers(tmp_path, node, {"v": "a"})
    assert answer == [(200, {"v": "there is no whole number from 2 to 1"})]


def test_a_double_has_nothing_that_could_be_pinned(tmp_path):
    node = """
@node
async def act(req: In, site: HttpReadPinned, key: Annotated[Creds, scopes("read")]) -> Out:
    answer = await site.get("https://site.example.com/x", digest="sha256:" + "0" * 64, auth=key)
    try:
        await site.get("https://site.example.com/x", digest="md5:00")
    except ValueError as error:
        return Out(v=f"{answer.text} {key.name} {error}")
    return Out(v="")
"""
    answer, called, _ = answers(tmp_path, node, {"v": "a"})
    said = 'a pin is "sha256:" and a digest or "etag:" and a tag, not \'md5:00\''
    assert answer == [(200, {"v": "{} key " + said})]
    assert called == [("http.read_pinned", "get", "site.example.com")]


def test_only_what_the_engine_gave_is_a_credential(tmp_path):
    node = """
@node
async def act(req: In, site: HttpRead) -> Out:
    try:
        await site.get("https://site.example.com/x", auth="Bearer written")
    except TypeError as error:
        return Out(v=str(error))
    return Out(v="")
"""
    answer, called, _ = answers(tmp_path, node, {"v": "a"})
    assert answer == [(200, {"v": "auth takes a parameter of type Creds, not a str"})]
    assert called == []


def test_what_no_host_here_serves_is_said_in_one_line(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, it: QueueConsume) -> Out:
    return Out(v="")
"""
    with pytest.raises(UsageError, match=r"binding it: no host that runs in this process serves .*queue.consume"):
        runtime_of(tmp_path, source(node))


@pytest.mark.parametrize(
    ("asked", "entry", "said"),
    [
        ("DbWrite", 'backend = "postgres"\nhost = "h"\ndatabase = "d"\nuser = "u"', 'needs backend = "sqlite" to run'),
        ("KafkaWrite", 'backend = "kafka"\nbrokers = ["b:9092"]', "is kafka, on which no host .* kafka.write"),
        ("QueuePublish", 'backend = "sqlite"\npath = "q"', "is sqlite, on which no host .* queue.publish"),
        ("BlobRead", 'backend = "s3"\nbucket = "b"', 'needs backend = "folder" to run'),
    ],
)
def test_what_an_environment_binds_and_no_host_here_serves_is_said_in_one_line(tmp_path, asked, entry, said):
    node = f"""
@node(idempotency=by("v"))
async def act(req: In, it: {asked}) -> Out:
    return Out(v="")
"""
    bindings = EnvironmentBindings(f"[p.it]\n{entry}\n", "p", tmp_path)
    with pytest.raises(UsageError, match=rf"bindings.toml: \[p.it\] {said}") as raised:
        runtime_of(tmp_path, source(node), bindings=bindings)
    assert "\n" not in str(raised.value)


@running
async def test_an_environment_may_ask_for_doubles(tmp_path):
    node = """
@node(idempotency=by("v"))
async def act(req: In, site: HttpWrite, log: KafkaWrite, db: DbWrite, ai: AiRead, seen: DedupeStore) -> Out:
    await site.post("https://site.example.com/x", json={})
    await log.send("t", req, key=req.v)
    await db.insert("t", req)
    return Out(v=await ai.complete(req.v))
"""
    text = "".join(f'[dev.{name}]\nbackend = "local"\n' for name in ("site", "log", "db", "ai", "seen"))
    bindings = EnvironmentBindings(text, "dev", tmp_path)
    runtime = runtime_of(tmp_path, source(node), bindings=bindings)
    assert runtime.doubles == ("ai", "db", "log", "site")
    async with web(tmp_path, source(node), bindings=bindings) as client:
        answer = await client("POST", "/go", json={"v": "hello"})
        assert json.loads(answer.body) == {"v": "hello"}
        assert len(client.log.calls) == 4
