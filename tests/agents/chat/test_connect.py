"""A chat model by its name: journal, retries, prices and budget together, over real HTTP."""

import os
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from flowlattice.budgets import Ledger
from flowlattice.chat import counter_for
from flowlattice.errors import UsageError
from flowlattice_agents.chat.budgeted import BudgetedChat
from flowlattice_agents.chat.connect import connect
from flowlattice_agents.chat.cost import Cost
from flowlattice_agents.chat.journal import usd_text
from flowlattice_agents.chat.prices import parse_price
from flowlattice_agents.chat.retrying import Retries
from flowlattice_agents.errors import BudgetExhausted, ModelMisconfigured, ModelUnavailable, PriceUnknown
from tests.support.chat import request
from tests.support.docblocks import ROOT
from tests.support.scripted_model import answering, drop_after, reply_text, scripted_model, silence, status

PRICE = parse_price("10/100")  # micro-dollars a token


class Run:
    """A run's folder, and how it connects."""

    def __init__(self, home):
        self.home, self.folder = home, home / "runs" / "r1"
        self.notes, self.costs = [], []

    def connect(self, server, model="desk", **options):
        options.setdefault("sleep", lambda _: None)
        environment = {} if server is None else server.environment("a-secret-key") | options.pop("more", {})
        name = model if ":" in model else f"openai:{model}"
        return connect(
            name,
            folder=self.folder,
            home=self.home,
            note=self.notes.append,
            on_cost=self.costs.append,
            environment=environment,
            **options,
        )


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_a_model_of_ones_own_costs_nothing_and_its_tokens_are_counted(run):
    with scripted_model([reply_text("ok", usage=(100, 20))]) as server, run.connect(server) as session:
        reply = session.chat.complete(request())
        cost = session.cost()
    assert (reply.text, reply.model) == ("ok", "openai:desk")
    assert cost == Cost(prompt_tokens=100, completion_tokens=20, calls=1)
    assert cost.as_json() == {
        "usd": "0.000000",
        "tokens": 120,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "calls": 1,
    }
    assert run.costs == [cost]
    assert "so nothing is charged" in run.notes[0]
    assert session.stale == ()


def test_what_a_call_costs_is_booked_by_agent(run):
    script = [reply_text("a", usage=(100, 20)), reply_text("b", usage=(10, 2))]
    with scripted_model(script) as server, run.connect(server, price=PRICE) as session:
        session.chat.complete(request())
        session.chat.complete(request(task="fix", agent="builder"))
        cost = session.cost()
        agents = {name: one.usd for name, one in session.cost_by_agent().items()}
    assert cost.usd == "0.003300"
    assert agents == {"pm": "0.003000", "builder": "0.000300"}
    assert [one.usd for one in run.costs] == ["0.003000", "0.003300"]
    assert str(cost) == "2 calls, 132 tokens, $0.003300"
    assert session.exchanges[0].usd == "0.003000"
    assert run.notes == [
        f"openai:desk at {server.url.split('/')[2]}: $10 a million tokens read, $100 written. This run may spend"
        " $1.000000 (--budget-usd). Its tokenizer is unknown, so a token is reserved for each byte."
    ]


def test_nothing_is_asked_that_does_not_fit(run):
    with scripted_model([reply_text("ok")]) as server:
        with (
            run.connect(server, price=PRICE, budget_usd=Decimal("0.001")) as session,
            pytest.raises(BudgetExhausted) as caught,
        ):
            session.chat.complete(request())
        assert server.requests == []
        assert "go on with a larger --budget-usd" in str(caught.value)
        assert caught.value.remaining_micro_usd == 1000
        assert caught.value.needed_micro_usd > 200 * 100

        with run.connect(server, price=PRICE, budget_usd=Decimal("0.10")) as resumed:
            assert resumed.chat.complete(request()).text == "ok"
            assert resumed.cost().usd == "0.003000"


def test_a_run_keeps_the_budget_that_it_was_given(run):
    with scripted_model([]) as server:
        run.connect(server, price=PRICE, budget_usd=Decimal("0.25")).close()
        run.connect(server, price=PRICE).close()
    assert "$0.250000" in run.notes[1]


def test_a_resumed_run_pays_for_nothing_twice(run):
    with scripted_model([reply_text("once", usage=(100, 20))]) as server:
        with run.connect(server, price=PRICE) as session:
            session.chat.complete(request())
        with run.connect(server, price=PRICE) as session:
            assert session.chat.complete(request()).text == "once"
            assert session.cost().usd == "0.003000"
        assert len(server.requests) == 1


def test_attempts_that_failed_may_have_been_charged(run):
    script = [drop_after(20), status(429, retry_after=3), reply_text("ok", usage=(100, 20))]
    waits: list[float] = []
    with scripted_model(script) as server, run.connect(server, price=PRICE, sleep=waits.append) as session:
        reply = session.chat.complete(request())
        cost = session.cost()
    assert (reply.attempts, waits[1]) == (3, 3)
    # The dropped one at its worst, the refused one for nothing.
    assert reply.micro_usd == cost.micro_usd > 3_000 + 200 * 100
    assert session.exchanges[0].micro_usd == cost.micro_usd
    assert "attempt 2 of 4" in run.notes[1]


def test_a_model_that_never_answers_is_booked_too(run):
    retries = Retries(attempts=2)
    with (
        scripted_model(silence()) as server,
        run.connect(server, price=PRICE, retries=retries, more={"FLOWS_MODEL_TIMEOUT_S": "0.5"}) as session,
    ):
        with pytest.raises(ModelUnavailable) as caught:
            session.chat.complete(request())
        assert session.cost().micro_usd == caught.value.micro_usd > 2 * 200 * 100
        assert session.cost().calls == 0


def test_retries_stop_where_the_budget_does(run):
    with (
        scripted_model([drop_after(20)] * 4) as server,
        run.connect(server, price=PRICE, budget_usd=Decimal("0.05")) as session,
    ):
        with pytest.raises(BudgetExhausted) as caught:
            session.chat.complete(request())
        spent = session.cost().micro_usd
    assert 0 < caught.value.micro_usd == spent <= 50_000
    assert len(server.requests) < 4


def test_what_is_interrupted_in_the_middle_is_booked_at_its_worst(run):
    class Stop(BaseException):
        pass

    class Interrupted:
        name = "openai:desk"

        def complete(self, _request):
            raise Stop

    ledger = Ledger(run.home / "budgets.sqlite")
    ledger.open_scope("run/r1")
    chat = BudgetedChat(Interrupted(), ledger=ledger, scope="run/r1", price=PRICE, counter=counter_for("gpt-4o"))
    with pytest.raises(Stop):
        chat.complete(request())
    report = ledger.report("run/r1")
    ledger.close()
    assert (report.held.micro_usd, report.calls) == (0, 1)
    assert report.spent.micro_usd > 200 * 100


ASKING = """
import sys
from pathlib import Path
from flowlattice_agents.chat.connect import connect
from flowlattice_agents.chat.journal import usd_text
from flowlattice_agents.chat.prices import parse_price
from tests.support.chat import request

home = Path(sys.argv[1])
session = connect(
    "openai:desk", folder=home / "runs" / "r1", home=home, note=print, on_cost=print, price=parse_price("10/100")
)
session.chat.complete(request())
"""


def test_a_call_that_was_killed_is_assumed_at_its_worst_and_asked_again(run):
    arrived = threading.Event()

    def hang(exchange):
        arrived.set()
        silence()(exchange)

    with scripted_model([hang, reply_text("ok", usage=(100, 20))]) as server:
        command = [sys.executable, "-c", ASKING, str(run.home)]
        with subprocess.Popen(
            command, env={**os.environ, **server.environment()}, cwd=ROOT, stdout=subprocess.DEVNULL
        ) as process:
            assert arrived.wait(timeout=60)
            process.kill()
        with run.connect(server, price=PRICE) as session:
            assumed = session.cost().assumed_micro_usd
            assert session.chat.complete(request()).text == "ok"
            cost = session.cost()
    assert assumed > 200 * 100
    assert cost.micro_usd == assumed + 3_000
    assert str(cost) == f"1 call, 120 tokens, ${cost.usd}, ${usd_text(assumed)} of it assumed"


def test_a_wrong_key_costs_nothing(run):
    with scripted_model([status(401)]) as server, run.connect(server, price=PRICE) as session:
        with pytest.raises(ModelMisconfigured, match="set OPENAI_API_KEY"):
            session.chat.complete(request())
        assert session.cost() == Cost()


def test_no_key_reaches_the_disk(run):
    with (
        scripted_model([status(500, "a-secret-key"), reply_text("a-secret-key")]) as server,
        run.connect(server, price=PRICE) as session,
    ):
        session.chat.complete(request("a-secret-key"))
    written = b"".join(path.read_bytes() for path in run.home.rglob("*") if path.is_file())
    assert b"a-secret-key" not in written
    assert "a-secret-key" not in "".join(run.notes)


def test_a_run_is_repeated_from_its_record(run, tmp_path):
    script = [reply_text("a", usage=(100, 20)), reply_text("b", usage=(10, 2))]
    with scripted_model(script) as server, run.connect(server, price=PRICE) as session:
        first = [session.chat.complete(request(text)) for text in "ab"]
        cost = session.cost()
    record = run.folder / "exchanges.jsonl"

    again = Run(tmp_path / "elsewhere")
    with again.connect(None, f"replay:{record}") as session:
        assert [session.chat.complete(request(text)) for text in "ab"] == first
        assert session.cost() == cost
        assert session.stale == ()
    assert (again.folder / "exchanges.jsonl").read_bytes() == record.read_bytes()
    assert again.costs[-1] == cost
    assert again.notes == [f"Answers of openai:desk are replayed from {record}; nothing is charged."]


def test_an_answer_may_depend_on_what_was_asked(run):
    def shout(body):
        return str(body["messages"][-1]["content"]).upper()

    with scripted_model(answering(shout)) as server, run.connect(server) as session:
        assert [session.chat.complete(request(text)).text for text in ("a", "b")] == ["A", "B"]


def test_a_stale_record_says_so(run, tmp_path):
    with scripted_model([reply_text("a")]) as server, run.connect(server) as session:
        session.chat.complete(request("a"))
    with Run(tmp_path / "elsewhere").connect(None, f"replay:{run.folder / 'exchanges.jsonl'}") as session:
        session.chat.complete(request("b"))
        assert session.stale == ("pm-draft: same prompt, other input",)


def test_runs_share_a_ledger_but_no_budget(run):
    other = Run(run.home)
    other.folder = run.home / "runs" / "r2"
    with scripted_model(reply_text("ok", usage=(100, 20))) as server:
        for one in (run, other):
            with one.connect(server, price=PRICE, budget_usd=Decimal("0.1")) as session:
                session.chat.complete(request())
                assert session.cost().usd == "0.003000"
    with sqlite3.connect(run.home / "budgets.sqlite") as ledger:
        scopes = [row[0] for row in ledger.execute("SELECT id FROM budget_scopes ORDER BY id")]
    ledger.close()
    assert scopes == ["run/r1", "run/r1/pm", "run/r2", "run/r2/pm"]


@pytest.mark.parametrize("name", ["openai:", "replay:", "other:x"])
def test_names_that_mean_nothing(run, name):
    with pytest.raises(UsageError, match="openai:NAME or replay:PATH"):
        run.connect(None, name)


def test_a_limit_needs_a_price(run):
    with scripted_model([]) as server, pytest.raises(PriceUnknown):
        run.connect(server, budget_usd=Decimal(1))
    assert not (run.home / "budgets.sqlite").exists()
