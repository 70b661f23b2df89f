"""Breach reports are answered with smaller calls: which number is cut, by how much, and what a person decides."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flowlattice.budgets import Breach
from flowlattice.budgets.breaches import Count
from flowlattice.cli import run
from flowlattice_agents.chunks import NothingToCut, smaller

NONE = Count(micro_usd=None, tokens=None)
SOURCE = """
from typing import Annotated

from flowlattice import AiRead, Flow, Record, TokenBudget, field, http, model, node, per, seconds, tokens

HEADER = 70


class Text(Record, data="internal"):
    title: Annotated[str, field(max_length=100)]
    text: Annotated[str, field(min_length=1, max_length=TEXT)]


@node
async def ask(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=ANSWER, usd_per_million=("1", "2"))],
    budget: Annotated[TokenBudget, per(day=tokens(100_000))],
) -> Text:
    return Text(title=given.title, text=await ai.complete(given.text))  # ä: columns are bytes


flow = Flow("sums", version="1.0.0")
hook = flow.trigger(http.post("/sums", accepts=Text, deadline=seconds(20)))
flow.connect(hook, ask)
flow.connect(ask, flow.respond())
flow.rate_limit(qps=20, burst=40)
"""


def source(text="6_000", answer="400", extra=""):
    return SOURCE.replace("TEXT", text).replace("ANSWER", answer).replace("HEADER = 70", f"HEADER = 70{extra}")


def breach(asked=2_000, *, calls=40, refused=40, tokens=80_000, flow="sums", node="ask", ceiling=None):
    return Breach(
        environment="production",
        flow=flow,
        node=node,
        scope=f"production/{flow}/2026-11-26/{node}",
        day=date(2026, 11, 26),
        ceiling=ceiling or Count(micro_usd=None, tokens=tokens),
        spent=Count(micro_usd=0, tokens=tokens),
        held=Count(micro_usd=0, tokens=0),
        asked=Count(micro_usd=1_000, tokens=asked),
        calls=calls,
        each=Count(micro_usd=0, tokens=asked),
        refused=refused,
        first=datetime(2026, 11, 26, 20, tzinfo=UTC),
        last=datetime(2026, 11, 26, 21, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("given", "report", "was", "now"),
    [
        # 80 calls of 1,000 tokens would have fit; 400 are the answer's, so the prompt goes from 1,600 to 600.
        (source(), breach(), "max_length=6_000", "max_length=2_200"),
        # Money counts the same way: 80 calls at 0.0005.
        (source(), breach(ceiling=Count(micro_usd=40_000, tokens=None)), "max_length=6_000", "max_length=2_200"),
        # At least a quarter, at most seven eighths.
        (source(), breach(calls=39, refused=1), "max_length=6_000", "max_length=4_500"),
        (source(), breach(refused=4_000), "max_length=6_000", "max_length=750"),
        # Where the answer is the larger part it is what is cut.
        (source(answer="1_500"), breach(), "max_tokens=1_500", "max_tokens=500"),
        # A constant that says so is what sizes a prompt, however long a record may be.
        (source(extra="\nCHUNK_CHARS: int = 8000"), breach(), "CHUNK_CHARS: int = 8000", "CHUNK_CHARS: int = 3_000"),
        # What is no literal stays.
        (source("HEADER * 9", "1_000").replace("max_length=100", "max_length=HEADER"), breach(), "=1_000", "=120"),
    ],
)
def test_the_number_that_sizes_a_call_is_made_smaller_and_nothing_else(given, report, was, now):
    proposal = smaller(given, report)
    assert given.count(was) == 1
    assert proposal.source == given.replace(was, now)
    assert now.rpartition("=")[2].strip() in proposal.text


@pytest.mark.parametrize(
    ("given", "report", "why"),
    [
        (source(), breach(node="other"), "defines no node other"),
        ("def (", breach(), "cannot be parsed"),
        (source(text="HEADER", answer="HEADER").replace("max_length=100", "max_length=HEADER"), breach(), "nothing"),
        (source(text="16").replace("max_length=100", "max_length=9"), breach(), "only a higher ceiling helps"),
    ],
)
def test_where_nothing_can_be_cut_it_says_what_helps(given, report, why):
    with pytest.raises(NothingToCut, match=why):
        smaller(given, report)


@pytest.fixture
def flow(tmp_path):
    (tmp_path / "sums").mkdir()
    (tmp_path / "sums" / "flow.py").write_text(source())
    return tmp_path / "sums"


def reported(folder: Path, report: Breach) -> str:
    (folder / "breach.json").write_text(report.model_dump_json())
    return str(folder / "breach.json")


def test_author_proposes_smaller_calls_and_a_person_accepts_them(flow, tmp_path, capsys):
    file = reported(tmp_path, breach())
    assert run(["author", "--edit", str(flow), file, "--json"]) == 1
    proposed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert proposed["outcome"] == "needs_input"
    assert "(max_length) goes from 6_000 to 2_200" in proposed["assumptions"][0]["text"]
    assert (flow / "flow.py").read_text() == source()
    assert run(["review", proposed["run"], "--accept", "--json"]) == 0
    assert (flow / "flow.py").read_text() == source(text="2_200")


def test_a_report_that_answers_nothing_is_said_before_anything_is_written(flow, tmp_path, capsys):
    file = reported(tmp_path, breach())
    assert run(["author", file]) == 2
    assert (
        "breach.json is a breach report, which a change answers: --edit PATH of the flow sums"
        in capsys.readouterr().err
    )
    file = reported(tmp_path, breach(flow="mails"))
    assert run(["author", "--edit", str(flow), file]) == 2
    assert "the breach report is about mails, and" in capsys.readouterr().err
    assert run(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"runs": []}
