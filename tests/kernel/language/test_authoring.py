"""What authors write: nodes, combinators, triggers and flows only collect, and know where they were written."""

from pathlib import Path

import pytest

from flowlattice import (
    Effects,
    Filter,
    Flow,
    If,
    InvalidInput,
    Map,
    Merge,
    Record,
    Switch,
    by,
    days,
    field,
    http,
    ms,
    node,
    require,
    require_all,
)
from flowlattice.language.nodes import Node
from flowlattice.language.sources import SourceFiles


class A(Record, data="public"):
    v: str


@node
def same(a: A) -> A:
    """Hand it on."""
    return a


def is_long(a: A) -> bool:
    return len(a.v) > 3


def kind(a: A) -> str:
    return a.v


def line_of(text):
    lines = Path(__file__).read_text(encoding="utf-8").splitlines(keepends=True)
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def test_a_node_is_its_function_with_a_name_and_a_place():
    assert isinstance(same, Node)
    assert same.name == "same"
    assert same.function(A(v="x")) == A(v="x")
    assert same.__doc__ == "Hand it on."
    assert (same.place.file, same.place.line) == (__file__, line_of("@node\n"))


def test_options_are_kept():
    @node(
        effects=Effects.EFFECTFUL, idempotency=by("v", ttl=days(1)), timeout=ms(5), retry_owner="connector", vouch=["x"]
    )
    def f(a: A) -> A:
        return a

    assert f.options.effects is Effects.EFFECTFUL
    assert f.options.idempotency == by("v", ttl=days(1))
    assert (f.options.timeout, f.options.retry_owner, f.options.vouch) == (ms(5), "connector", ("x",))


def test_another_name_is_another_node():
    again = same.named("again")
    assert (again.name, again.function, again.options) == ("again", same.function, same.options)
    assert again is not same
    assert again.place.line == line_of('same.named("again")')


def test_names_of_combinators():
    assert [If(is_long).name, Filter(is_long).name, Switch(kind, cases=["x"]).name, Map(same.function).name] == [
        "is_long",
        "is_long",
        "kind",
        "same",
    ]
    assert [If(lambda a: True).name, Filter(lambda a: True).name, Switch(lambda a: "", cases=[]).name] == [
        "if",
        "filter",
        "switch",
    ]
    assert [Merge[A]().name, Merge[A](name="m").name, If(is_long, name="n").name] == ["merge", "m", "n"]


def test_branches_know_their_case():
    gate, kinds = If(is_long), Switch(kind, cases=["x"])
    assert [gate.true.case, gate.false.case, kinds.case("x").case, kinds.default.case] == [
        "true",
        "false",
        "x",
        "default",
    ]
    assert gate.true.origin is gate
    some = Filter(is_long)
    assert (some.case, some.origin) == ("true", some)


def test_places_of_combinators_are_where_they_are_written():
    made = Merge[A](name="here")
    gate = If(is_long, name="there")
    assert made.place.line == line_of('Merge[A](name="here")')
    assert gate.place.line == line_of('If(is_long, name="there")')
    place = SourceFiles(Path(__file__).parent).in_characters(gate.place)
    assert (place.column, place.end_column) == (12, 37)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_triggers_of_every_method(method):
    trigger = getattr(http, method)("/a", accepts=A, deadline=ms(5), invalid=[http.invalid(400, text="no")])
    assert (trigger.method, trigger.path, trigger.accepts) == (method.upper(), "/a", A)
    assert (trigger.respond, trigger.deadline) == ("on_last", ms(5))
    assert trigger.body == (None if method in {"get", "delete"} else "json")
    assert [(reply.status, reply.text) for reply in trigger.invalid] == [(400, "no")]
    assert getattr(http, method)("/a").accepts.__name__ == "Empty"


def test_a_flow_collects():
    flow = Flow("f", version="1.0.0")
    hook, second = flow.trigger(http.get("/a", accepts=A)), flow.trigger(http.get("/b", accepts=A))
    ok, bad = flow.respond(), flow.respond(status=404)
    flow.connect(hook, same)
    flow.connect(same, ok)
    flow.rate_limit(qps=1, burst=2)
    flow.max_in_flight(3)
    flow.slo(percentile=95, latency=ms(50))
    flow.egress("x", "a.example", "b.example")
    assert [trigger.name for trigger in (hook, second)] == ["trigger", "trigger_2"]
    assert [respond.name for respond in (ok, bad)] == ["respond", "respond_2"]
    assert [(c.source, c.target) for c in flow.connections] == [(hook, same), (same, ok)]
    assert [limit.qps for limit in flow.limits] == [1]
    assert flow.in_flight is not None
    assert flow.in_flight.requests == 3
    assert [goal.percentile for goal in flow.goals] == [95]
    assert [egress.hosts for egress in flow.egresses] == [("a.example", "b.example")]
    assert flow.connections[0].place.line == line_of("flow.connect(hook, same)")


@pytest.mark.parametrize("end", [len, A, "same", None, If(is_long).true])
def test_what_is_no_part_of_a_graph_cannot_be_connected(end):
    flow = Flow("f", version="1.0.0")
    with pytest.raises(TypeError, match="a graph has nodes"):
        flow.connect(same, end)
    if not hasattr(end, "origin"):
        with pytest.raises(TypeError, match="a graph has nodes"):
            flow.connect(end, same)


def test_saying_no_to_input():
    require(True, "v", "must be there")
    with pytest.raises(InvalidInput, match="v: must be there") as caught:
        require(False, "v", "must be there")
    assert (caught.value.field, caught.value.reason) == ("v", "must be there")


def test_saying_no_to_several_fields():
    require_all({"v": None, "w": None})
    with pytest.raises(InvalidInput, match="w: is late; x: is early") as caught:
        require_all({"v": None, "w": "is late", "x": "is early"})
    assert caught.value.problems == {"w": "is late", "x": "is early"}
    assert (caught.value.field, caught.value.reason) == ("w", "is late")


def test_a_field_is_in_one_place():
    for wrong in ({"header": "A", "body": True}, {"header": "A", "alias": "b"}):
        with pytest.raises(ValueError, match="the field of header A is named after it and is not the body"):
            field(**wrong)
