"""Paths and cycles in any graph, against what a slow definition says."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from flowlattice.check import check
from flowlattice.check.graph import Graph
from flowlattice.ir.model import Edge, FlowIR, Node, Source, Surface, Trigger

HERE = Source(file="flow.py", line=1)


def flow_of(kinds, links):
    nodes = [
        Node(
            id=UUID(int=number),
            name=f"n{number}",
            kind=kind,
            in_schema=None if kind == "trigger" else "str",
            out_schema="str",
            trigger=Trigger(kind="http", method="GET", path=f"/{number}") if kind == "trigger" else None,
            source=Source(file="flow.py", line=number + 1),
        )
        for number, kind in enumerate(kinds)
    ]
    edges = [Edge(source_id=UUID(int=a), target_id=UUID(int=b), case=case, source=HERE) for a, b, case in links]
    surfaces = [Surface(kind="if", targets=(node.id,)) for node in nodes if node.kind == "if"]
    return FlowIR(
        id=UUID(int=99),
        name="f",
        version="1.0.0",
        profile="web",
        nodes=tuple(nodes),
        edges=tuple(edges),
        surfaces=tuple(surfaces),
        schemas={"str": {"type": "string"}},
        source=HERE,
    )


@st.composite
def graphs(draw):
    kinds = draw(st.lists(st.sampled_from(["trigger", "node", "node", "if", "respond"]), min_size=1, max_size=8))
    number = st.integers(0, len(kinds) - 1)
    pairs = draw(st.lists(st.tuples(number, number), max_size=14))
    return kinds, [(a, b, draw(st.sampled_from(["true", "false"])) if kinds[a] == "if" else None) for a, b in pairs]


@given(graphs())
def test_reachable_is_the_closure(graph):
    kinds, links = graph
    found = Graph(flow_of(kinds, links)).reachable([UUID(int=0)])
    closure = {0}
    while more := {b for a, b, _ in links if a in closure} - closure:
        closure |= more
    assert {node.int for node in found} == closure


@given(graphs())
def test_cycles_are_cycles_and_none_is_missed(graph):
    kinds, links = graph
    found = Graph(flow_of(kinds, links))
    cycles = found.cycles()
    for cycle in cycles:
        assert all(one.target_id == other.source_id for one, other in pairwise([*cycle, cycle[0]]))
        assert len({edge.source_id for edge in cycle}) == len(cycle)
    without = {id(edge) for cycle in cycles for edge in cycle}
    is_cyclic = any(a in {b.int for b in found.reachable([UUID(int=t)])} for a, t, _ in links)
    assert bool(without) == is_cyclic


def every_choice_is_answered(kinds, links, node, seen=()):
    """The definition: whichever way each condition goes, a record that starts here reaches a respond."""
    if kinds[node] == "respond":
        return True
    if node in seen:
        return False
    ways: dict[str | None, list[int]] = {}
    for a, b, case in links:
        if a == node:
            ways.setdefault(case, []).append(b)
    if not ways:
        return kinds[node] == "if"
    return all(
        any(every_choice_is_answered(kinds, links, b, (*seen, node)) for b in targets) for targets in ways.values()
    )


@given(graphs())
def test_a_route_without_an_answer_is_found(graph):
    kinds, links = graph
    flow = flow_of(kinds, links)
    found = check(flow)
    if any(d.code == "DAG200" for d in found):
        return
    triggers = [n for n, kind in enumerate(kinds) if kind == "trigger" and any(a == n for a, _, _ in links)]
    unanswered = [n for n in triggers if not every_choice_is_answered(kinds, links, n)]
    assert any(d.code == "DAG204" for d in found) == bool(unanswered)


@given(graphs())
def test_any_graph_can_be_checked(graph):
    for diagnostic in check(flow_of(*graph)):
        assert diagnostic.message


def test_a_long_chain_is_no_trouble():
    kinds = ["trigger", *["node"] * 3000]
    links = [(n, n + 1, None) for n in range(3000)]
    found = check(flow_of(kinds, links))
    assert [d.code for d in found] == ["DAG204"]
