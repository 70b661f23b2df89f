"""Prepared replies: texts, each used once for a question, and a yes only in so many words."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from flowlattice.console import Console
from flowlattice.errors import UsageError
from flowlattice_agents.conversation import Conversation, read_answers

APPROVAL: dict[str, JsonValue] = {
    "kind": "approval", "text": "Approve echo 1.0.0 for deployment?", "digest": "d", "diff": "", "meaning": [],
    "certificate": [],
}  # fmt: skip


def conversation(folder: Path, answers: str) -> Conversation:
    (folder / "answers.yaml").write_text(answers)
    return Conversation(Console(json=True), replies=read_answers(folder / "answers.yaml"))


def asked(*texts: str) -> dict[str, JsonValue]:
    return {"kind": "questions", "questions": [{"slot": "clause", "text": text} for text in texts]}


@pytest.mark.parametrize(
    ("answers", "approved"),
    [
        ("[{ask: approve, say: yes}]", True),
        ("[{ask: Approve, say: 'Yes, please.'}]", True),
        ("[{ask: approve, say: no}]", False),
        ("[{ask: approve, say: 'no, not yet'}]", False),
        ("[{ask: approve, say: 'yes, but not yet'}]", None),
        ("[{ask: approve, say: OK Corral}]", None),
        ("[{ask: echo, say: yes}]", None),
        ("[]", None),
    ],
)
def test_only_a_plain_yes_approves(tmp_path: Path, answers: str, approved: bool | None) -> None:
    said = conversation(tmp_path, answers).answer(dict(APPROVAL))
    if approved is None:
        assert said is None
    else:
        assert isinstance(said, dict)
        assert said["approved"] is approved
        assert str(said["by"]).endswith("(--answers)")


def test_every_question_of_one_slot_gets_its_own_reply(tmp_path: Path) -> None:
    talk = conversation(tmp_path, "[{ask: frobs, say: trims}, {ask: zorks, say: 1.0}]")
    assert talk.answer(asked("What is frobs?", "What is zorks?")) == {
        "What is frobs?": "trims",
        "What is zorks?": "1.0",
    }


def test_a_reply_that_did_not_settle_its_question_is_not_given_again(tmp_path: Path) -> None:
    talk = conversation(tmp_path, "[{ask: path, say: nowhere}]")
    assert talk.answer(asked("At which path?")) == {"At which path?": "nowhere"}
    assert talk.answer(asked("At which path?")) is None


def test_questions_that_only_some_replies_fit_wait(tmp_path: Path) -> None:
    assert conversation(tmp_path, "[{ask: path, say: /a}]").answer(asked("At which path?", "What type?")) is None


@pytest.mark.parametrize(
    "text", ["{a: b}", "[1]", "[{ask: x}]", "[{ask: '(', say: x}]", "[{ask: x, say: ''}]", "a: [", "- &a x\n- *a"]
)
def test_answers_that_are_none_are_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"answers\.yaml"):
        read_answers(tmp_path / "answers.yaml")
