"""What a node may spend: set aside before a call, booked after it, refused or shrunk where it does not fit."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from flowlattice.budgets import Ledger
from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from tests.support.asking import COMPLETE, answered, asking, bound
from tests.support.flows import running, runtime_of
from tests.support.scripted_model import drop_after, reply_text, status

DEAR = 'model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=50, usd_per_million=("10", "100"))'


def spent():
    """What the node has spent today, in micro-dollars and tokens, and how many calls are booked."""
    ledger = Ledger(flows_home() / "budgets.sqlite")
    report = ledger.report(f"test/asking/{datetime.now(UTC).date()}/ask")
    ledger.close()
    assert report.held.tokens == 0
    return report.spent.micro_usd, report.spent.tokens, report.calls


def assumed():
    ledger = Ledger(flows_home() / "budgets.sqlite")
    report = ledger.report("test/asking")
    ledger.close()
    return report.assumed.tokens


@pytest.mark.parametrize(
    ("usage", "booked", "is_assumed"),
    [
        ((40, 3), 43, False),
        ((0, 3), None, False),  # a prompt is never nothing
        ((40, 1), None, False),  # twelve words are not one token
        ((40, 99), None, True),  # more than was allowed
        ((10**30, 3), None, True),
    ],
)
def test_what_an_endpoint_says_is_believed_where_it_can_be(tmp_path, usage, booked, is_assumed):
    text = "three words and more" if usage[1] == 3 else "one two three four five six seven eight nine ten eleven twelve"

    @running
    async def check():
        async with answered(tmp_path, asking(), reply_text(text, usage=usage)) as (client, _):
            assert (await client("POST", "/ask", json={"v": "a question"})).status == 200
        _, tokens, calls = spent()
        assert calls == 1
        assert tokens == booked if booked else 4 < tokens < 100
        assert (assumed() == tokens) == is_assumed

    check()


@running
async def test_a_flow_has_ceilings_over_all_its_nodes(tmp_path):
    whole = asking(budget="per()") + "flow.budget(per(day=tokens(130), run=tokens(110)))\n"
    async with answered(tmp_path, whole, reply_text("x", usage=(16, 50))) as (client, server):
        answers = [await client("POST", "/ask", json={"v": text}) for text in ("a", "b", "c", "long " * 40)]
    assert [answer.status for answer in answers] == [200, 429, 429, 429]
    assert "retry-after" in answers[1].headers
    assert len(server.requests) == 1
    (breach,) = [json.loads(file.read_text()) for file in (flows_home() / "breaches").glob("*.json")]
    assert (breach["scope"], breach["node"]) == (f"test/asking/{datetime.now(UTC).date()}", "ask")


@pytest.mark.parametrize("stated", ["", ', usd_per_million=("0", "0")'])
def test_a_model_without_any_budget_is_not_served_unless_it_is_free(tmp_path, stated):
    source = asking(model=f'model("own@1", max_tokens=9{stated})', budget="per()")
    bindings = bound(tmp_path, "http://127.0.0.1:9/v1")
    if stated:
        assert runtime_of(tmp_path, source, bindings=bindings).plan.flow == "asking"
    else:
        with pytest.raises(UsageError, match="node ask asks own@1 without a budget"):
            runtime_of(tmp_path, source, bindings=bindings)


@running
async def test_what_a_call_came_to_is_booked(tmp_path):
    script = [reply_text("A text.", usage=(100, 20)), status(503), drop_after(5)]
    async with answered(tmp_path, asking(model=DEAR), script) as (client, server):
        for text in ("one", "two", "three"):
            await client("POST", "/ask", json={"v": text})
        most = sum(len(message["content"]) for message in server.requests[2]["messages"]) + 30
    micro, tokens, calls = spent()
    assert assumed() == tokens - 120
    # The first as reported, the second not at all, the third at its worst: nobody knows what was charged.
    assert calls == 2
    assert 120 + 50 < tokens < 120 + 50 + most
    assert micro == 100 * 10 + 20 * 100 + (tokens - 120 - 50) * 10 + 50 * 100


@running
async def test_a_call_that_does_not_fit_is_429_until_the_next_day(tmp_path):
    budget = 'per(day=usd("0.012"))'  # two calls of at most 5,000 + some, and no third
    async with answered(tmp_path, asking(model=DEAR, budget=budget), reply_text("x", usage=(10, 50))) as (
        client,
        server,
    ):
        answers = [await client("POST", "/ask", json={"v": text}) for text in ("one", "two", "three")]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert json.loads(answers[2].body)["error"] == "budget_exhausted"
    assert 0 < int(answers[2].headers["retry-after"]) <= 86_400
    assert len(server.requests) == 2


@running
async def test_each_tenant_has_its_own_part_of_a_day(tmp_path):
    budget = 'per(tenant="v", tenant_day=tokens(120))'  # one call, and no second
    source = asking(model='model("gpt-4o-mini", max_tokens=50)', budget=budget)  # unpinned: no answer is kept
    async with answered(tmp_path, source, reply_text("x", usage=(16, 50))) as (client, server):
        answers = [await client("POST", "/ask", json={"v": name}) for name in ("acme", "acme", "other")]
    assert [answer.status for answer in answers] == [200, 429, 200]
    assert len(server.requests) == 2
    (breach,) = [json.loads(file.read_text()) for file in (flows_home() / "breaches").glob("*.json")]
    assert (breach["flow"], breach["node"], breach["refused"]) == ("asking", "ask", 1)
    assert breach["scope"].endswith("/ask/acme")
    assert breach["path"] == str(tmp_path)


@running
async def test_calls_at_once_never_pass_a_ceiling(tmp_path):
    budget = "per(day=tokens(300))"  # a call is at most 50 and its prompt
    async with answered(tmp_path, asking(budget=budget), reply_text("x", usage=(16, 50))) as (client, server):
        sent = [client("POST", "/ask", json={"v": f"text {number}"}) for number in range(12)]
        statuses = [answer.status for answer in await asyncio.gather(*sent)]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) == len(server.requests) == spent()[2]
    assert spent()[1] <= 300


@running
async def test_a_budget_that_shrinks_cuts_the_last_answer_and_says_so(tmp_path):
    budget = 'per(day=tokens(130), on_exhausted="shrink")'
    script = [reply_text("whole", usage=(20, 50)), reply_text("cut", finish="length", usage=(20, 40))]
    async with answered(tmp_path, asking(budget=budget), script) as (client, server):
        answers = [json.loads((await client("POST", "/ask", json={"v": text})).body) for text in "abcd"]
        ends = [exchange.end for exchange in client.log.exchanges]
    assert [answer["left_off"] for answer in answers] == [False, True, True, True]
    assert [answer["v"] for answer in answers] == ["whole", "cut", "", ""]
    assert ends == ["stop", "length", "exhausted", "exhausted"]
    assert server.requests[0]["max_tokens"] == 50
    assert 0 < server.requests[1]["max_tokens"] < 50
    assert spent()[1] == 130


@running
async def test_a_shrunk_answer_that_ends_of_itself_is_whole_and_one_that_is_cut_is_not_kept(tmp_path):
    budget = 'per(call=tokens(60), on_exhausted="shrink")'
    script = [reply_text("short"), reply_text("cut", finish="length"), reply_text("cut", finish="length")]
    async with answered(tmp_path, asking(budget=budget), script) as (client, server):
        answers = [json.loads((await client("POST", "/ask", json={"v": text})).body) for text in "abb"]
    assert [answer["left_off"] for answer in answers] == [False, True, True]
    assert len(server.requests) == 3
    assert server.requests[0]["max_tokens"] < 50


@running
async def test_a_record_is_not_made_of_an_answer_that_was_cut(tmp_path):
    body = 'return Out(v=(await ai.extract("Find it.", into=Invoice, data=req)).number)'
    budget = 'per(call=tokens(200), on_exhausted="shrink")'
    model = 'model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=190)'
    script = [reply_text('{"number": "A', finish="length")]
    async with answered(tmp_path, asking(body, budget=budget, model=model), script) as (client, server):
        answer = await client("POST", "/ask", json={"v": "a"})
    assert (answer.status, len(server.requests)) == (429, 1)
    assert "retry-after" not in answer.headers


@running
async def test_an_answer_is_always_bounded(tmp_path):
    model = 'model("gpt-4o-mini-2024-07-18", seed=42)'
    for budget, most in ((None, 1_024), ("per(call=tokens(100))", 100)):
        source = asking(model=model, budget=budget or 'per(day=usd("1"))')
        async with answered(tmp_path, source, [reply_text("x")]) as (client, server):
            await client("POST", "/ask", json={"v": str(budget)})
        assert most - 40 < server.requests[0]["max_tokens"] <= most


UNKNOWN = 'model("own@1", seed=1, max_tokens=50)'


@running
async def test_money_bounds_only_what_has_a_price(tmp_path):
    for budget, said in (
        ('per(day=usd("1"))', "the price of own@1 is not known; say usd_per_million"),
        ("per(day=tokens(9))", ""),
    ):
        bindings = bound(tmp_path, "http://127.0.0.1:9/v1")
        try:
            runtime_of(tmp_path, asking(model=UNKNOWN, budget=budget), bindings=bindings)
            found = ""
        except UsageError as error:
            found = str(error)
        finally:
            await bindings.close()
        assert said in found
        assert bool(said) == bool(found)


@running
async def test_an_environment_may_say_what_a_model_costs(tmp_path):
    source = asking(model=UNKNOWN, budget='per(day=usd("1"))')
    costs = {"own@1": ["1", "2"]}
    async with answered(tmp_path, source, [reply_text("x", usage=(100, 20))], usd_per_million=costs) as (client, _):
        await client("POST", "/ask", json={"v": "a"})
    assert spent()[0] == 100 + 40


@running
async def test_a_client_that_leaves_has_its_call_booked_at_its_worst(tmp_path):
    gone = asyncio.Event()

    def slowly(exchange):
        exchange.begin()
        exchange.chunk({"content": "one"})
        loop.call_soon_threadsafe(gone.set)
        exchange.closing.wait()

    loop = asyncio.get_running_loop()
    async with answered(tmp_path, asking(COMPLETE, model=DEAR), slowly) as (client, _):
        asked = asyncio.create_task(client("POST", "/ask", json={"v": "a"}))
        await gone.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        (exchange,) = client.log.exchanges
    assert (exchange.end, exchange.completion_tokens) == ("given_up", 50)
    assert spent()[2] == 1


@running
async def test_what_a_tenant_spends_is_counted_apart(tmp_path):
    budget = 'per(day=tokens(1_000), tenant="v", tenant_day=tokens(100))'
    model = 'model("gpt-4o-mini", max_tokens=50)'  # not pinned, so that each call is made
    async with answered(tmp_path, asking(budget=budget, model=model), reply_text("x", usage=(15, 45))) as (client, _):
        answers = [await client("POST", "/ask", json={"v": tenant}) for tenant in ("acme", "acme", "emca")]
    assert [answer.status for answer in answers] == [200, 429, 200]
