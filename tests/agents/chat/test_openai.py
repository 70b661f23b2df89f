"""openai:NAME over real HTTP: what is sent, what comes back, and what each failure turns into."""

import itertools
import subprocess
import sys

import pytest
from pydantic import JsonValue

from flowlattice_agents.chat.base import AnswerSchema
from flowlattice_agents.chat.openai import OpenAIChat, endpoint_from
from flowlattice_agents.errors import ModelMisconfigured, ModelUnavailable
from tests.support.chat import CLOSED, asked, request
from tests.support.scripted_model import (
    cut_off,
    drop_after,
    endless,
    not_streamed,
    raw,
    refuse,
    rejects,
    reply_json,
    reply_text,
    scripted_model,
    silence,
    status,
)

KEY = "sk-proj-0123456789abcdef"


@pytest.fixture
def ask():
    """Ask a script's endpoint; clients are closed at the end."""
    chats = []

    def ask(server, what=None, **changed):
        chats.append(asked(server, **changed))
        return chats[-1].complete(what or request())

    yield ask
    for chat in chats:
        chat.close()


def test_a_good_answer(ask):
    with scripted_model(
        [reply_json({"v": "a rather long answer in several chunks"}, usage=(321, 12), cached=300)]
    ) as server:
        reply = ask(server)
    assert reply.text == '{"v": "a rather long answer in several chunks"}'
    assert (reply.refusal, reply.finish, reply.model) == (None, "stop", "openai:desk")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.source) == (321, 12, "reported")
    assert reply.usage.cached_tokens == 300


def test_what_is_sent(ask):
    with scripted_model([reply_text("{}")]) as server:
        ask(server)
    assert server.requests == [
        {
            "model": "desk",
            "messages": [{"role": "system", "content": "You plan."}, {"role": "user", "content": "make a flow"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0,
            "seed": 7,
            "max_tokens": 200,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "draft", "strict": True, "schema": CLOSED},
            },
        }
    ]
    assert server.headers[0]["authorization"] == "Bearer a-key-of-tests"


def test_a_schema_that_cannot_be_enforced_is_not_said_to_be(ask):
    open_schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"v": {"type": "string"}, "w": CLOSED},
        "required": ["v", "w"],
    }
    with scripted_model([reply_text("{}")]) as server:
        ask(server, request(schema=AnswerSchema(name="draft", schema=open_schema)))
    assert server.requests[0]["response_format"]["json_schema"]["strict"] is False


def test_free_text_asks_for_no_format(ask):
    with scripted_model([reply_text("yes")]) as server:
        assert ask(server, request(schema=None)).text == "yes"
    assert "response_format" not in server.requests[0]


def test_text_that_is_no_json_is_the_callers_to_judge(ask):
    with scripted_model([reply_text('{"v": ')]) as server:
        assert ask(server).text == '{"v": '


def test_a_refusal_is_a_reply(ask):
    with scripted_model([refuse("I would rather not.")]) as server:
        reply = ask(server)
    assert (reply.text, reply.refusal) == ("", "I would rather not.")


def test_a_cut_off_answer_is_a_reply(ask):
    with scripted_model([cut_off('{"v": "half')]) as server:
        reply = ask(server)
    assert (reply.text, reply.finish) == ('{"v": "half', "length")


def test_a_filtered_answer_is_a_reply(ask):
    with scripted_model([reply_text("", finish="content_filter")]) as server:
        assert ask(server).finish == "filtered"


def test_usage_that_is_not_reported_is_counted(ask):
    with scripted_model([reply_text("hello world", usage=None)]) as server:
        usage = ask(server).usage
    assert usage.source == "counted"
    assert usage.completion_tokens == 2
    assert usage.prompt_tokens > 5


def test_an_endpoint_that_does_not_stream(ask):
    with scripted_model([not_streamed("all at once")]) as server:
        reply = ask(server)
    assert (reply.text, reply.usage.tokens) == ("all at once", 10)


def test_comments_and_carriage_returns_in_a_stream(ask):
    chunk = 'data: {"choices":[{"delta":{"content":"%s"},"finish_reason":%s}]}\r\n\r\n'
    pieces = (": thinking\r\n\r\n", chunk % ("a", "null"), "event: x\r\ndata:", "[", "DONE]")
    with scripted_model([raw(pieces[0], pieces[1], chunk % ("b", '"stop"'), *pieces[2:])]) as server:
        assert ask(server).text == "ab"


# Options that an endpoint does not take.


def test_a_format_that_is_refused_is_given_up_step_by_step_and_for_good():
    script = [rejects("response_format"), status(400, "json_object is not supported"), reply_text("1"), reply_text("2")]
    with scripted_model(script) as server:
        chat = asked(server)
        assert [chat.complete(request()).text for _ in range(2)] == ["1", "2"]
        chat.close()
    kinds = [body.get("response_format", {}).get("type") for body in server.requests]
    assert kinds == ["json_schema", "json_object", None, None]
    in_words = [body["messages"][-1]["content"] for body in server.requests]
    assert "JSON Schema" not in in_words[0]
    assert all('"additionalProperties": false' in text for text in in_words[1:])


@pytest.mark.parametrize("option", ["seed", "temperature", "stream_options"])
def test_an_option_that_is_refused_is_left_out(ask, option):
    with scripted_model([rejects(option), reply_text("ok")]) as server:
        assert ask(server).text == "ok"
    assert [option in body for body in server.requests] == [True, False]
    assert "response_format" in server.requests[1]


def test_the_limit_goes_by_either_name(ask):
    message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
    with scripted_model([status(400, message, param="max_tokens"), reply_text("ok")]) as server:
        ask(server)
    assert "max_tokens" not in server.requests[1]
    assert server.requests[1]["max_completion_tokens"] == 200


def test_a_limit_refused_by_both_names_is_no_endless_loop(ask):
    script = [rejects("max_tokens"), rejects("max_completion_tokens")]
    with scripted_model(script) as server, pytest.raises(ModelMisconfigured, match="does not take the request"):
        ask(server)
    assert server.surplus == 0


@pytest.mark.parametrize(
    "message",
    ["This model's maximum context length is 8192 tokens", "max_tokens is too large: 200; at most 100 are supported"],
)
def test_what_is_wrong_with_the_request_itself_is_said(ask, message):
    with scripted_model([status(400, message)]) as server, pytest.raises(ModelMisconfigured) as caught:
        ask(server)
    assert message in str(caught.value)
    assert len(server.requests) == 1


# Failures.


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (401, "set OPENAI_API_KEY"),
        (402, "add credit"),
        (403, "set OPENAI_API_KEY"),
        (404, "OPENAI_BASE_URL"),
        (418, "refuses the request with 418"),
    ],
)
def test_what_must_be_set_right(ask, code, said):
    with (
        scripted_model([status(code, f"no: {KEY} is\nnot good")]) as server,
        pytest.raises(ModelMisconfigured) as caught,
    ):
        ask(server, OPENAI_API_KEY=KEY)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_credit_is_not_a_busy_endpoint(ask):
    broke = status(429, "You exceeded your current quota", error_code="insufficient_quota")
    with scripted_model([broke]) as server, pytest.raises(ModelMisconfigured, match="add credit"):
        ask(server)


@pytest.mark.parametrize(("code", "wait"), [(429, 7), (503, 2), (500, None), (408, None)])
def test_what_may_pass(ask, code, wait):
    with scripted_model([status(code, retry_after=wait)]) as server, pytest.raises(ModelUnavailable) as caught:
        ask(server)
    assert caught.value.retry_after_s == wait
    assert (caught.value.prompt_tokens, caught.value.completion_tokens) == (0, 0)


def test_a_redirect_is_not_followed(ask):
    with scripted_model([reply_text("stolen")]) as other:
        away = status(307, location=f"{other.url}/chat/completions")
        with scripted_model([away]) as server, pytest.raises(ModelMisconfigured, match="redirect"):
            ask(server)
    assert other.requests == []


def test_nobody_listens():
    with scripted_model([]) as server:
        pass
    chat = asked(server)
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        chat.complete(request())
    chat.close()
    assert caught.value.prompt_tokens == 0


@pytest.mark.parametrize("cleanly", [False, True])
def test_a_connection_that_drops_in_the_middle_may_have_been_charged(ask, cleanly):
    with scripted_model([drop_after(20, cleanly=cleanly)]) as server, pytest.raises(ModelUnavailable) as caught:
        ask(server)
    assert "broke off" in str(caught.value)
    assert not caught.value.lasting
    assert caught.value.completion_tokens == 200
    assert caught.value.prompt_tokens > 0


def test_an_endpoint_that_is_silent(ask):
    with (
        scripted_model([silence()]) as server,
        pytest.raises(ModelUnavailable, match="was silent for") as caught,
    ):
        ask(server, FLOWS_MODEL_TIMEOUT_S="0.5")
    assert caught.value.completion_tokens == 200


def test_an_endpoint_that_falls_silent(ask):
    def falls_silent(exchange):
        exchange.begin()
        exchange.chunk({"content": "one moment"})
        silence()(exchange)

    with scripted_model([falls_silent]) as server, pytest.raises(ModelUnavailable, match="was silent"):
        ask(server, FLOWS_MODEL_TIMEOUT_S="0.5")


@pytest.mark.parametrize(
    "piece",
    [None, ": still thinking\n\n", 'data: {"choices": []}\n\n', "x" * 10_000],
    ids=["text", "comments", "empty", "line"],
)
def test_an_endless_stream_is_left_by_its_length(ask, piece):
    with scripted_model([endless(piece)]) as server, pytest.raises(ModelUnavailable, match="did not stop") as caught:
        ask(server)
    assert caught.value.lasting
    assert caught.value.completion_tokens >= 200


def test_an_endless_stream_is_left_by_the_clock():
    clock = itertools.count(step=1_000)
    with scripted_model([endless(": wait\n\n")]) as server:
        chat = OpenAIChat("desk", endpoint_from(server.environment(), "desk"), now=lambda: next(clock))
        with pytest.raises(ModelUnavailable, match="did not stop within 2000 s"):
            chat.complete(request())
        chat.close()


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (f'data: {{"error": {{"message": "overloaded with {KEY}"}}}}\n\n', "reported: overloaded with [key hidden]"),
        ("data: {oops\n\n", "no JSON"),
        ("data: [1]\n\n", "no object"),
        ("<html>502</html>", "broke off"),
    ],
)
def test_a_stream_that_is_none(ask, piece, said):
    with scripted_model([raw(piece)]) as server, pytest.raises(ModelUnavailable) as caught:
        ask(server, OPENAI_API_KEY=KEY)
    assert said in str(caught.value)


def test_this_machine_is_not_reached_through_a_proxy(ask, monkeypatch):
    with scripted_model([reply_text("ok")]) as server, scripted_model([]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert ask(server).text == "ok"
    assert proxy.requests == []


def test_the_sdk_is_loaded_when_a_model_is_asked_not_before():
    program = "import sys, flowlattice_agents.chat.connect; print([m for m in HEAVY if m in sys.modules])"
    heavy = "HEAVY = ['openai', 'httpx2', 'toktok', 'langgraph']; "
    ran = subprocess.run([sys.executable, "-c", heavy + program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


# What the environment must say.


def test_a_key_is_needed_but_on_this_machine():
    with pytest.raises(ModelMisconfigured, match="set OPENAI_API_KEY"):
        endpoint_from({}, "gpt-x")
    assert endpoint_from({"OPENAI_BASE_URL": "http://localhost:1/v1"}, "x").is_loopback
    assert not endpoint_from({"OPENAI_API_KEY": KEY}, "gpt-x").is_loopback


def test_an_endpoint_keeps_its_key_to_itself():
    endpoint = endpoint_from({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"https://me:{KEY}@models.test/v1"}, "x")
    assert KEY not in repr(endpoint)
    assert endpoint.host == "models.test"


@pytest.mark.parametrize(
    "environment",
    [{"OPENAI_BASE_URL": "models"}, {"FLOWS_MODEL_TIMEOUT_S": "soon"}, {"FLOWS_MODEL_TIMEOUT_S": "-1"}],
)
def test_values_that_cannot_be_used(environment):
    with pytest.raises(ModelMisconfigured, match=next(iter(environment))):
        endpoint_from({"OPENAI_API_KEY": KEY} | environment, "x")
