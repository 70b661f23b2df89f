"""Journals and records: what is written, what is not asked twice, and how a record answers."""

import dataclasses
import json

import pytest

from flowlattice_agents.chat.base import ChatReply, Message, PromptRef, Usage
from flowlattice_agents.chat.journal import Journal, JournaledChat, read_record
from flowlattice_agents.chat.replay import ReplayChat
from flowlattice_agents.errors import ModelUnavailable, RecordError
from tests.support.chat import request

KEY = "hunter2-hunter2"


class Scripted:
    """A chat model that answers from a list."""

    name = "openai:desk"

    def __init__(self, *texts):
        self.texts = list(texts)

    def complete(self, _request):
        if not self.texts:
            raise ModelUnavailable("out of answers")
        usage = Usage(prompt_tokens=100, completion_tokens=20, source="reported")
        text = self.texts.pop(0)
        return ChatReply(
            text=text, refusal=None, finish="stop", usage=usage, model=self.name, attempts=2, micro_usd=1234
        )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "exchanges.jsonl"


def record(path, *exchanges):
    """Write a record of (request, answer)."""
    for what, text in exchanges:
        Journal(path).append(what, Scripted(text).complete(what))
    return path


def test_what_is_written(path):
    prompt = PromptRef(id="pm-draft", version=3, digest="d" * 64)
    what = request(prompt=prompt)
    Journal(path, body=lambda ref: "You plan." if ref == prompt else None).append(what, Scripted("{}").complete(what))
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "v": 1,
            "n": 1,
            "task": "pm-draft",
            "agent": "pm",
            "prompt": {"id": "pm-draft", "version": 3, "digest": "d" * 64},
            "model": "openai:desk",
            "digest": what.digest("openai:desk"),
            "messages": [{"role": "system", "prompt": "d" * 64}, {"role": "user", "text": "make a flow"}],
            "schema": "draft",
            "max_output_tokens": 200,
            "seed": 7,
            "reply": {"text": "{}", "refusal": None, "finish": "stop"},
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "source": "reported", "cached_tokens": 0},
            "usd": "0.001234",
            "attempts": 2,
        }
    ]


def test_a_prompt_that_is_not_packaged_is_written_out(path):
    record(path, (request(), "{}"))
    assert read_record(path)[0].messages[0].text == "You plan."


def test_a_resumed_run_is_answered_without_a_call(path):
    first = JournaledChat(Scripted("a", "b", "c"), Journal(path))
    given = [first.complete(request()), first.complete(request("other")), first.complete(request())]
    assert [reply.text for reply in given] == ["a", "b", "c"]

    again = JournaledChat(Scripted(), Journal(path))
    assert [again.complete(request()), again.complete(request("other")), again.complete(request())] == given
    with pytest.raises(ModelUnavailable):
        again.complete(request())


def test_a_torn_last_line_is_as_if_it_had_never_been(path):
    record(path, (request(), "a"), (request("b"), "b"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [exchange.reply.text for exchange in read_record(path)] == ["a"]
    record(path, (request("b"), "b"))
    assert path.read_bytes() == whole


def test_another_bad_line_is_an_error(path):
    record(path, (request(), "a"))
    path.write_bytes(b'{"v": 1}\n' + path.read_bytes())
    with pytest.raises(RecordError, match="line 1: no exchange"):
        Journal(path)


def test_no_key_is_written_and_the_run_sees_what_is_written(path):
    what = request(f"my key is {KEY} or sk-abcdefghijklm0123 sent as Bearer abcdef.ghijklmnop")
    reply = JournaledChat(Scripted(f"use {KEY}, half \ud800"), Journal(path, keys=(KEY,))).complete(what)
    text = path.read_text()
    assert "[key hidden]" in text
    assert not [secret for secret in (KEY, "sk-abc", "abcdef.ghi") if secret in text]
    assert reply.text == "use [key hidden], half ?"
    assert ReplayChat(path).complete(what).text == reply.text


def test_words_that_look_like_keys_are_left_alone(path):
    text = "a sk-learn-based-classifier, the bearer of bad news, Bearer token"
    record(path, (request(text), text))
    assert text in path.read_text()


def test_a_stand_in_for_a_key_is_no_secret(path):
    JournaledChat(Scripted("the desk"), Journal(path, keys=("desk", ""))).complete(request())
    assert read_record(path)[0].reply.text == "the desk"


# Replay.


def test_a_record_answers_as_it_was_answered_and_copies_itself(path, tmp_path):
    asked = [request("a"), request("b", task="fix", agent="builder"), request("a")]
    record(path, *zip(asked, ["1", "2", "3"], strict=True))
    replay = ReplayChat(path)
    assert replay.name == "openai:desk"
    chat = JournaledChat(replay, Journal(tmp_path / "copy.jsonl"))
    assert [chat.complete(what).text for what in asked] == ["1", "2", "3"]
    assert (tmp_path / "copy.jsonl").read_bytes() == path.read_bytes()
    assert replay.stale == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"prompt": PromptRef(id="pm-draft", version=2, digest="1" * 64)}, "recorded for prompt version 1, now 2"),
        (
            {"prompt": PromptRef(id="pm-draft", version=1, digest="1" * 64)},
            "recorded for another text of prompt version 1",
        ),
        ({"prompt": PromptRef(id="pm-plan", version=1, digest="1" * 64)}, "recorded for prompt pm-draft, now pm-plan"),
        ({"messages": (Message(role="user", text="else"),)}, "same prompt, other input"),
    ],
)
def test_a_record_for_something_else_answers_and_is_stale(path, changed, reason):
    record(path, (request(), "1"), (request(), "2"))
    replay = ReplayChat(path)
    assert [replay.complete(request(**changed)).text for _ in range(2)] == ["1", "2"]
    assert replay.stale == (f"pm-draft: {reason}",)


def test_a_record_answers_no_other_task(path):
    record(path, (request(), "1"))
    replay = ReplayChat(path)
    with pytest.raises(RecordError, match="no further answer for fix; record it again"):
        replay.complete(request(task="fix"))


def test_a_resumed_replay_goes_on_where_it_was(path, tmp_path):
    record(path, (request("a"), "1"), (request("a"), "2"))
    journal = tmp_path / "j.jsonl"
    JournaledChat(ReplayChat(path), Journal(journal)).complete(request("a"))

    resumed = Journal(journal)
    chat = JournaledChat(ReplayChat(path, used=resumed.exchanges), resumed)
    assert [chat.complete(request("a")).text for _ in range(2)] == ["1", "2"]


def test_a_record_is_of_one_model(path):
    what = request()
    for name in ("openai:a", "openai:b"):
        Journal(path).append(what, dataclasses.replace(Scripted("x").complete(what), model=name))
    with pytest.raises(RecordError, match="openai:a, openai:b"):
        ReplayChat(path)


@pytest.mark.parametrize("content", [None, b"", b'{"v"'])
def test_a_record_that_is_none(path, content):
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError):
        ReplayChat(path)


def test_what_was_of_no_use_is_not_given_again(path):
    first = JournaledChat(Scripted("bad", "worse"), Journal(path))
    first.complete(request())
    first.complete(request("other"))
    first.ask_anew()
    second = JournaledChat(Scripted("good"), Journal(path))
    assert second.complete(request()).text == "good"
    killed = JournaledChat(Scripted("better"), Journal(path))
    assert killed.complete(request()).text == "good"
    assert killed.complete(request("other")).text == "better"
    assert [exchange.n for exchange in read_record(path)] == [1, 2, 3, 4]


def test_what_is_said_to_be_spent_must_be_readable(path):
    JournaledChat(Scripted("a"), Journal(path)).complete(request())
    path.with_suffix(".spent.json").write_text("[")
    with pytest.raises(RecordError, match=r"exchanges\.spent\.json: cannot be read"):
        Journal(path)
