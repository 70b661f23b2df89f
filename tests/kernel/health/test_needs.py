"""What a flow needs: one need a binding, whoever asks for it."""

from __future__ import annotations

from flowlattice.health.needs import needs
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


def test_what_nodes_and_edges_ask_of_a_binding_is_one_need(tmp_path):
    found = {need.binding: need for need in needs(flow_of(tmp_path, FLOW).ir)}
    assert list(found) == ["db", "api", "key", "rng", "overflow"]
    assert (found["db"].names, found["db"].backends) == (("db.read", "db.write"), ("sqlite", "postgres"))
    assert (found["api"].hosts, found["api"].said) == (("a.example", "b.example"), "http.read to a.example, b.example")
    assert (found["key"].scopes, found["key"].said) == (("a", "b", "c"), "creds with a, b, c")
    assert (found["rng"].backends, found["rng"].said) == ((), "rng")
    assert found["overflow"].names == ("blob.read", "blob.write")
