"""A connector's file loads as the flow that has a route to each of its nodes."""

import pytest

from flowlattice.check import check
from flowlattice.errors import UsageError
from flowlattice.ir.build import build
from flowlattice.language.loading import load

CONNECTOR = """
from collections.abc import AsyncIterator
from typing import Annotated

from flowlattice import Connector, Creds, HttpRead, HttpWrite, Record, Vars, by, node, scopes


class Row(Record, data="internal"):
    v: str


class Limits(Vars):
    most: int = 4


@node(idempotency=by("v"), honours_key=True)
async def charge(
    row: Row, stripe: HttpWrite, stripe_key: Annotated[Creds, scopes("charges:write")], limits: Limits
) -> Row:
    await stripe.post("https://api.stripe.com/v1/charges", form={"v": row.v[: limits.most]}, auth=stripe_key)
    return row


@node
async def listed(row: Row, stripe: HttpRead) -> AsyncIterator[Row]:
    await stripe.get("https://api.stripe.com/v1/charges")
    yield row


connector = Connector(
    "stripe", version="1.2.0", nodes=[charge, listed], egress={"stripe": ["api.stripe.com"]},
    scopes={"stripe_key": ["charges:write"]},
)
"""


@pytest.fixture
def stripe(tmp_path):
    file = tmp_path / "stripe.py"
    file.write_text(CONNECTOR, encoding="utf-8")
    return file


def test_each_node_has_a_route_and_what_the_connector_says_of_itself(stripe):
    flow = build(stripe).ir
    assert flow is not None
    assert (flow.name, flow.version, flow.profile) == ("stripe", "1.2.0", "dev")
    routes = [node.trigger for node in flow.triggers() if node.trigger is not None]
    assert [(route.method, route.path) for route in routes] == [("POST", "/charge"), ("POST", "/listed")]
    uses = {node.name: node.capabilities[0].egress for node in flow.nodes if node.kind == "node"}
    assert uses == {"charge": ("api.stripe.com",), "listed": ("api.stripe.com",)}
    assert [(one.name, one.provider, one.scopes) for one in flow.credentials] == [
        ("stripe_key", "stripe", ("charges:write",))
    ]
    assert [(one.name, one.value) for one in flow.variables] == [("most", 4)]
    assert {node.source.file for node in flow.nodes} == {"stripe.py"}
    assert {finding.code for finding in check(flow)} <= {"CAP101"}


def test_a_flow_beside_it_is_the_files_own_flow(tmp_path):
    source = CONNECTOR + (
        "\nfrom flowlattice import Flow, http\n"
        'flow = Flow("own", version="1.0.0")\n'
        'flow.connect(flow.trigger(http.post("/x", accepts=Row)), charge)\n'
    )
    file = tmp_path / "flow.py"
    file.write_text(source, encoding="utf-8")
    assert load(file).flow.name == "own"


def test_a_node_without_a_record_has_no_route(tmp_path):
    file = tmp_path / "texts.py"
    file.write_text(
        "from flowlattice import Connector, node\n\n@node\ndef upper(text: str) -> str:\n    return text.upper()\n\n"
        'connector = Connector("texts", version="1.0.0", nodes=[upper])\n',
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="upper takes no record"):
        load(file)
