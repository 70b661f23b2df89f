"""What a flow needs: one need a binding, whoever asks for it."""

from __future__ import annotations

import pytest

from flowlattice.bindings.file import read_environment
from flowlattice.health.needs import met, needs
from tests.support.flows import flow_of

FLOW = """
from flowlattice import BlobRead, Creds, DbRead, DbWrite, Spill, mib, queue, scopes

class In(Record, data="public"):
    v: str

@node
async def look(req: In, db: DbRead, api: HttpRead, key: Annotated[Creds, scopes("b", "a")], rng: Rng) -> In:
    return req

@node(idempotency=by("v"))
async def keep(req: In, db: DbWrite, key: Annotated[Creds, scopes("a", "c")], overflow: BlobRead) -> In:
    return req

flow = Flow("needy", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=In))
flow.connect(jobs, look)
flow.connect(look, keep, buffer=Buffer(max_items=8, spill=Spill(max_bytes=mib(1), blob="overflow"), on_full="spill"))
flow.egress("api", "b.example", "a.example")
"""


SENDING = """
from flowlattice import KafkaWrite, QueueConsume, queue

class In(Record, data="public"):
    v: str

@node(idempotency=by("v"))
async def send(req: In, events: KafkaWrite, take: QueueConsume) -> In:
    return req

flow = Flow("sending", version="1.0.0", profile=Profile.QUEUE)
jobs = flow.trigger(queue("jobs", accepts=In))
flow.connect(jobs, send)
"""


@pytest.mark.parametrize(("profile", "status"), [("WEB", "fail"), ("QUEUE", "warn")])
def test_what_this_process_does_not_serve_is_missing_for_flows_that_run_here(tmp_path, profile, status):
    flow = flow_of(tmp_path, SENDING.replace("QUEUE", profile)).ir
    bound = '[live.events]\nbackend = "kafka"\nbrokers = ["127.0.0.1:9"]\n'
    found = {finding.name: finding for finding in met(flow, None, tmp_path)}
    assert (found["take"].status, found["events"].status) == (status, "warn")
    assert found["take"].text == "queue.consume: no host that runs in this process serves it"
    (events,) = [f for f in met(flow, read_environment(bound, "live"), tmp_path) if f.name == "events"]
    assert (events.status, events.text) == (
        status,
        "kafka.write: on kafka, but no host that runs in this process serves it there",
    )


def test_what_nodes_and_edges_ask_of_a_binding_is_one_need(tmp_path):
    found = {need.binding: need for need in needs(flow_of(tmp_path, FLOW).ir)}
    assert list(found) == ["db", "api", "key", "rng", "overflow"]
    assert (found["db"].names, found["db"].backends) == (("db.read", "db.write"), ("sqlite", "postgres"))
    assert (found["api"].hosts, found["api"].said) == (("a.example", "b.example"), "http.read to a.example, b.example")
    assert (found["key"].scopes, found["key"].said) == (("a", "b", "c"), "creds with a, b, c")
    assert (found["rng"].backends, found["rng"].said) == ((), "rng")
    assert found["overflow"].names == ("blob.read", "blob.write")
