"""Trying again: how often, how long each wait is, and what is not tried again."""

from typing import Any

import pytest

from flowlattice.chat import retry_after
from flowlattice_agents.chat.retrying import Retries, RetryingChat
from flowlattice_agents.errors import ModelMisconfigured, ModelUnavailable
from tests.support.chat import asked, request
from tests.support.scripted_model import drop_after, endless, reply_text, scripted_model, status


class Tried:
    """What happened while a script was asked with retries."""

    def __init__(self, script, **retries):
        self.waits: list[float] = []
        self.notes: list[str] = []
        self.ended: Any
        with scripted_model(script) as server:
            inner = asked(server)
            chat = RetryingChat(inner, Retries(**retries), note=self.notes.append, sleep=self.waits.append)
            assert chat.name == "openai:desk"
            try:
                self.ended = chat.complete(request())
            except (ModelMisconfigured, ModelUnavailable) as error:
                self.ended = error
            inner.close()
        self.requests = len(server.requests)


def test_it_waits_as_long_as_it_is_asked_to():
    tried = Tried([status(429, retry_after=7), reply_text("ok")])
    assert (tried.ended.text, tried.ended.attempts) == ("ok", 2)
    assert tried.waits == [7]
    assert "answered 429" in tried.notes[0]
    assert "attempt 2 of 4 in 7 s" in tried.notes[0]


def test_it_does_not_wait_for_ever():
    tried = Tried([status(503, retry_after=86_400), reply_text("ok")], longest_wait_s=60)
    assert tried.waits == [60]


def test_waits_grow_with_some_chance_in_them():
    tried = Tried([status(500)] * 4, first_wait_s=8, longest_wait_s=20)
    assert tried.ended.attempts == 4
    assert [low <= wait <= high for wait, low, high in zip(tried.waits, (4, 8, 10), (8, 16, 20), strict=True)] == [
        True
    ] * 3


def test_a_connection_that_drops_is_tried_again():
    tried = Tried([drop_after(20), drop_after(5, cleanly=True), reply_text("ok")])
    assert tried.ended.attempts == 3


def test_an_attempt_too_many():
    tried = Tried([status(429)] * 3, attempts=2)
    assert tried.requests == 2
    assert "answered 429" in str(tried.ended)


@pytest.mark.parametrize("hopeless", [status(401), endless()])
def test_what_would_only_repeat_itself_is_not_tried_again(hopeless):
    tried = Tried([hopeless, reply_text("ok")])
    assert tried.requests == 1
    assert tried.waits == []
    assert isinstance(tried.ended, ModelMisconfigured | ModelUnavailable)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry_after({"retry-after": text}, now=10.0) == seconds
    assert retry_after({}, now=10.0) is None
