"""What an endpoint's refusal teaches, and what it does not: endpoints quote prompts, which anybody may have written."""

import pytest
from pydantic import JsonValue

from flowlattice.chat.dialect import Dialect

SENT: dict[str, JsonValue] = {"response_format": {}, "max_tokens": 10, "seed": 1}


@pytest.mark.parametrize(
    ("said", "parameter", "given_up"),
    [
        ("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", None, True),
        ("'response_format.type' must be 'json_schema' or 'text'", None, True),
        ("This response_format type is unavailable now", None, True),
        ("This model does not support json_schema", None, True),
        ("Unrecognized request argument supplied: response_format", None, True),
        ("not with this model", "response_format.type", True),
        ("Invalid prompt: 'please answer as json_object with a json schema' was flagged", None, False),
        ("response_format", "messages", False),
        ("", None, False),
    ],
)
def test_a_format_is_given_up_where_the_refusal_is_about_it(said, parameter, given_up):
    assert (Dialect().learn(said, parameter, SENT) == "response_format") == given_up


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model.", True),
        ("Invalid 'max_tokens': integer below minimum value. Expected a value >= 200", False),
        ("max_tokens is too large: 9000, this model supports at most 4096", False),
    ],
)
def test_a_limit_goes_by_its_other_name_where_its_name_is_refused(said, other):
    assert (Dialect().learn(said, "max_tokens", SENT) == "max_tokens") == other
