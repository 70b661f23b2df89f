"""Which of the protocol's options an endpoint takes, learnt from what it refuses, and a request in these words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal, cast

from pydantic import JsonValue

from flowlattice.chat.base import Question

Format = Literal["json_schema", "json_object", "none"]
Limit = Literal["max_completion_tokens", "max_tokens"]

_LOWER: Mapping[Format, Format] = {"json_schema": "json_object", "json_object": "none"}
_OTHER: Mapping[Limit, Limit] = {"max_completion_tokens": "max_tokens", "max_tokens": "max_completion_tokens"}
_FORMAT = r"response[_ ]?format|json[_ ]?schema|json[_ ]?object|structured.?output"
_FORMAT_NAMED = re.compile(_FORMAT, re.IGNORECASE)
# Endpoints quote prompts, so a name counts only where what an endpoint says begins with its refusal.
_REFUSED = re.compile(
    r"\W*(?:(?:unknown|unsupported|unrecognized|unexpected|extra)(?: request)?"
    r" (?:parameters?|arguments?|fields?|options?|values?)(?: supplied)?:? [`'\"]?(?P<after>[a-z_]+)\b"
    r"|(?:parameter |field |option )?[`'\"]?(?P<before>[a-z_]+)[`'\"]? (?:is|are|was) "
    r"(?:not (?:supported|permitted|allowed|recognized|available|a valid)|un(?:supported|known|recognized))\b)",
    re.IGNORECASE,
)
_FORMAT_REFUSED = re.compile(
    r"\W*(?:(?:error|invalid|un(?:known|supported|recognized|expected)|extra|this|the|request|parameters?|arguments?|fields?"
    rf"|options?|values?|types?|for|of|model|does|not|support|supplied)\b\W*)*(?:{_FORMAT})",
    re.IGNORECASE,
)
_DROPPABLE = ("stream_options", "seed", "temperature")
_IN_WORDS = "Answer with one JSON object and nothing else. It must fit this JSON Schema:\n"


class Dialect:
    """One endpoint's options. It begins with all of them and gives up what is refused, for as long as it lives."""

    def __init__(self, *, limit: Limit = "max_tokens") -> None:
        self._format: Format = "json_schema"
        self._limit: Limit = limit
        self._limits_refused: set[Limit] = set()
        self._dropped: set[str] = set()

    def body(self, model: str, request: Question) -> dict[str, JsonValue]:
        """The request's body. Where the endpoint takes no schema, the schema is given in words instead."""
        messages: list[JsonValue] = [{"role": m.role, "content": m.text} for m in request.messages]
        body: dict[str, JsonValue] = {"model": model, "messages": messages, "stream": True}
        body[self._limit] = request.max_output_tokens
        optional: dict[str, JsonValue] = {"temperature": 0, "stream_options": {"include_usage": True}}
        if request.seed is not None:
            optional["seed"] = request.seed
        body |= {name: value for name, value in optional.items() if name not in self._dropped}
        if request.schema is not None:
            schema = dict(request.schema.schema)
            if self._format == "json_schema":
                described: JsonValue = {"name": request.schema.name, "strict": is_strict(schema), "schema": schema}
                body["response_format"] = {"type": "json_schema", "json_schema": described}
            else:
                messages.append({"role": "system", "content": _IN_WORDS + json.dumps(schema, indent=1)})
            if self._format == "json_object":
                body["response_format"] = {"type": "json_object"}
        return body

    def learn(self, said: str, parameter: str | None, sent: Mapping[str, JsonValue]) -> str | None:
        """Give up what the endpoint refused.

        Args:
            said: What it said.
            parameter: The option that it named as such, if it named one.
            sent: The body that it refused.

        Returns:
            The option that was given up, so that another body would be sent now; none if the refusal is about something
            else.
        """
        about_format = _FORMAT_NAMED.match(parameter) if parameter else _FORMAT_REFUSED.match(said)
        if "response_format" in sent and about_format:
            self._format = _LOWER[self._format]
            return "response_format"
        name = parameter or _named(said)
        if name in _DROPPABLE and name in sent:
            self._dropped.add(name)
            return name
        # What is wrong with its value ("max_tokens is too large: 9000") is no refusal of the word.
        if name == self._limit and name in sent and _named(said) == name:
            self._limits_refused.add(self._limit)
            self._limit = _OTHER[self._limit]
            return name if self._limit not in self._limits_refused else None
        return None


def _named(said: str) -> str | None:
    """The option that an endpoint says it does not take."""
    found = _REFUSED.match(said)
    return None if found is None else found["after"] or found["before"]


def is_strict(schema: JsonValue) -> bool:
    """Whether a schema is one that an endpoint can enforce: every object closed, every property required.

    Source: OpenAI's guide "Structured outputs", section "Supported schemas".
    """
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if "properties" in schema or schema.get("type") == "object":
        names = set(cast(dict[str, JsonValue], schema.get("properties", {})))
        if schema.get("additionalProperties") is not False or set(cast(list[str], schema.get("required", []))) != names:
            return False
    return all(map(is_strict, schema.values()))
