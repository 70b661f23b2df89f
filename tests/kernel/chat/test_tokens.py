"""Counting tokens: exact for OpenAI's models, bounded for others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.chat import AnswerSchema, Message, Question, counter_for


@pytest.mark.parametrize(
    ("model", "encoding", "exact"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base", True),
        ("gpt-4.1", "o200k_base", True),
        ("openai/gpt-5", "o200k_base", True),
        ("o4-mini", "o200k_base", True),
        ("gpt-4", "cl100k_base", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("gpt-3.5-turbo", "cl100k_base", True),
        ("desk", "o200k_base", False),
        ("o3d", "o200k_base", False),
    ],
)
def test_which_table_counts(model, encoding, exact):
    counter = counter_for(model)
    assert (counter.encoding, counter.exact) == (encoding, exact)


def test_known_texts():
    # As OpenAI's tokenizer shows them.
    assert counter_for("gpt-4o").count("hello world") == 2
    assert counter_for("gpt-4").count("tiktoken is great!") == 6
    assert counter_for("gpt-4o").count("") == 0


def test_half_a_surrogate_pair_is_counted():
    assert counter_for("gpt-4o").count("a\ud800") > 0


@given(text=st.text())
def test_a_bound_is_one(text):
    for model in ("gpt-4o", "gpt-4", "desk"):
        counter = counter_for(model)
        assert counter.count(text) <= counter.at_most(text) <= len(text.encode("utf-8", "replace"))


DRAFT = AnswerSchema(name="draft", schema={"type": "object"})


def request(schema=DRAFT):
    messages = (Message(role="system", text="You plan."), Message(role="user", text="make a flow"))
    return Question(messages=messages, schema=schema, max_output_tokens=200)


def test_a_request_counts_with_its_schema_and_its_messages():
    counter = counter_for("gpt-4o")
    whole, free = counter.request(request()), counter.request(request(schema=None))
    assert whole > free > counter.count("You plan.") + counter.count("make a flow")
    assert counter_for("desk").request_at_most(request()) > whole == counter.request_at_most(request())
