"""The account of a brief: nothing in it may be passed over."""

import pytest

from flowlattice.resources import data_folder
from flowlattice_agents.chat.journal import read_record
from flowlattice_agents.models.chat.account import uncovered
from flowlattice_agents.models.chat.answers import ChangeAnswer, DraftAnswer
from flowlattice_agents.models.chat.asking import read

BRIEF = "POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot!"


@pytest.mark.parametrize(
    ("clauses", "left"),
    [
        (["POST /a takes n.", "It must be 1 to 9,", "else 422 with the word n."], []),
        (["post /A takes  n", "it must be 1 to 9"], ["else 422 with the word n. Thanks a lot"]),
        (["POST /a takes n.", "else 422 with the word n"], ["It must be 1 to 9"]),
        ([], ["POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot"]),
        (["something else entirely"], ["POST /a takes n. It must be 1 to 9, else 422 with the word n. Thanks a lot"]),
    ],
)
def test_what_no_clause_covers_is_found(clauses: list[str], left: list[str]) -> None:
    assert uncovered(BRIEF, clauses) == left


def test_a_clause_that_stands_twice_covers_both_places_when_it_is_given_twice() -> None:
    brief = "n must be a whole number and m must be a whole number"
    assert uncovered(brief, ["n must be a whole number and", "m must be a whole number"]) == []


@pytest.mark.parametrize(
    ("brief", "clauses", "left"),
    [
        ("GET /a gives 1. Never log emails.", ["GET /a gives 1."], ["Never log emails"]),
        ("GET /a gives 1; log nothing; no cookies!", ["GET /a gives 1"], ["log nothing; no cookies"]),
        ("GET /a gives 1\nnever cached\nThanks!", ["GET /a gives 1"], ["never cached Thanks"]),
        ("GET /a gives 1 and then 2.", ["GET /a gives 1", "2."], []),
        ("Hi all,\nplease!\nGET /a gives 1. Many thanks in advance.", ["GET /a gives 1."], []),
        ("Please log.\nGET /a gives 1.", ["GET /a gives 1."], ["Please log"]),
        ("Rules:\n1. GET /a gives 1.5.\n2) No more.", ["GET /a gives 1.5", "No more."], []),
        ("Rules:\n1. GET /a.\n2. No more.", ["GET /a."], ["2. No more"]),
        ("Such as\n```json\n[1]\n```", ["Such as", "[1]"], []),
    ],
)
def test_a_whole_sentence_is_never_left_out_but_courtesy(brief: str, clauses: list[str], left: list[str]) -> None:
    assert uncovered(brief, clauses) == left


def test_text_without_spaces_is_counted_by_its_characters() -> None:
    brief = "GET /a 返回总数，绝不记录邮箱。"
    assert uncovered(brief, ["GET /a 返回总数"]) == ["绝不记录邮箱"]
    assert uncovered(brief, ["GET /a 返回总数", "绝不记录邮箱"]) == []
    assert uncovered("合計を返し、そして消す。", ["合計を返し", "消す"]) == []


def test_what_was_recorded_leaves_nothing_out() -> None:
    """The accounts of a capable model: a rule that some of them break is too strict."""
    kinds: dict[str, tuple[str, type[DraftAnswer | ChangeAnswer] | None]] = {
        "pm-draft": ("brief", DraftAnswer),
        "pm-change": ("request", ChangeAnswer),
    }
    seen = 0
    for file in sorted((data_folder("flowlattice_agents", "evals") / "records").glob("*.jsonl")):
        for exchange in read_record(file):
            tag, answer = kinds.get(exchange.task.removesuffix("-source"), ("", None))
            if answer is None:
                continue
            given, _ = read(exchange.as_reply(), answer)
            asked = str(exchange.messages[1].text).removeprefix(f"<{tag}>\n").partition(f"\n</{tag}>")[0]
            assert given is not None, file.name
            assert uncovered(asked, [one.clause for one in given.account]) == [], file.name
            seen += 1
    assert seen > 70
