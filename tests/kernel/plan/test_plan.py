"""Plans: which units there are, where nodes run and why, where fields come from, what a host cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowlattice.errors import UsageError
from flowlattice.plan import Call, PlanRefused, Segment, plan
from tests.support.flows import ECHO, ask, flow_of

GOLDEN = Path(__file__).parent / "golden"

PLACES = """
class In(Record, data="public"):
    n: int
    text: str = ""

@node
def one(req: In) -> In:
    return req

@node
def two(req: In) -> In:
    return req

@node
def told(req: In, clock: Clock) -> In:
    return In(n=clock.now().year)

@node
def watched(req: In, ctx: Context) -> In:
    return req

@node
def written(req: In) -> In:
    print(req.n)
    return req

@node(timeout=seconds(1))
def timed(req: In) -> In:
    return req

@node
async def asked(req: In, crm: HttpRead) -> In:
    await crm.get("https://crm.example/x")
    return req

@node
def late(req: In) -> In:
    return req

flow = Flow("places", version="1.0.0")
refusal = http.invalid(400, {"e": "$field"})
hook = flow.trigger(http.post("/places/{n}", accepts=In, deadline=ms(500), invalid=[refusal]))
flow.connect(hook, one)
flow.connect(one, two)
flow.connect(two, told)
gate = If(lambda r: r.n > 3, name="gate")
flow.connect(told, gate)
flow.connect(gate.true, watched)
flow.connect(gate.false, written)
both = Merge()
flow.connect(watched, both)
flow.connect(written, both)
flow.connect(both, timed)
flow.connect(timed, asked)
flow.connect(asked, late, timeout=ms(100), buffer=Buffer(max_items=2))
flow.connect(late, flow.respond(status=201))
flow.connect(asked, flow.respond(body="empty", name="also"))
flow.rate_limit(qps=5, burst=10)
flow.max_in_flight(7)
flow.egress("crm", "crm.example")
"""


@pytest.mark.parametrize(("name", "source"), [("echo", ECHO), ("places", PLACES)])
def test_plans_are_as_they_were(tmp_path, golden, name, source):
    golden(GOLDEN / f"{name}.json", plan(flow_of(tmp_path, source).ir).to_json() + "\n")


def test_every_node_has_a_place_and_a_reason(tmp_path):
    made = plan(flow_of(tmp_path, PLACES).ir, "dev")
    assert {p.node: p.place for p in made.placements} == {
        "trigger": "trigger",
        "one": "fused",
        "two": "fused",
        "told": "inline",
        "gate": "branch",
        "watched": "thread",
        "written": "thread",
        "merge": "merge",
        "timed": "thread",
        "asked": "task",
        "late": "thread",
        "respond": "respond",
        "also": "respond",
    }
    assert all(placement.because for placement in made.placements)
    assert (made.profile, made.max_in_flight) == ("dev", 7)


def test_what_is_shared_stands_once_however_many_ways_lead_to_it(tmp_path):
    """Forty diamonds in a row have 2^40 paths and 160 units."""
    lines = ["class In(Record, data='public'):", "    n: int", "flow = Flow('diamonds', version='1.0.0')"]
    lines += ["hook = flow.trigger(http.post('/d', accepts=In))", "last = hook"]
    for number in range(40):
        lines += [
            f"a{number}, b{number} = (Map(lambda r: r, name=f'{{side}}{number}') for side in 'ab')",
            f"m{number} = Merge(name='m{number}')",
            f"flow.connect(last, a{number})",
            f"flow.connect(last, b{number})",
            f"flow.connect(a{number}, m{number})",
            f"flow.connect(b{number}, m{number})",
            f"last = m{number}",
        ]
    made = plan(flow_of(tmp_path, "\n".join([*lines, "flow.connect(last, flow.respond())"])).ir)
    assert len(made.units) == 40 * 3 + 1


def test_without_fusion_every_node_is_a_unit_of_its_own(tmp_path):
    made = plan(flow_of(tmp_path, PLACES).ir, fuse=False)
    assert all(len(unit.nodes) == 1 for unit in made.units if isinstance(unit, Segment))
    assert not any(placement.place == "fused" for placement in made.placements)


def test_a_run_awaits_only_where_a_unit_does(tmp_path):
    assert [trigger.awaits for trigger in plan(flow_of(tmp_path / "a", ECHO).ir).triggers] == [False]
    waiting = plan(flow_of(tmp_path / "b", PLACES).ir)
    assert [trigger.awaits for trigger in waiting.triggers] == [True]
    assert {unit.kind for unit in waiting.units if isinstance(unit, Call)} == {"task", "thread"}


def test_a_node_whose_results_are_remembered_is_awaited_though_it_is_synchronous(tmp_path):
    source = """
    class In(Record, data="public"):
        n: int

    @node(idempotency=by("n"))
    def number(req: In, seen: DedupeStore, clock: Clock) -> In:
        return In(n=clock.now().microsecond)

    flow = Flow("numbers", version="1.0.0")
    hook = flow.trigger(http.post("/n", accepts=In))
    flow.connect(hook, number)
    flow.connect(number, flow.respond())
    """
    assert {p.node: p.place for p in plan(flow_of(tmp_path, source).ir).placements}["number"] == "thread"
    first, again = ask(tmp_path, source, *({"method": "POST", "target": "/n", "json": {"n": 1}} for _ in range(2)))
    assert first.body == again.body


@pytest.mark.parametrize("profile", ["queue", "wasm"])
def test_a_profile_that_cannot_honour_the_flow_is_refused(tmp_path, profile):
    with pytest.raises(PlanRefused) as refused:
        plan(flow_of(tmp_path, ECHO).ir, profile)
    assert {problem.code for problem in refused.value.diagnostics} <= {"CTRL901", "DAG102"}
    assert all(profile in problem.message for problem in refused.value.diagnostics)
    assert {problem.file for problem in refused.value.diagnostics} == {"flow.py"}


def test_a_profile_that_does_not_exist_is_a_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="there is no profile nonsense; there is web, queue, temporal, wasm and dev"):
        plan(flow_of(tmp_path, ECHO).ir, "nonsense")


def test_a_cycle_is_refused_rather_than_followed(tmp_path):
    known = flow_of(tmp_path, ECHO).ir
    back = known.edges[0].model_copy(update={"source_id": known.nodes[1].id, "target_id": known.nodes[1].id})
    with pytest.raises(PlanRefused, match="tidy leads back to itself"):
        plan(known.model_copy(update={"edges": (*known.edges, back)}))


FIELDS = """
class Inner(Record, data="public"):
    a: int

class In(Record, data="public"):
    id: int
    KIND

flow = Flow("fields", version="1.0.0")
hook = flow.trigger(http.METHOD("/f/{id}", accepts=In))
flow.connect(hook, flow.respond())
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("x: str", ("text", False)),
        ("x: int | None = None", ("whole_number", False)),
        ("x: float = 0.0", ("number", False)),
        ("x: bool = False", ("boolean", False)),
        ("x: date", ("text", False)),
        ("x: Literal['a', 'b'] = 'a'", ("text", False)),
        ("x: Literal[1, 2] = 1", ("whole_number", False)),
        ("x: Literal[1] = 1", ("whole_number", False)),
        ("x: list[int] = []", ("whole_number", True)),
        ("x: list[str] | None = None", ("text", True)),
        ("x: int | str = 0", ("text", False)),
        ("x: int | float = 0", ("number", False)),
    ],
)
def test_how_text_is_read_follows_from_the_type(tmp_path, kind, expected):
    source = FIELDS.replace("KIND", kind).replace("METHOD", "get")
    path, query = plan(flow_of(tmp_path, source).ir).triggers[0].fields
    assert (path.name, path.origin, path.kind) == ("id", "path", "whole_number")
    assert (query.origin, (query.kind, query.many)) == ("query", expected)


@pytest.mark.parametrize("kind", ["x: Inner", "x: list[Inner] = []", "x: dict[str, int]", "x: list[list[int]] = []"])
def test_what_has_no_form_as_text_can_only_come_from_a_json_body(tmp_path, kind):
    source = FIELDS.replace("KIND", kind)
    body = plan(flow_of(tmp_path / "body", source.replace("METHOD", "post")).ir).triggers[0].fields[1]
    assert (body.origin, body.many) == ("body", False)
    with pytest.raises(PlanRefused, match="field x cannot be read from the query"):
        plan(flow_of(tmp_path / "query", source.replace("METHOD", "get")).ir)


def test_a_path_parameter_has_to_be_a_field(tmp_path):
    with pytest.raises(PlanRefused, match="the accepted record has no field v2"):
        plan(flow_of(tmp_path, ECHO.replace("/echo", "/echo/{v2}")).ir)
