"""What governs a flow in the IR: edges, partitions, errors, checkpoints, variables, credentials, promises, hints."""

import pytest

from flowlattice.ir.cost import worst_case
from flowlattice.ir.failures import NotLowerable
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
from typing import Annotated
from flowlattice import (
    AiRead, Batch, Buffer, Cache, Creds, DeadLetter, DedupeStore, Escalate, Exponential, Flow, Halt, HttpWrite, If,
    PluginPython, Profile, Record, Retry, Spill, Switch, TokenBudget, Vars, by, days, field, hours, http, mib, minutes,
    model, ms, node, per, sandboxed, scopes, seconds, tokens, usd,
)

class Invoice(Record, data="payment"):
    id: str
    amount: Annotated[int, field(alias="amount-cents")]
    note: str | None = None

class Receipt(Record, data="payment"):
    id: str

class Card(Record, data="payment"):
    id: str
    note: str | None
    shown: bool = True

class Limits(Vars):
    top: int = 5
    ratio: float = 0.5

def is_large(invoice: Invoice, limits: Limits) -> bool:
    return invoice.amount > limits.top

@node
def same(invoice: Invoice) -> Invoice:
    return invoice

@node(idempotency=by("id"), honours_key=True)
async def refund(receipt: Receipt, stripe: HttpWrite) -> Receipt:
    return receipt

@node(
    idempotency=by("id", "amount", ttl=days(1), scope="partition"), compensate=refund, retry_owner="connector",
    concurrency=8, batch=Batch(10, within=ms(20)), cache=Cache(by("amount"), tier="local", ttl=hours(1)),
)
async def charge(
    invoice: Invoice, stripe: HttpWrite, seen: DedupeStore, key: Annotated[Creds, scopes("charges:write")]
) -> Receipt:
    return Receipt(id=invoice.id)

flow = Flow("t", version="1.0.0", profile=Profile.TEMPORAL)
hook = flow.trigger(http.post("/a", accepts=Invoice, respond="immediate"))
gate = If(is_large)
"""
CHARGED = "flow.connect(hook, charge)\n"


@pytest.fixture
def lowered(tmp_path):
    def of(lines):
        (tmp_path / "flow.py").write_text(HEAD + lines, encoding="utf-8")
        return lower(load(tmp_path))

    return of


def named(flow, name):
    return next(node for node in flow.nodes if node.name == name)


def surfaces(flow, kind):
    names = {node.id: node.name for node in flow.nodes}
    found = [surface for surface in flow.surfaces if surface.kind == kind]
    return [([names[target] for target in surface.targets], surface.config) for surface in found]


def lines_of(found):
    return [one.source.line - HEAD.count("\n") for one in found]


# Edges


def test_an_edge_is_what_connect_says(lowered):
    flow = lowered(
        "flow.connect(hook, same, delivery='at_most_once', ordering='unordered', timeout=ms(5),\n"
        "    buffer=Buffer(max_items=3, on_full='drop_oldest'))\n"
    )
    (edge,) = flow.edges
    assert (edge.delivery, edge.ordering, edge.timeout_ms) == ("at_most_once", "unordered", 5)
    assert (edge.buffer.max_items, edge.buffer.on_full) == (3, "drop_oldest")
    assert edge.controls == ()


def test_what_is_said_of_an_edge_later_counts_and_has_its_place(lowered):
    flow = lowered(
        "flow.connect(hook, same, ordering='unordered')\n"
        "flow.edge(hook, same, delivery='exactly_once', timeout=ms(7))\n"
    )
    (edge,) = flow.edges
    assert (edge.delivery, edge.ordering, edge.timeout_ms) == ("exactly_once", "unordered", 7)
    assert [control.control for control in edge.controls] == ["delivery", "timeout"]
    assert lines_of(edge.controls) == [2, 2]
    assert flow.misplaced == ()


def test_a_control_that_is_set_twice_has_both_places(lowered):
    flow = lowered(
        "flow.connect(hook, same, timeout=ms(1))\nflow.edge(hook, same, timeout=ms(2))\n"
        "flow.edge(hook, same, timeout=ms(3))\n"
    )
    assert [control.control for control in flow.edges[0].controls] == ["timeout"] * 3
    assert lines_of(flow.edges[0].controls) == [1, 2, 3]
    assert flow.edges[0].timeout_ms == 3


def test_controls_of_no_edge_are_misplaced(lowered):
    flow = lowered(
        "flow.connect(hook, gate)\nflow.connect(gate.true, same)\n"
        "flow.edge(gate.false, same, timeout=ms(2), ordering='unordered')\nflow.edge(gate.true, same, timeout=ms(2))\n"
    )
    found = [(one.control, one.source_name, one.target_name) for one in flow.misplaced]
    assert found == [("ordering", "is_large.false", "same"), ("timeout", "is_large.false", "same")]
    assert lines_of(flow.misplaced) == [3, 3]


def test_a_spill_stands_on_its_edge_and_as_a_surface(lowered):
    flow = lowered(
        "flow.connect(hook, same, buffer=Buffer(spill=Spill(max_bytes=mib(1), blob='over', bytes_per_second=7)))\n"
    )
    buffer = flow.edges[0].buffer
    assert (buffer.on_full, buffer.max_items, buffer.spill_bytes) == ("spill", 64, 1_048_576)
    assert (buffer.spill_bytes_per_s, buffer.spill_blob) == (7, "over")
    config = {"bytes": 1_048_576, "bandwidth_bytes_s": 7, "blob": "over"}
    assert surfaces(flow, "spill") == [(["trigger", "same"], config)]


def test_a_spill_may_leave_everything_open(lowered):
    flow = lowered("flow.connect(hook, same, buffer=Buffer(on_full='spill'))\n")
    assert surfaces(flow, "spill")[0][1] == {"bytes": None, "bandwidth_bytes_s": None, "blob": None}


# Limits and partitions


def test_a_partition_splits_the_edges_that_reach_it(lowered):
    flow = lowered(
        "flow.connect(hook, same)\nflow.connect(same, charge)\n"
        "flow.partition_by(charge, 'id', 'amount', max_parallel_shards=4, weights={'vip': 2})\n"
    )
    assert [edge.partition_key for edge in flow.edges] == [None, "id,amount-cents"]
    config = {"fields": ["id", "amount-cents"], "max_parallel_shards": 4, "weights": {"vip": 2}}
    assert surfaces(flow, "partition") == [(["charge"], config)]


def test_a_rate_limit_governs_the_triggers_or_what_it_names(lowered):
    flow = lowered(CHARGED + "flow.rate_limit(qps=5, burst=6)\nflow.rate_limit(charge, qps=1, burst=2)\n")
    found = [(["trigger"], {"qps": 5.0, "burst": 6}), (["charge"], {"qps": 1.0, "burst": 2})]
    assert surfaces(flow, "rate_limit") == found


def test_an_element_that_is_only_governed_is_a_node_of_the_flow(lowered):
    flow = lowered("flow.connect(hook, same)\nflow.rate_limit(charge, qps=1, burst=2)\n")
    assert [node.name for node in flow.nodes] == ["trigger", "same", "charge", "refund"]


# Errors


def test_a_retry_is_the_nodes_and_a_surface(lowered):
    flow = lowered(
        "flow.connect(hook, same)\nflow.on_error(same, Retry(max=5, backoff=Exponential(ms(200), factor=3)))\n"
    )
    retry = named(flow, "same").retry
    assert (retry.owner, retry.max, retry.backoff_ms, retry.factor) == ("orchestrator", 5, 200, 3)
    config = {"strategy": "retry", "max": 5, "backoff_ms": 200, "factor": 3, "then": None}
    assert surfaces(flow, "error_handler") == [(["same"], config)]


def test_the_owner_of_retries_stays_who_the_node_says(lowered):
    flow = lowered(CHARGED + "flow.on_error(charge, Retry(max=2))\n")
    assert (named(flow, "charge").retry.owner, named(flow, "charge").retry.max) == ("connector", 2)
    assert named(lowered(CHARGED), "charge").retry.max == 0


@pytest.mark.parametrize(
    ("strategy", "config"),
    [
        ("Halt()", {"strategy": "halt"}),
        ("Escalate(to='ops')", {"strategy": "escalate", "to": "ops"}),
        ("DeadLetter('failed')", {"strategy": "dead_letter", "to": "failed"}),
    ],
)
def test_other_ways_to_handle_errors(lowered, strategy, config):
    flow = lowered(CHARGED + f"flow.on_error(charge, {strategy})\n")
    assert surfaces(flow, "error_handler") == [(["charge"], config)]


def test_dead_letters_leave_by_a_side_output_as_the_node_got_them(lowered):
    flow = lowered(
        CHARGED + "flow.on_error(charge, Retry(max=1, then=DeadLetter('failed')))\n"
        "flow.connect(charge.side('failed'), same)\nflow.connect(charge, refund)\n"
    )
    assert named(flow, "charge").side_outputs == ("failed",)
    assert [(edge.case, edge.carries) for edge in flow.edges[1:]] == [("failed", "Invoice"), (None, "Receipt")]
    assert surfaces(flow, "error_handler")[0][1]["then"] == {"strategy": "dead_letter", "to": "failed"}


def test_no_strategy_is_refused_where_it_is_written(lowered):
    with pytest.raises(NotLowerable, match="on_error takes Retry") as refused:
        lowered(CHARGED + "flow.on_error(charge, 'retry')\n")
    assert refused.value.place.line - HEAD.count("\n") == 2


# Nodes


def test_the_hints_and_keys_of_a_node(lowered):
    node = named(lowered(CHARGED), "charge")
    key = node.idempotency
    assert (key.fields, key.scope, key.ttl_ms, key.honoured) == (("id", "amount-cents"), "partition", 86_400_000, False)
    assert (node.concurrency, node.batch.size, node.batch.within_ms) == (8, 10, 20)
    assert (node.cache.fields, node.cache.tier, node.cache.ttl_ms) == (("amount-cents",), "local", 3_600_000)
    assert node.cache.invalidate == ("version",)


def test_what_undoes_a_node_is_a_node_of_the_flow(lowered):
    flow = lowered(CHARGED)
    assert named(flow, "charge").compensate == named(flow, "refund").id
    assert named(flow, "refund").idempotency.honoured
    assert not flow.incoming(named(flow, "refund").id)


AI = """
@node
async def ask(
    invoice: Invoice,
    ai: Annotated[AiRead, model("m-2024-07-18", seed=1, max_tokens=400, usd_per_million=("1", "10"))],
    budget: Annotated[TokenBudget, {budget}],
) -> Receipt:
    return Receipt(id=await ai.complete(invoice.id))
flow.connect(hook, ask)
"""


@pytest.mark.parametrize(
    ("budget", "tokens", "usd"),
    [
        ("per(call=tokens(1_000))", 1000, "0.0046"),  # 600 at 1 and 400 at 10 dollars a million
        ("per(run=tokens(500))", 500, "0.0041"),
        ("per(run=usd('0.001'), call=tokens(1_000))", 1000, "0.001"),
        ("per(day=usd('5'))", None, "5"),
    ],
)
def test_the_worst_case_of_a_model(lowered, budget, tokens, usd):
    node = named(lowered(AI.format(budget=budget)), "ask")
    assert (node.ai.model, node.ai.seed, node.ai.max_tokens) == ("m-2024-07-18", 1, 400)
    assert (node.cost.tokens, node.cost.usd) == (tokens, usd)


def test_each_try_of_a_model_costs(lowered):
    flow = lowered(AI.format(budget="per(call=tokens(1_000))") + "flow.on_error(ask, Retry(max=1))\n")
    assert (named(flow, "ask").cost.tokens, named(flow, "ask").cost.usd) == (2000, "0.0092")


def test_what_a_model_costs_counts_for_its_route(lowered):
    route = worst_case(lowered(AI.format(budget="per(call=tokens(1_000))"))).routes["POST /a"]
    assert (route.tokens, route.usd_micros) == (1000, 4600)


def test_only_a_limit_of_all_triggers_bounds_the_runs_of_a_day(lowered):
    flow = lowered(CHARGED + "flow.rate_limit(charge, qps=1, burst=1)\n")
    assert worst_case(flow).runs_per_day is None
    flow = lowered(CHARGED + "flow.rate_limit(charge, qps=1, burst=1)\nflow.rate_limit(qps=2, burst=1)\n")
    assert worst_case(flow).runs_per_day == 2 * 86_400


def test_the_worst_case_of_confined_code(lowered, tmp_path):
    (tmp_path / "clean.py").write_text("")
    asked = "Annotated[PluginPython, sandboxed('clean.py', cpu=minutes(2), memory=mib(1))]"
    node = f"@node\nasync def clean(i: Invoice, py: {asked}) -> Invoice:\n    return i\n"
    flow = lowered(node + "flow.connect(hook, clean)\nflow.on_error(clean, Retry(max=1))\n")
    cost = named(flow, "clean").cost
    assert (cost.cpu_ms, cost.memory_bytes, cost.tokens, cost.usd) == (240_000, 1_048_576, None, None)


def test_a_budget_keeps_what_it_says(lowered):
    budget = named(
        lowered(AI.format(budget="per(day=usd('5'), call=tokens(9), on_exhausted='shrink')")), "ask"
    ).ai.budget
    assert (budget.usd_per_day, budget.tokens_per_call, budget.on_exhausted) == ("5", 9, "shrink")


# Checkpoints


def checkpoint(flow):
    (found,) = flow.checkpoints
    return found


def test_a_checkpoint_is_as_it_was_said(lowered):
    flow = lowered(
        "flow.connect(hook, gate)\nflow.connect(gate.true, same)\n"
        "flow.hitl('approve', on=gate.true, view=Card, ttl=hours(24), on_timeout=Escalate(to='head'), approvers='f')\n"
    )
    found = checkpoint(flow)
    assert (found.id, found.on, found.case) == ("approve", named(flow, "is_large").id, "true")
    assert (found.view, found.view_problem, found.ttl_s) == ("Card", None, 86_400)
    assert (found.on_timeout, found.escalate_to, found.approvers) == ("escalate", "head", "f")
    assert "Card" in flow.schemas


def test_what_is_rejected_is_what_waited(lowered):
    flow = lowered(
        "flow.connect(hook, charge)\nbefore = flow.hitl('ok', on=charge, view=Receipt, on_timeout='reject')\n"
        "flow.connect(before.rejected, refund)\n"
    )
    assert named(flow, "charge").side_outputs == ("ok.rejected",)
    assert [(edge.case, edge.carries) for edge in flow.edges] == [(None, "Invoice"), ("ok.rejected", "Receipt")]
    assert checkpoint(flow).on_timeout == "reject"


def test_a_checkpoint_on_a_trigger_is_kept(lowered):
    flow = lowered("flow.connect(hook, same)\nflow.hitl('ok', on=hook, view=Card)\n")
    assert checkpoint(flow).on == named(flow, "trigger").id


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ("class V(Record, data='public'):\n    total: int\n", "Invoice has no field total to fill V with"),
        ("class V(Record, data='public'):\n    id: int\n", "field id is str in Invoice and int in V"),
        ("class V:\n    id: int\n", "V gives no record"),
        ("def V(i: Invoice) -> int:\n    return 1\n", "V gives no record"),
        (
            "from typing import Callable\nclass V(Record, data='public'):\n    id: str\n    f: Callable[[], int]\n",
            "V cannot be written as JSON",
        ),
        (
            "def V(i: Invoice) -> Card:\n    open(i.id)\n    return Card(id='', note='')\n",
            "V is not pure: reaches outside the process (open())",
        ),
    ],
)
def test_why_a_view_cannot_be_shown(lowered, view, problem):
    found = checkpoint(lowered(f"{view}flow.connect(hook, same)\nflow.hitl('ok', on=same, view=V)\n"))
    assert found.view is None
    assert problem in found.view_problem


def test_a_view_is_made_by_a_function(lowered):
    view = "def shown(i: Invoice) -> Card:\n    return Card(id=i.id, note=None)\n"
    found = checkpoint(lowered(view + "flow.connect(hook, same)\nflow.hitl('ok', on=same, view=shown)\n"))
    assert (found.view, found.view_problem) == ("Card", None)


def test_several_records_have_no_fields(lowered):
    rows = "@node\ndef rows(i: Invoice) -> list[Invoice]:\n    return [i]\n"
    found = checkpoint(lowered(rows + "flow.connect(hook, rows)\nflow.hitl('ok', on=rows, view=Card)\n"))
    assert "list[Invoice] has no fields to fill Card with" in found.view_problem


# Variables, credentials, promises


def test_variables_are_set_and_read(lowered):
    flow = lowered("flow.connect(hook, gate)\nflow.connect(gate.true, same)\nflow.vars(Limits(top=7))\n")
    assert [(one.name, one.record, one.value, one.problem) for one in flow.variables] == [
        ("top", "Limits", 7, None),
        ("ratio", "Limits", 0.5, None),
    ]
    assert flow.variables[0].json_schema["type"] == "integer"
    assert named(flow, "is_large").variables == ("top", "ratio")
    assert lines_of(flow.variables) == [3, 3]


def test_a_node_reads_variables_too_and_they_are_no_capability(lowered):
    flow = lowered(
        "@node\ndef add(i: Invoice, limits: Limits) -> Invoice:\n    return i\nflow.connect(hook, add)\n"
        "flow.vars(Limits())\n"
    )
    node = named(flow, "add")
    assert (node.variables, node.capabilities, node.unknown_capabilities) == (("top", "ratio"), (), ())
    assert (node.effects, node.determinism) == ("pure", "strict")


@pytest.mark.parametrize(
    ("given", "value"),
    [("Limits(top='many')", "many"), ("Limits(top=None)", None), ("Limits(top=1.5)", 1.5)],
)
def test_a_variable_of_a_wrong_type_is_said(lowered, given, value):
    flow = lowered(f"flow.connect(hook, same)\nflow.vars({given})\n")
    assert flow.variables[0].value == value
    assert "integer" in flow.variables[0].problem
    assert flow.variables[1].problem is None


def test_a_default_of_a_wrong_type_is_said_too(lowered):
    flow = lowered("class More(Vars):\n    n: int = 'x'\nflow.connect(hook, same)\nflow.vars(More())\n")
    assert "integer" in flow.variables[0].problem


def test_credentials_and_scopes(lowered):
    flow = lowered(CHARGED + "flow.creds('key', provider='stripe', scopes=('charges:write',))\n")
    (found,) = flow.credentials
    assert (found.name, found.provider, found.scopes) == ("key", "stripe", ("charges:write",))
    assert next(use for use in named(flow, "charge").capabilities if use.name == "creds").scopes == ("charges:write",)


def test_promises_and_regions(lowered):
    flow = lowered(
        CHARGED + "flow.slo(percentile=95, latency=ms(50), at_qps=500)\nflow.slo(records_per_second=334)\n"
        "flow.residency('eu', 'uk')\n"
    )
    found = [(slo.percentile, slo.latency_ms, slo.at_qps, slo.records_per_s) for slo in flow.slos]
    assert found == [(95, 50, 500, None), (None, None, None, 334)]
    assert flow.residency == ("eu", "uk")
