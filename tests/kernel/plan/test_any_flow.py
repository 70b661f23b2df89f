"""Any flow that a profile honours: each node that is reached has one place, and nothing dangles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flowlattice.check.hosting import can
from flowlattice.ir import model as ir
from flowlattice.plan import PROFILES, ExecPlan, fans, plan
from flowlattice.plan.text import words
from tests.support.planned_ir import Drawn

TRIGGERS = {
    "http": {"method": "POST", "path": "/x", "respond": "immediate", "body": "json"},
    "cron": {"cron": "0 9 * * *"},
    "kafka": {"topic": "t"},
    "queue": {"topic": "t"},
    "blob": {"prefix": "s3://b/"},
}
KINDS = ("node", "switch", "if", "merge", "foreach", "zip", "join", "distinct", "window", "aggregate", "plugin")
ON_DEVICE = ("kv.read", "kv.write", "dedupe", "clock")


@st.composite
def node_facts(draw):
    facts = {
        "effects": draw(st.sampled_from(["pure", "read_only", "effectful"])),
        "determinism": draw(st.sampled_from(["strict", "stable", "best_effort", "nondeterministic"])),
        "is_async": draw(st.booleans()),
        "takes_context": draw(st.booleans()),
        "timeout_ms": draw(st.none() | st.integers(1, 10_000)),
        "cost": draw(st.none() | st.builds(ir.Cost, cpu_ms=st.integers(0, 1_000))),
        "batch": draw(st.none() | st.just(ir.Batch(size=10))),
        "idempotency": draw(st.none() | st.just(ir.Idempotency(fields=("id",)))),
    }
    return facts, draw(st.lists(st.sampled_from(ON_DEVICE), max_size=2, unique=True))


@st.composite
def flows(draw):
    """A flow of a few nodes, and a profile that honours it."""
    profile = draw(st.sampled_from(PROFILES))
    kind = draw(st.sampled_from([one for one in TRIGGERS if can(f"{one} trigger", profile)]))
    flow = Drawn(profile=profile).trigger("n0", kind, **TRIGGERS[kind])
    for number in range(1, draw(st.integers(2, 12))):
        shape = draw(st.sampled_from([one for one in KINDS if can(one, profile)]))
        facts, uses = draw(node_facts())
        stream = {"stream": draw(st.booleans())} if shape == "node" else {}
        flow.node(f"n{number}", shape, *uses, **facts, **stream, side_outputs=("failed",))
        source = f"n{draw(st.integers(0, number - 1))}"
        flow.edge(source + draw(_case(flow, source)), f"n{number}")
        if draw(st.booleans()):
            again = f"n{draw(st.integers(0, number - 1))}"
            flow.edge(
                again, f"n{number}", **draw(st.sampled_from([{}, {"timeout_ms": 5}, {"delivery": "at_most_once"}]))
            )
    names = [name for name in flow.nodes if name != "n0"]
    if can("checkpoint", profile) and draw(st.booleans()):
        flow.checkpoint(
            "review", draw(st.sampled_from(names)), ttl_s=60, on_timeout=draw(st.sampled_from(["reject", "escalate"]))
        )
    if can("partition", profile) and draw(st.booleans()):
        flow.surface("partition", draw(st.sampled_from(names)), fields=["id"], max_parallel_shards=4)
    if can("compensation", profile) and draw(st.booleans()):
        flow.effect("undo").node("last", compensate="undo", effects="effectful").edge(
            draw(st.sampled_from(names)), "last"
        )
    if draw(st.booleans()):
        inner = draw(_exports(flow.profile))
        flow.subflow("sub", inner, side_outputs=("failed",)).edge(draw(st.sampled_from(names)), "sub")
        if draw(st.booleans()):
            flow.node("after").edge("sub", "after")
    return flow


@st.composite
def _exports(draw, profile):
    """A chain of a few nodes that is exported as a whole, with a node behind it that is not."""
    inner = Drawn("inner")
    names = [f"i{number}" for number in range(draw(st.integers(1, 4)))]
    for name in names:
        facts, uses = draw(node_facts())
        inner.node(
            name,
            draw(st.sampled_from([one for one in ("node", "merge", "window") if can(one, profile)])),
            *uses,
            **facts,
        )
    inner.node("beyond").line(*names, "beyond")
    return inner.export(names[0], names[-1], effects=draw(st.sampled_from(["pure", "effectful"])))


def _case(flow, source):
    shape = flow.nodes[source].kind
    branches = {"switch": ["[a]", "[b]"], "if": ["[true]", "[false]"], "trigger": [""]}
    return st.sampled_from(branches.get(shape, ["", "", "[failed]"]))


def reached(flow: ir.FlowIR) -> set[str]:
    found, waiting = set(), [node.id for node in flow.triggers()]
    while waiting:
        current = flow.node(waiting.pop())
        if current.name not in found:
            found.add(current.name)
            waiting += [edge.target_id for edge in flow.outgoing(current.id)]
            waiting += [current.compensate] if current.compensate is not None else []
            if current.kind == "subflow":
                [inner] = flow.subflows.values()
                found |= {f"{current.name}/{node.name}" for node in inner.nodes if node.name != "beyond"}
    return found


def hops(made: ExecPlan):
    starts = [fan for route in made.triggers for fan in (route.next, *route.side.values())]
    starts += [fan for consumer in made.consumers for fan in (consumer.next, *consumer.side.values())]
    return [hop.to for fan in (*starts, *(fan for unit in made.units for fan in fans(unit))) for hop in fan.hops]


@given(flows())
@settings(max_examples=200, deadline=None)
def test_each_reached_node_has_one_place_and_nothing_dangles(drawn):
    flow = drawn.ir()
    made = plan(flow)
    names = [placement.node for placement in made.placements]
    assert len(names) == len(set(names))
    assert set(names) == reached(flow)
    units = [unit.name for unit in made.units]
    assert len(units) == len(set(units))
    assert set(hops(made)) <= set(units)
    starts = {route.name for route in made.triggers} | {consumer.name for consumer in made.consumers}
    assert {placement.unit for placement in made.placements} <= set(units) | starts
    assert all(placement.because for placement in made.placements)


@given(flows(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_plan_depends_on_nothing_but_the_flow(drawn, fuse):
    flow = drawn.ir()
    made = plan(flow, fuse=fuse)
    assert made.to_json() == plan(ir.FlowIR.model_validate_json(flow.to_json()), fuse=fuse).to_json()
    assert ExecPlan.model_validate_json(made.to_json()) == made
    assert words(made).startswith(f"drawn 1.0.0 on {flow.profile}\n\nstarts\n")


def test_a_long_chain_does_not_exhaust_the_stack():
    for profile in ("web", "temporal"):
        flow = Drawn(profile=profile).trigger("n0", "http", **TRIGGERS["http"])
        for number in range(1, 2_000):
            flow.effect(f"n{number}").edge(f"n{number - 1}", f"n{number}")
        assert len(plan(flow.ir()).units) == 1_999
