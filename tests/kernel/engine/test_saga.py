"""Where a run fails, what it did is undone, the last first; what another run did is not."""

from __future__ import annotations

from flowlattice.bindings import LocalBindings
from flowlattice.engine import MemoryCallLog
from flowlattice.hosts.dev import run_lines
from tests.support.flows import running, runtime_of

SAGA = """
class In(Record, data="internal"):
    id: str
    fails: bool = False

@node(idempotency=by("id"), timeout=seconds(5))
async def refund(order: In, bank: KvWrite) -> In:
    await bank.delete(order.id)
    return order

@node(idempotency=by("id"))
async def recall(order: In, shop: KvWrite) -> In:
    await shop.delete(order.id)
    return order

@node(idempotency=by("id"), compensate=refund)
async def charge(order: In, bank: KvWrite SEEN) -> In:
    await bank.set(order.id, "charged")
    return order

@node(idempotency=by("id"), compensate=recall)
async def ship(order: In, shop: KvWrite) -> In:
    await shop.set(order.id, "shipped")
    return order

@node
def confirm(order: In) -> In:
    if order.fails:
        raise ValueError("secret")
    return order

flow = Flow("orders", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/orders", accepts=In, respond="immediate"))
flow.connect(hook, charge)
flow.connect(charge, ship)
flow.connect(ship, confirm)
"""


PLAIN = SAGA.replace("SEEN", "")


async def run(folder, *lines, text=PLAIN, bindings=None):
    """The node and the method of each call, and how many lines failed."""
    log = MemoryCallLog()
    runtime = runtime_of(folder, text, bindings=bindings, log=log, profile="dev")
    report = await run_lines(runtime, runtime.triggers[0], [line.encode() for line in lines], log)
    await runtime.close()
    return [call.node for call in report.calls], len(report.errors), {call.run for call in log.calls}


@running
async def test_what_was_done_is_undone_from_the_end(tmp_path):
    calls, failed, runs = await run(tmp_path, '{"id": "a", "fails": true}')
    assert (calls, failed, len(runs)) == (["charge", "ship", "recall", "refund"], 1, 1)


@running
async def test_a_run_that_ends_well_keeps_what_it_did(tmp_path):
    assert (await run(tmp_path, '{"id": "a"}'))[:2] == (["charge", "ship"], 0)


@running
async def test_what_cannot_be_undone_is_said_and_the_rest_is_undone(tmp_path, caplog):
    text = (
        SAGA.replace("SEEN", "")
        .replace('cannot == "refund"', 'cannot == "x"')
        .replace("await shop.delete(order.id)", 'raise ValueError("secret")')
    )
    calls, failed, _ = await run(tmp_path, '{"id": "a", "fails": true}', text=text)
    assert (calls, failed) == (["charge", "ship", "refund"], 1)
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(" in run ")[0] for line in said] == ["ship", "charge"]
    assert said[0].endswith("is not undone: recall failed (NodeFailed)")
    assert said[1].endswith("is undone by refund")
    assert not any("secret" in line for line in said)


@running
async def test_what_another_run_did_under_the_same_key_is_not_undone(tmp_path):
    text = SAGA.replace("SEEN", ", seen: DedupeStore").replace("@node\ndef confirm", "RUNS = []\n\n@node\ndef confirm")
    text = text.replace("    if order.fails:", "    RUNS.append(order)\n    if len(RUNS) == 2:")
    calls, failed, _ = await run(tmp_path, *['{"id": "a"}'] * 2, text=text, bindings=LocalBindings(tmp_path / "state"))
    assert (calls, failed) == (["charge", "ship", "ship", "recall"], 1)


@running
async def test_what_was_undone_is_neither_repeated_nor_taken_for_done(tmp_path):
    text, bindings = SAGA.replace("SEEN", ", seen: DedupeStore"), LocalBindings(tmp_path / "state")
    calls, failed, _ = await run(tmp_path, '{"id": "a", "fails": true}', '{"id": "a"}', text=text, bindings=bindings)
    assert (calls, failed) == (["charge", "ship", "recall", "refund"], 2), "nothing is shipped that was refunded"
