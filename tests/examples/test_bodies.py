"""What the nodes of the ten stories do to the world, each called with stores in memory and doubles for the rest."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from flowlattice import CallFailed
from flowlattice.bindings import LocalBindings
from flowlattice.capabilities import HttpResponse
from flowlattice.engine.backends import HttpBackend
from tests.support.docblocks import ROOT
from tests.support.flows import running
from tests.support.stories import Bench, node, story, taken

SITE, ETL, PAYMENTS, CLICKS = "s02_site", "s03_etl_logs", "s04_payments", "s05_clicks"
ONBOARDING, CLEAN, ORDERS, SUMMARY = "s06_onboarding", "s07_ds_clean", "s10_order_eox", "s09_doc_summarize"
DEVICE, RECONCILE = "s08_field_pipeline", "s08_field_pipeline/reconcile.py"


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    asyncio.run(made.bindings.close())


@running
async def test_a_contact_is_mailed_to_the_owner_and_thanked_in_escaped_html(bench: Bench) -> None:
    form = taken(SITE, "handle_contact", name="<Ada>", email="ada@example.com", message="Hello")
    page = await bench(SITE, "handle_contact", form)
    assert "Thank you, &lt;Ada&gt;." in page
    assert bench.calls == [("mail.send", "send", "example.com")]


def test_a_page_is_html_and_what_is_not_there_says_so() -> None:
    page = node(SITE, "render_page").function
    assert "Windows &amp; watermarks." in str(page(taken(SITE, "render_page", slug="features")))
    assert "Welcome" in str(page(taken(SITE, "render_page", slug="home")))
    contact = str(page(taken(SITE, "render_page", slug="contact")))
    assert '<form method="post" action="/contact">' in contact
    assert [name in contact for name in ('name="name"', 'name="email"', 'name="message"')] == [True] * 3
    assert "<form" not in str(page(taken(SITE, "render_page", slug="features")))
    missing = node(SITE, "render_missing").function
    assert "&lt;script&gt;" in str(missing(taken(SITE, "render_missing", slug="<script>")))


@running
async def test_the_change_log_streams_from_the_newest_release_to_the_oldest(bench: Bench) -> None:
    releases = bench.bindings.kv("releases")
    await releases.set("latest", "1.1")
    await releases.set("1.1", '{"version": "1.1", "day": "2025-06-02", "changes": ["b"], "before": "1.0"}')
    await releases.set("1.0", '{"version": "1.0", "day": "2025-06-01", "changes": ["a"]}')
    for after, versions in {None: ["1.1", "1.0"], "1.1": ["1.0"], "1.0": [], "0.1": ["1.1", "1.0"]}.items():
        asked = taken(SITE, "stream_changelog", **{"Last-Event-ID": after})
        assert [release.version for release in await bench(SITE, "stream_changelog", asked)] == versions


@running
async def test_a_log_file_is_read_by_its_digest_and_its_lines_are_events(bench: Bench) -> None:
    data = (ROOT / "examples" / ETL / "logs" / "2025" / "0601.jsonl").read_bytes()
    ref = await bench.bindings.blob("logs").put("logs/2025/0601.jsonl", data)
    file = await bench(ETL, "fetch", ref)
    assert len(file.lines) == 8
    log: Any = node(ETL, "parse").function(taken(ETL, "parse", source=file.source, number=1, text=file.lines[0]))
    assert (log.customer_id, log.bytes, log.ts.isoformat()) == ("acme", 500, "2025-06-01T10:00:10+00:00")
    assert (log.source, log.number) == (ref.digest, 1)
    with pytest.raises(ValueError, match="Invalid JSON"):
        node(ETL, "parse").function(taken(ETL, "parse", source=file.source, number=4, text=file.lines[3]))


@running
async def test_lines_end_at_line_breaks_only_and_one_bad_byte_costs_one_line(bench: Bench) -> None:
    text = '{"customer_id": "a\u2028b"}\n'.encode()
    ref = await bench.bindings.blob("logs").put("logs/2025/x.jsonl", text + b"\xff{}\n\n" + text)
    file = await bench(ETL, "fetch", ref)
    assert file.lines == [text.decode()[:-1], "\\xff{}", "", text.decode()[:-1]]
    lines = node(ETL, "parse").function.__globals__["lines_of"](file)
    assert [(line.source, line.number) for line in lines] == [(ref.digest, number) for number in (1, 2, 4)]


@pytest.mark.parametrize("name", ["keep_late", "keep_unreadable"])
def test_what_is_put_aside_is_known_by_its_place(name: str) -> None:
    _, flow = story(ETL)
    (key,) = [one.idempotency for one in flow.nodes if one.name == name]
    assert key is not None
    assert [*key.fields] == ["source", "number"]


@running
async def test_a_window_is_one_row_however_often_it_is_written(bench: Bench) -> None:
    window = {"window_start": "2025-06-01T10:00:00Z", "window_end": "2025-06-01T10:05:00Z"}
    for size in (7, 7, 9):
        row = taken(ETL, "write_warehouse", customer_id="acme", bytes=size, **window)
        await bench(ETL, "write_warehouse", row)
    rows = await _rows(bench, "warehouse", "traffic")
    assert [(row["customer_id"], row["bytes"]) for row in rows] == [("acme", 9)]


@running
async def test_late_events_and_unreadable_lines_go_to_queues(bench: Bench) -> None:
    place = {"source": "sha256:" + "ab" * 32, "number": 1}
    late = taken(ETL, "keep_late", ts="2025-06-01T10:00:00Z", customer_id="acme", bytes=1, **place)
    await bench(ETL, "keep_late", late)
    await bench(ETL, "keep_unreadable", taken(ETL, "keep_unreadable", text="{", **place))
    assert bench.calls == [
        ("queue.publish", "publish", "late_events"),
        ("queue.publish", "publish", "unreadable_lines"),
    ]


class Recorded(LocalBindings):
    """Answers requests, and keeps what was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.answer = HttpResponse(status=status, body=body)
        self.requests: list[dict[str, object]] = []

    def http(self, binding: str) -> HttpBackend:
        return self

    async def send(self, method: str, url: str, **request: Any) -> HttpResponse:
        headers: Mapping[str, str] = request["headers"]
        self.requests.append(
            {"method": method, "url": url, **request, "headers": {k.lower(): v for k, v in headers.items()}}
        )
        return self.answer


INVOICE: dict[str, JsonValue] = {
    "invoice_id": "in-1", "customer_id": "cus_1", "amount_cents": 4200, "currency": "usd", "item_hashes": ["9f86d081"],
}  # fmt: skip


@running
async def test_a_charge_is_a_form_with_the_key_and_the_credential() -> None:
    bindings = Recorded(200, b'{"id": "ch_1"}')
    receipt = await Bench(bindings)(PAYMENTS, "charge", taken(PAYMENTS, "charge", **INVOICE))
    (request,) = bindings.requests
    assert (request["method"], request["url"]) == ("POST", "https://api.stripe.com/v1/charges")
    assert request["form"] == {"amount": "4200", "currency": "usd", "customer": "cus_1"}
    headers = request["headers"]
    assert isinstance(headers, dict)
    assert headers["idempotency-key"] == "ab" * 32
    assert "authorization" in headers
    assert receipt.charge_id == "ch_1"


@running
async def test_what_was_charged_is_refunded_and_a_refusal_ends_the_attempt() -> None:
    bindings = Recorded(200, b'{"id": "re_1"}')
    receipt = taken(PAYMENTS, "refund", invoice_id="in-1", charge_id="ch_1", item_hashes=[])
    assert (await Bench(bindings)(PAYMENTS, "refund", receipt)).id == "re_1"
    assert bindings.requests[0]["form"] == {"charge": "ch_1"}
    with pytest.raises(CallFailed, match="answered 402"):
        await Bench(Recorded(402, b"no"))(PAYMENTS, "charge", taken(PAYMENTS, "charge", **INVOICE))


@running
async def test_a_shipment_has_the_items() -> None:
    bindings = Recorded(201, b'{"id": "s-1"}')
    receipt = taken(PAYMENTS, "create_shipment", invoice_id="in-1", charge_id="ch_1", item_hashes=["9f86d081"])
    assert (await Bench(bindings)(PAYMENTS, "create_shipment", receipt)).id == "s-1"
    assert bindings.requests[0]["json"] == {"invoice": "in-1", "items": ["9f86d081"]}


@running
async def test_a_click_is_stored_once_without_what_follows_the_page(bench: Bench) -> None:
    raw = taken(CLICKS, "parse_click", user="u", event="e", at="2025-06-01T10:00:00Z", kind="view", page="/a?b=c")
    click = node(CLICKS, "parse_click").function(raw)
    for _ in range(2):
        await bench(CLICKS, "click_sink", click)
    rows = await _rows(bench, "clicks", "clicks_view")
    assert [(row["user_id"], row["page"]) for row in rows] == [("u", "/a")]


@running
async def test_documents_are_kept_reviewed_and_an_account_is_opened(bench: Bench) -> None:
    documents = [{"kind": "passport", "content": content} for content in ("cGFzc3BvcnQ=", "YmFjaw==")]
    application = taken(
        ONBOARDING, "capture_docs", applicant_id="a-1", name="Ada", email="ada@example.com", documents=documents
    )
    captured = await bench(ONBOARDING, "capture_docs", application)
    kept = [await bench.bindings.blob("documents").get(key) for key in captured.documents]
    assert kept == [b"passport", b"back"]
    assert all(key.startswith("kyc/a-1/passport/") for key in captured.documents)
    await bench(ONBOARDING, "open_account", captured)
    (row,) = await _rows(bench, "accounts", "accounts")
    assert row["email"] == "ada@example.com"
    card = taken(ONBOARDING, "send_reminder", applicant_id="a-1", name="Ada", documents=captured.documents)
    await bench(ONBOARDING, "send_reminder", card)
    assert bench.calls[-1] == ("mail.send", "send", "example.com")


@running
async def test_a_table_is_read_in_parts_and_written_as_csv(bench: Bench) -> None:
    data = "a,b\n" + "".join(f'{number},"say ""{number}"""\n' for number in range(1500))
    ref = await bench.bindings.blob("raw").put("raw/t.csv", data.encode())
    first, second = await bench(CLEAN, "csv_read", ref)
    assert [(part.number, len(part.rows)) for part in (first, second)] == [(0, 1000), (1, 500)]
    written = await bench(CLEAN, "csv_write", second)
    assert written.key == f"clean/{ref.digest.removeprefix('sha256:')}/00001.csv"
    text = (await bench.bindings.blob("clean").get(written.key)).decode()
    assert list(csv.DictReader(text.splitlines()))[-1] == {"a": "1499", "b": 'say "1499"'}
    assert (await bench(CLEAN, "csv_write", second)).digest == written.digest


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\r\n"x\ny",1\r\n', [{"a": "x\ny", "b": "1"}]),
        ("a,b\n1\n\n1,2,3\n", [{"a": "1", "b": "", "column_2": ""}, {"a": "1", "b": "2", "column_2": "3"}]),
        ("a,a\n1,2\n", [{"a": "1", "column_1": "2"}]),
        ("a\nx\u2028y\x85z\n", [{"a": "x\u2028y\x85z"}]),
    ],
)
@running
async def test_cells_are_kept_as_they_are(text: str, rows: list[dict[str, str]], bench: Bench) -> None:
    ref = await bench.bindings.blob("raw").put("raw/t.csv", text.encode())
    (part,) = await bench(CLEAN, "csv_read", ref)
    assert part.rows == rows


@running
async def test_a_table_without_rows_has_no_parts(bench: Bench) -> None:
    for text in (b"", b"a,b\n"):
        ref = await bench.bindings.blob("raw").put("raw/t.csv", text)
        assert await bench(CLEAN, "csv_read", ref) == []


@pytest.mark.parametrize(
    "known", ["2025-06-01 10:30:00+00:00", "2025-06-01T10:30:00Z", "2025-06-01T10:30:00", "2025-06-01T12:30:00+02:00"]
)
@pytest.mark.parametrize(
    ("tick", "mean"),
    [
        ("2025-06-01T10:29:00Z", 1.0),
        ("2025-06-01T11:29:00+01:00", 1.0),
        ("2025-06-01T10:30:00.5Z", 2.0),
        ("2025-06-01T10:31:00", 2.0),
        ("2025-06-01T09:31:00-01:00", 2.0),
    ],
)
@running
async def test_ticks_are_compared_as_moments(known: str, tick: str, mean: float, bench: Bench) -> None:
    async with bench.bindings.db("fleet").transaction() as connection:
        await connection.upsert("sensors", {"id": "t1", "tick": known, "mean": 1.0, "peak": 1.0, "readings": 1}, ["id"])
    entry = taken(RECONCILE, "last_writer_wins", id="t1", tick=tick, mean=2.0, peak=2.0, readings=1)
    await bench(RECONCILE, "last_writer_wins", entry)
    (row,) = await _rows(bench, "fleet", "sensors")
    assert row["mean"] == mean


@pytest.mark.parametrize("order", [[0, 1], [1, 0], [1, 0, 1]])
@running
async def test_the_entry_with_the_latest_tick_stays(order: list[int], bench: Bench) -> None:
    entries = [
        taken(RECONCILE, "last_writer_wins", id="t1", tick=f"2025-06-01T10:0{minute}:00Z", mean=m, peak=m, readings=1)
        for minute, m in ((0, 1.0), (1, 2.0))
    ]
    for number in order:
        await bench(RECONCILE, "last_writer_wins", entries[number])
    (row,) = await _rows(bench, "fleet", "sensors")
    assert row["mean"] == 2.0


def test_a_minute_is_an_entry() -> None:
    minute = taken(
        DEVICE, "cache_write", id="t1", window_start="2025-06-01T10:00:00Z", window_end="2025-06-01T10:01:00Z",
        mean=1.5, peak=2.0, readings=2,
    )  # fmt: skip
    entry: Any = node(DEVICE, "cache_write").function(minute)
    assert (entry.id, entry.tick, entry.readings) == ("t1", minute.window_start, 2)


@running
async def test_a_summary_streams(bench: Bench) -> None:
    document = taken(SUMMARY, "make_prompt", text="Flows are programs.")
    request: Any = node(SUMMARY, "make_prompt").function(document)
    assert request.document == document
    pieces = await bench(SUMMARY, "openai_chat_stream", request)
    assert "".join(piece.text for piece in pieces)
    assert [piece.end for piece in pieces if piece.end] == []


@running
async def test_an_order_is_published_once_after_it_is_stored(bench: Bench) -> None:
    event = taken(ORDERS, "upsert_outbox", order_id="o-1", version=1, status="placed")
    pointer = await bench(ORDERS, "upsert_outbox", event)
    (row,) = await _rows(bench, "orders", "outbox")
    assert (row["order_id"], row["sent"]) == ("o-1", 0)
    for _ in range(2):
        await bench(ORDERS, "project_to_kafka", pointer)
    assert [call for call in bench.calls if call[0] == "kafka.write"] == [("kafka.write", "send", "order-events")]
    (row,) = await _rows(bench, "orders", "outbox")
    assert row["sent"] == 1


@running
async def test_an_earlier_version_leaves_a_later_one_and_what_was_sent(bench: Bench) -> None:
    events = [taken(ORDERS, "upsert_outbox", order_id="o-1", version=n, status=s) for n, s in ((2, "paid"), (1, "new"))]
    for event in [*events, *events]:  # all of it comes again when the keys are gone
        pointer = await bench(ORDERS, "upsert_outbox", event)
        await bench(ORDERS, "project_to_kafka", pointer)
    (order,) = await _rows(bench, "orders", "orders")
    assert (order["version"], order["status"]) == (2, "paid")
    assert [(row["version"], row["sent"]) for row in await _rows(bench, "orders", "outbox")] == [(2, 1), (1, 1)]
    assert len([call for call in bench.calls if call[0] == "kafka.write"]) == 2


async def _rows(bench: Bench, binding: str, table: str) -> list[Mapping[str, object]]:
    async with bench.bindings.db(binding).transaction() as connection:
        return [*await connection.select(table, {}, None, None)]
