"""The flow that a connector's file is by itself: a route to each of its nodes, on the dev profile.

So whatever is done with flows, checking, certifying, publishing, is done with connectors by the same means.
"""

from __future__ import annotations

from datetime import timedelta
from inspect import isasyncgenfunction

from flowlattice.errors import UsageError
from flowlattice.language import http
from flowlattice.language.annotations import NO_TYPE, parameters, without_metadata
from flowlattice.language.connectors import Connector
from flowlattice.language.credentials import Credential
from flowlattice.language.edges import EdgeControls
from flowlattice.language.ends import connection
from flowlattice.language.flow import Flow, Profile, RespondNode
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Place
from flowlattice.language.triggers import TriggerNode
from flowlattice.language.variables import Variables, Vars
from flowlattice.record import Record

_DEADLINE = timedelta(minutes=1)  # no route is without one, not even those that nobody wrote


def flow_of(connector: Connector) -> Flow:
    """The flow that has a route `POST /NODE` to each of a connector's nodes, which answers what the node gives.

    What the connector reaches stays its own to say; its credentials are those of its scopes. Variables that its nodes
    read have their defaults.

    Raises:
        UsageError: One of its nodes takes no record, so that no route can lead to it.
    """
    flow = Flow(connector.name, version=connector.version, profile=Profile.DEV)
    flow.summary = f"The connector {connector.name}, node by node"
    flow.place = connector.place
    for node in connector.nodes:
        _add_route(flow, node, connector.place)
    for name, scopes in connector.scopes.items():
        given = Credential(name=name, provider=connector.name, scopes=tuple(scopes), place=connector.place)
        flow.credentials.append(given)
    return flow


def _add_route(flow: Flow, node: Node[object, object], place: Place) -> None:
    kinds = [without_metadata(kind) for kind in parameters(node.function).values()]
    taken = kinds[0] if kinds else NO_TYPE
    if not (isinstance(taken, type) and issubclass(taken, Record)):
        raise UsageError(f"the connector's node {node.name} takes no record; give its first parameter a Record type")
    made = http.post(f"/{node.name}", accepts=taken, deadline=_DEADLINE)
    route = TriggerNode(made, f"post_{node.name}", place)
    answer = _answer(node, place)
    flow.triggers.append(route)
    flow.responds.append(answer)
    flow.connections.append(connection(route, node, EdgeControls(), place))
    flow.connections.append(connection(node, answer, EdgeControls(), place))
    known = {type(one.values) for one in flow.variables}
    for kind in kinds[1:]:
        if isinstance(kind, type) and issubclass(kind, Vars) and kind not in known:
            flow.variables.append(Variables(values=kind(), place=place))


def _answer(node: Node[object, object], place: Place) -> RespondNode[object]:
    goes_on = isasyncgenfunction(node.function)
    return RespondNode(
        status=200,
        body="events" if goes_on else "json",
        headers={},
        stream=goes_on,
        event_id=None,
        event=None,
        name=f"respond_{node.name}",
        place=place,
    )
