"""Changes of the examples as a reviewer reads them: what weighs as a risk, and in which words."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from flowlattice.ir.build import build
from flowlattice.ir.comparison import Change, compare
from flowlattice.ir.model import FlowIR
from tests.support.docblocks import ROOT

EXAMPLES = ROOT / "examples"


@cache
def original(example: str) -> FlowIR:
    built = build(EXAMPLES / example, trusted=True)
    assert built.ir is not None, built.diagnostics
    return built.ir


def changes(folder: Path, example: str, old: str, new: str, file: str = "flow.py") -> list[Change]:
    """What the semantic diff says of an example in which one text is another."""
    shutil.copytree(EXAMPLES / example, folder / example, ignore=shutil.ignore_patterns("__pycache__"))
    changed = folder / example / file
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    built = build(folder / example, trusted=True)
    assert built.ir is not None, built.diagnostics
    return [*compare(original(example), built.ir)]


PAYMENTS, CLICKS, ETL, SUMMARY = "s04_payments", "s05_clicks", "s03_etl_logs", "s09_doc_summarize"
DEVICE, ONBOARDING, CLEAN, ORDERS = "s08_field_pipeline", "s06_onboarding", "s07_ds_clean", "s10_order_eox"
SENTENCES = [
    (SUMMARY, "day=usd(5)", "day=usd(50)", "riskier", "may spend in a day (USD) is 50, was 5"),
    (SUMMARY, "day=usd(5)", "day=usd(1)", "safer", "may spend in a day (USD) is 1, was 5"),
    (SUMMARY, "tokens(2_500)", "tokens(9_000)", "riskier", "the most tokens of openai_chat_stream in a call is 9000"),
    (SUMMARY, "-2024-07-18", "-2025-01-01", "riskier", "the model that openai_chat_stream asks is gpt-4o-mini-2025"),
    (SUMMARY, "seed=42, ", "", "riskier", "the seed of openai_chat_stream is none, was 42"),
    (SUMMARY, "seed=42, ", "", "riskier", "node openai_chat_stream is best_effort"),
    (SUMMARY, "at most five", "at most six", "neutral", "node make_prompt may compute something else"),
    (
        PAYMENTS,
        "ttl=hours(24), ",
        "",
        "riskier",
        "how long approve_high_value waits for a person (s) is none, was 86400",
    ),
    (PAYMENTS, 'approvers="finance"', 'approvers="sales"', "riskier", "who may decide approve_high_value is sales"),
    (
        PAYMENTS,
        "on=gate.true",
        "on=gate.false",
        "riskier",
        "what waits at approve_high_value is what comes out of gate",
    ),
    (PAYMENTS, "    compensate=refund,\n", "", "riskier", "what undoes charge is none, was refund"),
    (PAYMENTS, "max=5", "max=50", "riskier", "the max of error_handler charge is 50, was 5"),
    (PAYMENTS, "flow.on_error(charge, ", "(", "riskier", "error_handler charge is none, was"),
    (
        PAYMENTS,
        "flow.vars(Limits())",
        "flow.vars(Limits(approval_cents=9))",
        "riskier",
        "the variable approval_cents is 9",
    ),
    (
        PAYMENTS,
        '", "refunds:write")',
        '", "refunds:write", "all")',
        "riskier",
        "the scopes that the credential stripe_key",
    ),
    (
        PAYMENTS,
        'scopes("charges:write")',
        'scopes("all")',
        "riskier",
        "the scopes that charge.stripe_key (creds) needs",
    ),
    (PAYMENTS, "honours_key=True, timeout", "timeout", "riskier", "whether the receiver of refund honours its key by"),
    (
        ONBOARDING,
        'Escalate(to="head_of_compliance")',
        '"reject"',
        "riskier",
        "who is asked next about doc_review is none",
    ),
    (ONBOARDING, 'residency("eu")', 'residency("us")', "riskier", "where the flow's data may be is us, was eu"),
    (ONBOARDING, "0 9 * * 1,3", "0 9 * * 1", "riskier", "when remind starts a run is 0 9 * * 1, was 0 9 * * 1,3"),
    (ONBOARDING, "ttl=hours(20)", "ttl=hours(1)", "riskier", "node send_reminder remembers its key for 3600000 ms"),
    (CLICKS, "mib(64)", "mib(640)", "neutral", "the buffer that spills (bytes) from parse_click to route is 671088640"),
    (CLICKS, "qps=100_000", "qps=200_000", "riskier", "takes at most 200000 requests a second at click_sink"),
    (CLICKS, '"kiosk": 4', '"kiosk": 9', "neutral", 'the weights of partition route is {"kiosk": 9}, was {"kiosk": 4}'),
    (CLICKS, 'group="clicks"', 'group="other"', "riskier", "the consumer group of"),
    (CLICKS, "Batch(1000", "Batch(10", "neutral", "how many records click_sink takes together is"),
    (CLICKS, "concurrency=8", "concurrency=80", "neutral", "how many of click_sink run at a time is 80, was 8"),
    (
        ETL,
        ', delivery="exactly_once"',
        "",
        "riskier",
        "delivery from aggregate to write_warehouse is at_least_once, was",
    ),
    (ETL, "minutes(5)", "minutes(6)", "riskier", "the size_ms of window window is 360000, was 300000"),
    (ETL, "minutes(2)", "minutes(1)", "riskier", "the lateness_ms of window window is 60000, was 120000"),
    (ETL, "minutes(2)", "minutes(3)", "safer", "the lateness_ms of window window is 180000, was 120000"),
    (ETL, '.sum("bytes")', '.max("bytes")', "riskier", "the functions of aggregate aggregate is"),
    (ETL, 'flow.partition_by(write_warehouse, "customer_id")', "", "riskier", "partition write_warehouse is none"),
    (ETL, "records_per_second=334", "records_per_second=33", "riskier", "promises 33 records a second in throughput"),
    (DEVICE, "ttl=days(30)", "ttl=days(60)", "riskier", "how long results of cache_write are kept (ms) is 5184000000"),
    (DEVICE, 'tier="local"', 'tier="shared"', "neutral", "where results of cache_write are kept is shared, was local"),
    (CLEAN, 'network="deny"', 'network="allow"', "riskier", "the network of py_clean.python (plugin.python) is allow"),
    (CLEAN, "memory=gib(1)", "memory=gib(2)", "riskier", "the memory_bytes of py_clean.python (plugin.python) is 2147"),
    (
        CLICKS,
        'upsert(f"clicks_{click.type}", click, key=("user_id", "event_id", "ts"))',
        'insert(f"clicks_{click.type}", click)',
        "riskier",
        "clicks (db.write) is insert, was upsert",
    ),
    (
        ORDERS,
        'orders.insert("outbox", row)',
        'orders.upsert("outbox", row, key="order_id")',
        "neutral",
        "what upsert_outbox calls of orders (db.write) is",
    ),
    (ORDERS, ", seen: DedupeStore", "", "riskier", "node upsert_outbox no longer asks for seen (dedupe)"),
]


@pytest.mark.parametrize("case", SENTENCES, ids=[case[-1] for case in SENTENCES])
def test_a_change_of_a_story_is_said(tmp_path: Path, case: tuple[str, str, str, str, str]) -> None:
    example, old, new, weight, text = case
    found = changes(tmp_path, example, old, new)
    assert [one for one in found if text in one.text and one.weight == weight], [(c.weight, c.text) for c in found]


NEW = [
    (CLICKS, "neutral", "each record of the topic clicks starts a run of RawClick (ingest)"),
    (CLICKS, "neutral", "at most 100000 records a second and 200000 at once at click_sink"),
    (ONBOARDING, "neutral", "the schedule 0 9 * * 1,3 starts a run of DocCard (remind)"),
    (ONBOARDING, "neutral", "what comes out of capture_docs waits for a person (doc_review)"),
    (ONBOARDING, "neutral", "its data may be in eu alone"),
    (
        SUMMARY,
        "neutral",
        "openai_chat_stream asks the model gpt-4o-mini-2024-07-18, at most 5 USD a day, 2500 tokens a call",
    ),
    (CLEAN, "riskier", "of node py_clean somebody vouches: python: plugins/clean.py is deterministic"),
    (PAYMENTS, "neutral", "answers 202 before the work is done, and 422 to invalid input"),
]


@pytest.mark.parametrize(("example", "weight", "text"), NEW, ids=[case[-1] for case in NEW])
def test_a_story_that_is_new_reads_as_what_it_is(example: str, weight: str, text: str) -> None:
    found = compare(None, original(example))
    assert [one for one in found if text in one.text and one.weight == weight], [one.text for one in found]


def test_a_plugin_whose_file_changes_is_a_risk(tmp_path: Path) -> None:
    found = changes(tmp_path, CLEAN, "median", "mean", file="plugins/clean.py")
    (change,) = [one for one in found if "plugins/clean.py" in one.text]
    assert (change.weight, change.text[:40]) == ("riskier", "the content of the file plugins/clean.py")


def test_a_flow_that_is_reformatted_is_the_same_flow(tmp_path: Path) -> None:
    assert (
        changes(tmp_path, CLICKS, '    page = raw.page.partition("?")[0]', '    page = (raw.page.partition("?")[0])  #')
        == []
    )


CARD = """def card(invoice: Invoice) -> ApprovalCard:
    return ApprovalCard(invoice_id="", customer_id="", amount_cents=invoice.amount_cents, currency="")


flow = Flow("""


def test_a_view_that_shows_something_else_is_a_risk(tmp_path: Path) -> None:
    made = []
    for number, shown in enumerate((CARD, CARD.replace("invoice.amount_cents", "1"))):
        folder = tmp_path / str(number)
        shutil.copytree(EXAMPLES / PAYMENTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        text = (folder / "flow.py").read_text(encoding="utf-8")
        text = text.replace("flow = Flow(", shown).replace("view=ApprovalCard", "view=card")
        (folder / "flow.py").write_text(text, encoding="utf-8")
        built = build(folder, trusted=True)
        assert built.ir is not None, built.diagnostics
        made.append(built.ir)
    (change,) = compare(*made)
    assert change.weight == "riskier"
    assert change.text == ("approve_high_value may show something else: the code that makes its view is not as it was")
