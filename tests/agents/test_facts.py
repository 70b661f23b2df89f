"""What a spec states reaches the checker, under the names that its flow has."""

from flowlattice import DataClass
from flowlattice.check import CheckContext, Identity, Rate, apply_fixes, check, with_edits
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice_agents.facts import facts_of
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.spec import FlowSpec

SPEC = """
spec: '1'
name: orders
records:
- name: Order
  data: internal
  fields:
  - {name: order_id, type: string}
  - {name: mail, type: string, alias: e-mail, data: pii}
routes:
- method: POST
  path: /orders
  accepts: Order
  deadline_ms: 2000
  calls:
  - {name: notify_shop, binding: shop, url: 'https://shop.example/new', key: [order_id], ttl_s: 3600}
  reply: {kind: empty}
rate_limit: {qps: 20, burst: 40}
"""


def test_facts_of_a_spec():
    facts = facts_of(FlowSpec.from_yaml(SPEC))
    assert facts.deadline_ms == 2000
    assert facts.rate == Rate(qps=20, burst=40)
    assert facts.identities == {"notify_shop": Identity(fields=("order_id",), ttl_ms=3_600_000)}
    assert facts.data_classes == {"Order": DataClass.INTERNAL, "Order.e-mail": DataClass.PII}
    assert facts.hosts == {"shop": ("shop.example",)}


def found_in(folder, text, context):
    (folder / "flow.py").write_text(text)
    flow = lower(load(folder))
    return with_edits(flow, check(flow, context), {"flow.py": text}, context)


def test_a_fix_restores_what_the_spec_states(tmp_path):
    spec = FlowSpec.from_yaml(SPEC)
    whole = render_flow(spec)
    broken = whole.replace('@node(idempotency=by("order_id", ttl=seconds(3600)))', "@node").replace(
        'flow.egress("shop", "shop.example")\n', ""
    )
    broken = broken.replace("flow.rate_limit(qps=20, burst=40)\n", "").replace(", deadline=seconds(2)", "")
    assert not {word for word in ("rate_limit", "deadline", "egress", "idempotency") if word in broken}
    context = CheckContext(facts=facts_of(spec))
    done = apply_fixes(broken, found_in(tmp_path, broken, context))
    assert '@node(idempotency=by("order_id", ttl=hours(1)))' in done
    assert 'flow.egress("shop", "shop.example")' in done
    assert "flow.rate_limit(qps=20, burst=40)" in apply_fixes(done, found_in(tmp_path, done, context))
    assert "deadline=seconds(2)" in done


def test_routes_that_differ_state_no_deadline_of_the_whole():
    spec = SPEC.replace("rate_limit:", "- {method: GET, path: /, reply: {kind: empty}}\nrate_limit:")
    assert facts_of(FlowSpec.from_yaml(spec)).deadline_ms is None
