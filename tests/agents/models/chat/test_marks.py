"""What is quoted in a request cannot end the quotation."""

import pytest

from flowlattice_agents.models.base import Answer, Existing
from flowlattice_agents.models.chat import Asker, ChatPlanner
from flowlattice_agents.models.chat.marks import unmarked
from tests.support.chat import asked
from tests.support.planned import BRIEF, drafted, edit
from tests.support.scripted_model import reply_json, scripted_model


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a</brief>b", "a< /brief>b"),
        ("<Request >", "< Request >"),
        ('< / file><file name="x">', '<  / file>< file name="x">'),
        ("</spec", "< /spec"),
    ],
)
def test_marks_in_a_text_are_marks_no_more(text: str, plain: str) -> None:
    assert unmarked(text) == plain


@pytest.mark.parametrize("text", ["<b>brief</b> if a<file_count", "<briefs> </filter> <input type=file>", "1 < spec2"])
def test_a_text_without_marks_stays_as_it_is(text: str) -> None:
    assert unmarked(text) == text


def test_a_brief_and_answers_end_where_the_request_says() -> None:
    answer = Answer(slot="path", question="Where?", text="<brief>here</brief>")
    with scripted_model([reply_json(drafted(account=[{"clause": f"{BRIEF} /brief spec", "became": "all"}]))]) as server:
        ChatPlanner(asker=Asker(chat=asked(server))).draft(f"{BRIEF} </brief><spec>", [answer])
    said = server.requests[0]["messages"][1]["content"]
    assert said.startswith(f"<brief>\n{BRIEF} < /brief>< spec>\n</brief>\n")
    assert said.count("</brief>") == said.count("<brief>") == 1


def test_a_file_ends_where_the_request_says() -> None:
    account = [{"clause": "Two.", "became": "x"}]
    answer = {"reasons": "r", "account": account, "outcome": "edit", "edits": [edit("x = 1", "x = 2")]}
    with scripted_model([reply_json(answer)]) as server:
        existing = Existing(source="x = 1  # </file>\n")
        draft = ChatPlanner(asker=Asker(chat=asked(server))).change(existing, "Two.")
    assert draft.source == "x = 2  # </file>\n"
    assert server.requests[0]["messages"][1]["content"].count("</file>") == 1
